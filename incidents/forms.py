"""The form of an announcement."""

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common import console
from components.models import Page
from incidents.models import Announcement


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
    pages = forms.ModelMultipleChoiceField(
        label=_("Only on"),
        queryset=Page.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Nothing chosen: on every page, also on those that come later."),
        error_messages={"invalid_choice": _("One of the pages is gone. Choose again.")},
    )

    def __init__(self, *args: Any, row: Announcement | None = None, **kwargs: Any) -> None:
        """`row` is the one that is edited: its retired pages stay chosen."""
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        kept = [] if row is None else list(row.pages.values_list("pk", flat=True))
        offered = Page.objects.filter(Q(retired_at__isnull=True) | Q(pk__in=kept))
        if offered.filter(shows_all=False).exists():
            fields["pages"].queryset = offered.order_by("-shows_all", "-kind", "name", "id")
        else:  # there is one page
            del self.fields["pages"]

    @property
    def picked_pages(self) -> list[Page]:
        """The pages that are chosen so far; none is every page."""
        if "pages" not in self.fields:
            return []
        found: Any = self["pages"].value() or []
        numbers = [int(one) for one in map(str, found) if one.isascii() and one.isdigit()]
        return [row for row in self.fields["pages"].queryset if row.pk in numbers]  # type: ignore[attr-defined]  # of a field for rows
