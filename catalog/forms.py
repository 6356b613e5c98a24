"""Forms of the console's screens of the catalog; an entry's form has a control for each attribute."""

from collections.abc import Collection
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog import lookup, reading, values
from catalog.generating import FITTING, Choice
from catalog.models import NAME, NAME_MAX, Attribute, CatalogType, Entry, PageSource
from catalog.values import Kind
from common.console import ConsoleForm
from common.csv_text import MAX_BYTES, MAX_LINES
from components.models import Component, PageKind

_HINTS = {
    Kind.DOMAINS: gettext_lazy(
        "One a line, like acme.com: everybody with a mailbox there may sign in. *.acme.com means all "
        "domains below acme.com, without acme.com itself. A single address lets in one person."
    ),
    Kind.TEXTS: gettext_lazy("One a line."),
    Kind.NUMBERS: gettext_lazy("One a line."),
}
PAGE_KINDS = [
    (PageKind.CUSTOMER.value, gettext_lazy("Customer pages: behind a sign-in link by e-mail")),
    (PageKind.SUB.value, gettext_lazy("Sub-pages: public")),
]
NEW = "new"


class TypeForm(ConsoleForm):
    """The name of a type."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=NAME_MAX,
        help_text=gettext_lazy("What one entry is, such as Customer or Region."),
    )


class AttributeForm(ConsoleForm):
    """A new attribute; kind and target stay as they are chosen here."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=NAME_MAX)
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        help_text=gettext_lazy("Cannot be changed later."),
    )
    target = forms.ModelChoiceField(
        label=gettext_lazy("Refers to"),
        queryset=CatalogType.objects.none(),
        required=False,
        empty_label=gettext_lazy("Only for entries of a type"),
    )
    is_required = forms.BooleanField(
        label=gettext_lazy("Required"),
        required=False,
        help_text=gettext_lazy("Asked for when an entry is saved; entries without it stay."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [(one.value, _(one.label)) for one in Kind]
        self.fields["kind"].choices = kinds  # type: ignore[attr-defined]  # of a choice field
        targets = CatalogType.objects.present().order_by("name")
        self.fields["target"].queryset = targets  # type: ignore[attr-defined]


class AttributeChangeForm(ConsoleForm):
    """What may be changed of an attribute."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=NAME_MAX,
        help_text=gettext_lazy("A new name keeps what entries have."),
    )
    is_required = AttributeForm.base_fields["is_required"]


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


class StartForm(ConsoleForm):
    """The first step of creating pages: which kind, from which type."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Which pages?"), choices=PAGE_KINDS, widget=forms.RadioSelect
    )
    type = forms.ChoiceField(label=gettext_lazy("One for every …"), widget=forms.RadioSelect)
    name = forms.CharField(
        label=gettext_lazy("Name of the new type"),
        max_length=NAME_MAX,
        required=False,
        help_text=gettext_lazy(
            "What one entry is, such as Customer. It gets the attributes Components and Domains."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = CatalogType.objects.present().order_by("name")
        self.fields["type"].choices = [  # type: ignore[attr-defined]
            *((str(row.pk), row.name) for row in found),
            (NEW, _("a new type")),
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("type") == NEW and not cleaned.get("name", "").strip():
            self.add_error("name", _("Name the new type."))
        return cleaned


class ChoiceForm(ConsoleForm):
    """The second step: which attribute says what of the pages."""

    def __init__(self, *args: Any, type: CatalogType, kind: PageKind, **kwargs: Any) -> None:  # noqa: A002
        self.kind = kind
        attributes = list(type.attributes.all())
        kwargs.setdefault("initial", _guess(attributes, kind))
        super().__init__(*args, **kwargs)
        for name, words in reading.use_words().items():
            if name == "domains" and kind != PageKind.CUSTOMER:
                continue
            ids = [one.pk for one in attributes if Kind(one.kind) in FITTING[name]]
            self.fields[name] = forms.ModelChoiceField(
                label=words,
                queryset=Attribute.objects.filter(pk__in=ids),
                required=name == "domains",
                empty_label=_EMPTY[name],
            )

    @property
    def choice(self) -> Choice:
        """What was chosen, once the form is valid."""
        return Choice(kind=self.kind, **self.cleaned_data)

    @staticmethod
    def initial_of(source: PageSource) -> dict[str, Any]:
        """The values that show pages as they are made now."""
        return {name: getattr(source, f"{name}_id") for name in FITTING}


class FileForm(ConsoleForm):
    """A list of entries to look at."""

    file = forms.FileField(label=gettext_lazy("CSV file"), allow_empty_file=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].widget.attrs["accept"] = ".csv,.txt,text/csv"
        self.fields["file"].help_text = _("Up to %(lines)s lines and %(kb)s KB.") % {
            "lines": f"{MAX_LINES:,}",
            "kb": MAX_BYTES // 1000,
        }


_EMPTY = {
    "title": gettext_lazy("the entry's name"),
    "components": gettext_lazy("nothing"),
    "domains": gettext_lazy("Choose one"),
    "time_zone": gettext_lazy("each page's own"),
}


def _guess(attributes: Collection[Attribute], kind: PageKind) -> dict[str, int]:
    """What was probably meant: the first attribute of components, and of domains."""
    wanted = {"components": Kind.COMPONENTS}
    if kind == PageKind.CUSTOMER:
        wanted["domains"] = Kind.DOMAINS
    found = {
        name: [one.pk for one in attributes if one.kind == wanted_kind]
        for name, wanted_kind in wanted.items()
    }
    return {name: ids[0] for name, ids in found.items() if ids}


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
