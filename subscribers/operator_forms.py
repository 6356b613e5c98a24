"""Forms of the console's screens of subscribers: add, choose, erase, suppress, import."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.console import ConsoleForm
from components import catalogue, pages
from components.models import Component, Page
from subscribers import addressing, forecast
from subscribers.csv_rules import MAX_BYTES, MAX_LINES
from subscribers.models import Subscriber
from subscribers.subscribing import Choice

ALL, SOME = "all", "some"
_NOTE_MAX = 200


def channel_choices(channels: Iterable[str]) -> list[tuple[str, str]]:
    """Channels with their names for people."""
    return [(name, forecast.title_of(name)) for name in channels]


class ChoiceForm(ConsoleForm):
    """What somebody hears of; only what visitors see can be chosen."""

    hears = forms.ChoiceField(
        label=gettext_lazy("Hears of"),
        choices=[
            (ALL, gettext_lazy("Everything, also components that are added later")),
            (SOME, gettext_lazy("Only the components below")),
        ],
        widget=forms.RadioSelect,
        initial=ALL,
    )
    components = forms.MultipleChoiceField(
        label=gettext_lazy("Components"), required=False, widget=forms.CheckboxSelectMultiple
    )
    wants_postmortems = forms.BooleanField(
        label=gettext_lazy("Postmortems too"),
        required=False,
        help_text=gettext_lazy("Nobody else is told when one is published."),
    )

    def __init__(self, *args: Any, page: Page | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        visible = Component.objects.visible().select_related("group").in_page_order()
        shown = None if page is None else pages.shown_ids(page)
        rows = [row for row in visible if shown is None or row.pk in shown]
        self.fields["components"].choices = [  # type: ignore[attr-defined]  # of a choice field
            (str(row.pk), f"{row.group.name}: {row.name}" if row.group else row.name)
            for row in rows
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("hears") == SOME and not cleaned.get("components"):
            self.add_error("components", _("Tick at least one, or choose everything."))
        return cleaned

    def choice(self) -> Choice:
        """What was chosen, once the form is valid."""
        hears_all = self.cleaned_data["hears"] == ALL
        ids = [] if hears_all else self.cleaned_data["components"]
        return Choice(
            wants_all=hears_all,
            component_ids=frozenset(int(one) for one in ids),
            wants_postmortems=self.cleaned_data["wants_postmortems"],
        )

    @staticmethod
    def initial_of(subscriber: Subscriber) -> dict[str, Any]:
        """The values that show a subscriber as it is."""
        chosen = subscriber.chosen.values_list("component_id", flat=True)
        return {
            "hears": ALL if subscriber.wants_all else SOME,
            "components": [str(pk) for pk in chosen],
            "wants_postmortems": subscriber.wants_postmortems,
        }


class AddForm(ChoiceForm):
    """One subscriber by hand, of the main page unless there are others."""

    ASK, AGREED = "ask", "agreed"

    page_id = forms.ChoiceField(
        label=gettext_lazy("Page"),
        help_text=gettext_lazy(
            "They hear of what this page shows. On a customer page: mailboxes that may see it."
        ),
    )
    channel = forms.ChoiceField(label=gettext_lazy("Channel"))
    address = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=320,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )
    consent = forms.ChoiceField(
        label=gettext_lazy("Consent"),
        choices=[
            (ASK, gettext_lazy("Ask first: they get a confirmation, and nothing else until then")),
            (AGREED, gettext_lazy("They have agreed already: told from now on")),
        ],
        widget=forms.RadioSelect,
        initial=ASK,
    )
    note = forms.CharField(
        label=gettext_lazy("Where the consent comes from"),
        required=False,
        max_length=_NOTE_MAX,
        help_text=gettext_lazy(
            "Needed when they have agreed already, like “order form of 3 May”. It is kept, and stands"
            " in every export."
        ),
    )
    field_order = (
        "page_id",
        "channel",
        "address",
        "consent",
        "note",
        "hears",
        "components",
        "wants_postmortems",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._pages = {str(row.pk): row for row in _live_pages()}
        if len(self._pages) > 1:
            choices = [(pk, row.name) for pk, row in self._pages.items()]
            self.fields["page_id"].choices = choices  # type: ignore[attr-defined]  # of a choice field
        else:
            del self.fields["page_id"]
        channels = addressing.readers()
        self.fields["channel"].choices = channel_choices(channels)  # type: ignore[attr-defined]  # of a choice field
        if "sms" in channels:
            self.fields["consent"].help_text = _(
                "A phone is sent a code in either case, with the address of the page where it is typed,"
                " and is told nothing until then. The code works for 15 minutes."
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("consent") == self.AGREED and not cleaned.get("note"):
            self.add_error("note", _("Say where they agreed."))
        return cleaned

    @property
    def page(self) -> Page:
        """The page that they subscribe on; of a valid form."""
        chosen = self._pages.get(self.cleaned_data.get("page_id", ""))
        return chosen or catalogue.page()

    @property
    def has_agreed(self) -> bool:
        return bool(self.cleaned_data["consent"] == self.AGREED)


def _live_pages() -> list[Page]:
    """Every page that somebody can subscribe on, the main one first."""
    return sorted(
        Page.objects.live(), key=lambda row: (not row.is_main, row.name.casefold(), row.pk)
    )


class EraseForm(ConsoleForm):
    """Asks for the address, or the word ERASE, before a person is gone for good."""

    typed = forms.CharField(
        label=gettext_lazy("Type the address, or ERASE"),
        max_length=320,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )

    def __init__(self, *args: Any, address: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._accepted = {"ERASE", address}

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"].strip()
        if typed not in self._accepted:
            raise ValidationError(_("This is neither the address nor the word ERASE."))
        return typed


class SuppressForm(ConsoleForm):
    """An address that is to be written to no more."""

    channel = forms.ChoiceField(label=gettext_lazy("Channel"))
    address = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=320,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )
    note = forms.CharField(
        label=gettext_lazy("Why"),
        max_length=_NOTE_MAX,
        help_text=gettext_lazy("For your colleagues; the person is not told."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["channel"].choices = channel_choices(addressing.TYPED)  # type: ignore[attr-defined]  # of a choice field


class LiftForm(ConsoleForm):
    """The reason for writing to a suppressed address again."""

    why = forms.CharField(
        label=gettext_lazy("Why it is lifted"),
        max_length=_NOTE_MAX,
        help_text=gettext_lazy("Stays in the audit log, with your name."),
    )


class ImportForm(ConsoleForm):
    """A file, and where the consent of the people in it comes from."""

    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv"}),
    )
    consent = forms.CharField(
        label=gettext_lazy("Where their consent comes from"),
        max_length=_NOTE_MAX,
        help_text=gettext_lazy(
            "Like “sign-up form of our old status page, until March 2026”. It is kept with everybody"
            " whose line names no consent of its own."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].help_text = _(
            "At most %(lines)s lines and %(kb)s KB; comma, semicolon or tab between the columns."
        ) % {"lines": f"{MAX_LINES:,}", "kb": MAX_BYTES // 1000}
