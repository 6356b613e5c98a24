"""The form of an announcement."""

from django import forms
from django.utils.translation import gettext_lazy as _

from common import console


class AnnouncementForm(console.ConsoleForm):
    title = forms.CharField(label=_("Title"), max_length=200)
    text = forms.CharField(
        label=_("Text"),
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("Markdown: **bold**, *italic*, [a link](https://example.com), lists."),
    )
    starts_at = forms.DateTimeField(
        label=_("From (UTC)"),
        required=False,
        widget=console.LocalDateTime,
        help_text=_("Empty: at once."),
    )
    ends_at = forms.DateTimeField(
        label=_("Until (UTC)"),
        required=False,
        widget=console.LocalDateTime,
        help_text=_("Empty: until it is retracted."),
    )
