"""The form that takes a host name."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.console import ConsoleForm
from components.models import Page


class NameForm(ConsoleForm):
    """A page and a name for it."""

    page = forms.ModelChoiceField(
        label=_("Page"), queryset=Page.objects.none(), empty_label=None, to_field_name="id"
    )
    name = forms.CharField(
        label=_("Host name"),
        max_length=300,
        help_text=_("A name of your own, like status.example.com. Its domain must be yours."),
        widget=forms.TextInput(
            attrs={"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["page"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - for the type checker
        field.queryset = Page.objects.live().order_by("name", "id")
