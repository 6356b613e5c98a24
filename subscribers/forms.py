"""What visitors fill in: an address, and what they want to hear of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from components import pages
from components.models import Component, Page
from notifications.addresses import AddressInvalid
from subscribers import canonical
from subscribers.canonical import Mailbox
from subscribers.followed import Event
from subscribers.models import Subscriber
from subscribers.subscribing import Choice

_MAX_PICKS = 2_000
_DIGITS_MAX = 18


@dataclass(frozen=True, slots=True)
class Pick:
    """A component that can be chosen."""

    id: int
    name: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Picks:
    """The components under one heading; no heading for those that belong to no group."""

    group_id: int | None
    name: str
    picks: tuple[Pick, ...]

    @property
    def is_chosen(self) -> bool:
        """Whether all of them are."""
        return all(pick.is_chosen for pick in self.picks)


def picks(page: Page, chosen: frozenset[int] = frozenset()) -> list[Picks]:
    """The components that visitors of a page see, in its order, with those marked."""
    shown = pages.shown_ids(page)
    groups: dict[int | None, tuple[str, list[Pick]]] = {}
    for row in Component.objects.visible().in_page_order().select_related("group"):
        if row.id not in shown:
            continue
        name = row.group.name if row.group else ""
        made = groups.setdefault(row.group_id, (name, []))[1]
        made.append(Pick(row.id, row.name, row.id in chosen))
    return [Picks(key, name, tuple(made)) for key, (name, made) in groups.items()]


class ChoiceForm(forms.Form):
    """Everything, some components, or one event; the boxes themselves are drawn by the template."""

    scope = forms.ChoiceField(
        choices=[("all", "all"), ("some", "some"), ("event", "event")], required=False
    )
    c = forms.MultipleChoiceField(required=False)
    g = forms.MultipleChoiceField(required=False)
    postmortems = forms.BooleanField(required=False)

    def __init__(self, *args: Any, page: Page, event: Event | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._page = page
        self._event = event
        self._groups = picks(page)
        components = [(str(pick.id), "") for group in self._groups for pick in group.picks]
        groups = [(str(group.group_id), "") for group in self._groups if group.group_id]
        _choices(self, "c", components)
        _choices(self, "g", groups)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        scope = cleaned["scope"] = cleaned.get("scope") or "all"
        if scope == "event" and self._event is None:
            self.add_error("scope", _("This event is over. Choose what else you want to hear of."))
        if scope == "some" and not self.errors and not self._chosen(cleaned):
            self.add_error("scope", _("Choose at least one component, or everything."))
        return cleaned

    @property
    def choice(self) -> Choice:
        """What was chosen; of a valid form."""
        scope = self.cleaned_data["scope"]
        wants_postmortems = self.cleaned_data["postmortems"]
        if scope == "event" and self._event is not None:
            return Choice(wants_all=False, follows=self._event.topic, event=self._event.title)
        if scope == "some":
            chosen = self._chosen(self.cleaned_data)
            return Choice(
                wants_all=False, component_ids=chosen, wants_postmortems=wants_postmortems
            )
        return Choice(wants_postmortems=wants_postmortems)

    @property
    def shown(self) -> dict[str, Any]:
        """What the template draws: as it was posted, or as a blank form begins."""
        posted = self.data if self.is_bound else {}
        ids = {int(text) for text in _many(posted, "c") if text.isdecimal()}
        groups = {int(text) for text in _many(posted, "g") if text.isdecimal()}
        ids |= {pick.id for each in self._groups if each.group_id in groups for pick in each.picks}
        scope = posted.get("scope") or ("event" if self._event else "all")
        return {
            "scope": scope,
            "groups": picks(self._page, frozenset(ids)),
            "postmortems": bool(posted.get("postmortems")),
        }

    def _chosen(self, cleaned: dict[str, Any]) -> frozenset[int]:
        groups = {int(text) for text in cleaned.get("g", [])}
        members = {
            pick.id for each in self._groups if each.group_id in groups for pick in each.picks
        }
        return frozenset(members | {int(text) for text in cleaned.get("c", [])})


def shown_of(subscriber: Subscriber) -> dict[str, Any]:
    """What the template draws of a subscription as it is."""
    ids = frozenset(subscriber.chosen.values_list("component_id", flat=True))
    return {
        "scope": "all" if subscriber.wants_all else "some",
        "groups": picks(subscriber.page, ids),
        "postmortems": subscriber.wants_postmortems,
    }


class EmailForm(forms.Form):
    """An e-mail address, as people type it."""

    email = forms.CharField(max_length=400, strip=True, required=False)

    def clean_email(self) -> Mailbox:
        try:
            return canonical.mailbox(self.cleaned_data["email"])
        except AddressInvalid:
            message = _("Enter a full address, like you@example.com.")
            raise forms.ValidationError(message) from None

    @property
    def mailbox(self) -> Mailbox:
        """The address; of a valid form."""
        found: Mailbox = self.cleaned_data["email"]
        return found


def _choices(form: forms.Form, name: str, choices: Sequence[tuple[str, str]]) -> None:
    field = form.fields[name]
    if isinstance(field, forms.MultipleChoiceField):
        field.choices = choices


def _many(posted: Any, name: str) -> list[str]:
    found = posted.getlist(name) if hasattr(posted, "getlist") else []
    # Longer ones are no numbers of ours; of 4,300 digits Python makes none at all.
    return [str(text) for text in found if len(text) <= _DIGITS_MAX][:_MAX_PICKS]
