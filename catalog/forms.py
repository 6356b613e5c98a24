"""Forms of the console's screens of types, attributes, pages and files; entries have their own."""

from collections.abc import Collection
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog import reading
from catalog.generating import FITTING, Choice
from catalog.models import NAME_MAX, Attribute, CatalogType, PageSource
from catalog.values import Kind
from common.console import ConsoleForm
from common.csv_text import MAX_BYTES, MAX_LINES
from components.models import PageKind

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
