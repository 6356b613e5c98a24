"""Forms of entries: one with a control for each attribute, and one that lets single addresses in."""

from collections.abc import Collection
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog import lookup, values
from catalog.models import NAME, NAME_MAX, Attribute, Entry
from catalog.values import Kind
from common.console import ConsoleForm
from components.models import Component

_HINTS = {
    Kind.DOMAINS: gettext_lazy(
        "One a line, like acme.com: everybody with a mailbox there may sign in. *.acme.com means all "
        "domains below acme.com, without acme.com itself. A single address lets in one person."
    ),
    Kind.TEXTS: gettext_lazy("One a line."),
    Kind.NUMBERS: gettext_lazy("One a line."),
}


class EntryForm(ConsoleForm):
    """An entry: its name, and a control for each attribute, called by the attribute's key."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=NAME_MAX)

    def __init__(
        self,
        *args: Any,
        attributes: Collection[Attribute],
        entry: Entry | None = None,
        **kwargs: Any,
    ) -> None:
        self.attributes = attributes
        if entry is not None:
            kwargs["initial"] = _initial(entry, attributes)
        super().__init__(*args, **kwargs)
        options = _options(attributes)
        for one in attributes:
            self.fields[one.key] = _control(one, options)

    @property
    def said(self) -> dict[str, list[str]]:
        """Every attribute's value in words, once the form is valid."""
        return {one.key: _words(one, self.cleaned_data[one.key]) for one in self.attributes}


class ExceptionForm(ConsoleForm):
    """Let single addresses in at a domain that no list may hold."""

    attribute = forms.ModelChoiceField(
        label=gettext_lazy("Attribute"), queryset=Attribute.objects.none(), empty_label=None
    )
    domain = forms.CharField(
        label=gettext_lazy("Domain"),
        max_length=253,
        help_text=gettext_lazy("The public provider, like gmail.com."),
    )
    addresses = forms.CharField(
        label=gettext_lazy("Addresses"),
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=gettext_lazy("The people who may sign in, one full address a line."),
    )
    typed = forms.CharField(
        label=gettext_lazy("Type the domain to confirm"),
        max_length=253,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )

    def __init__(self, *args: Any, attributes: Collection[Attribute], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = Attribute.objects.filter(pk__in=[one.pk for one in attributes])
        self.fields["attribute"].queryset = found  # type: ignore[attr-defined]
        if len(attributes) == 1:
            self.fields["attribute"].widget = forms.HiddenInput()
            self.fields["attribute"].initial = next(iter(attributes))


def _initial(entry: Entry, attributes: Collection[Attribute]) -> dict[str, Any]:
    names = lookup.names(attributes)
    found: dict[str, Any] = {NAME: entry.name}
    for one in attributes:
        said = values.words(one.rule, entry.values.get(one.key), names=names)
        is_chosen = one.rule.kind in {Kind.COMPONENTS, Kind.REFERENCES}
        found[one.key] = said if is_chosen else "\n".join(said)
    return found


def _options(attributes: Collection[Attribute]) -> dict[int | None, list[tuple[str, str]]]:
    """What can be chosen: components under None, and entries by the type referred to."""
    components = Component.objects.select_related("group").in_page_order()
    found: dict[int | None, list[tuple[str, str]]] = {
        None: [
            (row.slug, f"{row.group.name}: {row.name}" if row.group else row.name)
            for row in components
        ]
    }
    for target in {one.target_id for one in attributes if one.target_id}:
        rows = Entry.objects.present().filter(type=target).order_by("name")
        found[target] = list(rows.values_list("key", "name"))
    return found


def _control(one: Attribute, options: dict[int | None, list[tuple[str, str]]]) -> forms.Field:
    kind = one.rule.kind
    # A value that is missing is told by the rule, in the same words as everywhere.
    said: dict[str, Any] = {
        "label": one.name,
        "required": False,
        "help_text": _HINTS.get(kind, ""),
    }
    if kind in {Kind.COMPONENTS, Kind.REFERENCES}:
        return forms.MultipleChoiceField(
            choices=options[one.target_id], widget=forms.CheckboxSelectMultiple, **said
        )
    if kind is Kind.REFERENCE:
        return forms.ChoiceField(choices=[("", "—"), *options[one.target_id]], **said)
    if kind is Kind.YES_NO:
        choices = [("", "—"), ("yes", _("Yes")), ("no", _("No"))]
        return forms.ChoiceField(choices=choices, **said)
    if kind.is_list:
        attrs = {"rows": 4, "spellcheck": "false", "autocapitalize": "none"}
        return forms.CharField(widget=forms.Textarea(attrs=attrs), **said)
    if kind is Kind.NUMBER:
        return forms.CharField(widget=forms.TextInput(attrs={"inputmode": "decimal"}), **said)
    return forms.CharField(max_length=values.TEXT_MAX, **said)


def _words(one: Attribute, given: Any) -> list[str]:
    if isinstance(given, list):
        return given
    return given.splitlines() if one.rule.kind.is_list else [given]
