"""Import a list of subscribers: look at every line first, then take all that are good, or none.

What a line comes to is decided for the whole list with a few statements (`look`), shown to the
operator, and decided again in the transaction that writes: when it differs, nothing is written.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog import access
from catalog.access import Listed
from common import auditing
from components import catalogue, pages
from components.models import Component, Page
from components.models.pages import MAIN_ID
from subscribers import adding, addressing, leavers, subscribing, suppressing
from subscribers.addressing import Addressed, AddressInvalid, Reader
from subscribers.csv_rules import Line
from subscribers.models import Origin, Reason, State, Subscriber, Subscription

_CHUNK = 500
_NOTE_MAX = 300
_LANGUAGE_MAX = 16
# The page, the channel, and the mailbox or number behind an address.
_Key = tuple[int, str, str]


class Verdict(models.TextChoices):
    """What becomes of a line."""

    READY = "ready", gettext_lazy("Is added")
    WAITS = "waits", gettext_lazy("Waits for a code")
    INVALID = "invalid", gettext_lazy("Not an address")
    NO_CHANNEL = "no_channel", gettext_lazy("Channel cannot be imported")
    NO_COMPONENT = "no_component", gettext_lazy("Unknown component")
    NO_PAGE = "no_page", gettext_lazy("Unknown page")
    NOT_LET_IN = "not_let_in", gettext_lazy("May not see the page")
    NOT_ACTIVE = "not_active", gettext_lazy("Not active in the file")
    TWICE = "twice", gettext_lazy("Twice in the file")
    KNOWN = "known", gettext_lazy("Subscribed already")
    LEFT = "left", gettext_lazy("Has unsubscribed")
    SUPPRESSED = "suppressed", gettext_lazy("Suppressed")


_ADDED = {Verdict.READY, Verdict.WAITS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One line and what becomes of it; `detail` says why it is left out, for a person."""

    line: Line
    verdict: Verdict
    detail: str = ""
    addressed: Addressed | None = None
    component_ids: frozenset[int] = frozenset()
    page_id: int = MAIN_ID


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The whole list, line by line in its order."""

    lines: tuple[Checked, ...]
    counts: Mapping[Verdict, int] = field(default_factory=dict)

    @property
    def ready(self) -> list[Checked]:
        return [one for one in self.lines if one.verdict in _ADDED]

    @property
    def waiting(self) -> int:
        """How many phones are added that wait until their owners typed a code (N8)."""
        return self.counts.get(Verdict.WAITS, 0)

    @property
    def skipped(self) -> list[Checked]:
        return [one for one in self.lines if one.verdict not in _ADDED]

    @property
    def stamp(self) -> str:
        """A name for exactly this set of people and choices: who agreed to it agreed to no other."""
        said = [
            [
                one.page_id,
                one.line.channel,
                one.addressed.canonical if one.addressed else "",
                sorted(one.component_ids),
                one.line.wants_all,
                one.line.wants_postmortems,
            ]
            for one in self.ready
        ]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Taken:
    """How many were added: `told` from now on, and `waiting` until their owners typed a code."""

    told: int
    waiting: int


class Changed(Exception):
    """Other people would be added now than those that were shown; nothing was written."""


def look(*, lines: Iterable[Line]) -> Report:
    """What becomes of each line; writes nothing. A few statements for each 500 lines."""
    chosen = list(lines)
    places, readers = _places(chosen), addressing.readers()
    checked = [_readable(line, places, readers) for line in chosen]
    known = _Known([one.addressed for one in checked if one.addressed], checked)
    seen: dict[_Key, int] = {}
    settled = []
    for one in checked:
        found = known.settle(one, seen)
        settled.append(found)
    counts = {
        verdict: count
        for verdict in Verdict
        if (count := sum(one.verdict is verdict for one in settled))
    }
    return Report(lines=tuple(settled), counts=counts)


def take(*, lines: Iterable[Line], stamp: str, consent: str, now: datetime) -> Taken:
    """Add everybody whose line is good, all or nobody. They get mail from now on.

    Phones wait for a code, and none is sent here: an operator sends it to each (`adding.ask_again`).
    `stamp` is that of the report which the operator saw. `consent` says where their consent comes
    from, for the lines that do not say it themselves; it is kept with each of them. This is the bulk
    form of `subscribing.add_confirmed`, and leaves one entry in the audit log for the whole list.

    Raises:
        Changed: the report would be another one by now.
    """
    with transaction.atomic():
        report = look(lines=lines)
        if report.stamp != stamp or not report.ready:
            raise Changed
        try:
            with transaction.atomic():
                _write(report.ready, consent=consent, now=now)
        except IntegrityError:  # somebody subscribed between the look and the writing
            raise Changed from None
        auditing.record(
            subject=catalogue.page(),
            before={},
            after={"imported_subscribers": f"{len(report.ready)} ({consent})"},
            now=now,
        )
    return Taken(told=len(report.ready) - report.waiting, waiting=report.waiting)


def _write(ready: Collection[Checked], *, consent: str, now: datetime) -> None:
    made = [
        (Subscriber(**_columns(one, one.addressed, consent=consent, now=now)), one)
        for one in ready
        if one.addressed is not None
    ]
    Subscriber.objects.bulk_create([row for row, _one in made], batch_size=_CHUNK)
    Subscription.objects.bulk_create(
        [
            Subscription(subscriber=row, component_id=pk)
            for row, one in made
            for pk in sorted(one.component_ids)
        ],
        batch_size=_CHUNK,
    )


def _columns(
    one: Checked, addressed: Addressed, *, consent: str, now: datetime
) -> dict[str, object]:
    return {
        "page_id": one.page_id,
        "channel": one.line.channel,
        "address": addressed.address,
        "canonical": addressed.canonical,
        "state": subscribing.state_by_word(one.line.channel),
        "wants_all": one.line.wants_all,
        "wants_postmortems": one.line.wants_postmortems,
        "language": one.line.language[:_LANGUAGE_MAX],
        "origin": Origin.IMPORT,
        "consent_note": (one.line.consent or consent)[:_NOTE_MAX],
        "created_at": now,
    }


@dataclass(frozen=True, slots=True)
class _Place:
    """A page that the list names, and the ids of its components by short name and by name.

    `admitted` are the lists of a customer page. One name may be two components'.
    """

    page: Page
    components: Mapping[str, set[int]]
    admitted: Listed


def _places(lines: Iterable[Line]) -> dict[str, _Place]:
    """The live pages that the lines name, by short name; the main one also without. Five statements."""
    named = {line.page for line in lines if line.page}
    main = catalogue.page()
    rows = [row for row in Page.objects.live() if row.pk == main.pk or row.slug in named]
    shown = pages.shown_by(rows)
    visible = list(Component.objects.visible().values_list("id", "name", "slug"))
    lists = access.listed_by([row.pk for row in rows if row.is_customer])
    found = {}
    for row in rows:
        components: dict[str, set[int]] = {}
        for pk, name, slug in visible:
            if pk in shown[row.pk]:
                for word in {name.casefold(), slug.casefold()}:
                    components.setdefault(word, set()).add(pk)
        found[row.slug] = _Place(row, components, lists.get(row.pk, access.NOBODY))
        if row.pk == main.pk:
            found[""] = found[row.slug]
    return found


def _readable(line: Line, places: Mapping[str, _Place], readers: Mapping[str, Reader]) -> Checked:
    """The line on its own, without asking who is subscribed; for now READY, or WAITS for a phone."""
    try:
        place, addressed = _addressed(line, places, readers)
    except _LeftOut as error:
        return Checked(line=line, verdict=error.verdict, detail=error.detail)
    components = place.components
    unknown = [name for name in line.components if name.casefold() not in components]
    if unknown or (not line.wants_all and not line.components):
        return Checked(line=line, verdict=Verdict.NO_COMPONENT, detail=", ".join(unknown))
    ids = frozenset(pk for name in line.components for pk in components[name.casefold()])
    waits = subscribing.state_by_word(line.channel) == State.WAITING
    return Checked(
        line=line,
        verdict=Verdict.WAITS if waits else Verdict.READY,
        addressed=addressed,
        component_ids=ids,
        page_id=place.page.pk,
    )


class _LeftOut(Exception):
    """The line names nobody who could subscribe."""

    def __init__(self, verdict: Verdict, detail: str = "") -> None:
        super().__init__(detail)
        self.verdict, self.detail = verdict, detail


def _addressed(
    line: Line, places: Mapping[str, _Place], readers: Mapping[str, Reader]
) -> tuple[_Place, Addressed]:
    """The page and the address that a line names. Raises _LeftOut."""
    if line.state not in {"", State.ACTIVE}:
        raise _LeftOut(Verdict.NOT_ACTIVE, line.state)
    if line.channel not in readers:
        raise _LeftOut(Verdict.NO_CHANNEL if line.channel else Verdict.INVALID, line.channel)
    place = places.get(line.page)
    if place is None:
        raise _LeftOut(Verdict.NO_PAGE, line.page)
    try:
        found = readers[line.channel](line.address)
        return place, adding.admitted(place.page, line.channel, found, place.admitted)
    except AddressInvalid as error:
        raise _LeftOut(Verdict.INVALID, str(error)) from None
    except adding.NotLetIn as error:
        raise _LeftOut(Verdict.NOT_LET_IN, str(error)) from None


class _Known:
    """Who is subscribed, has left or is suppressed, of all addresses of a list."""

    def __init__(self, addressed: Iterable[Addressed], checked: Iterable[Checked]) -> None:
        canonicals = sorted({one.canonical for one in addressed})
        self._states: dict[_Key, tuple[str, str]] = {}
        for start in range(0, len(canonicals), _CHUNK):
            rows = Subscriber.objects.filter(
                canonical__in=canonicals[start : start + _CHUNK], follows=""
            ).order_by("id")
            for page_id, channel, name, state, why in rows.values_list(
                "page_id", "channel", "canonical", "state", "ended_reason"
            ):
                key = page_id, channel, name
                if self._states.get(key, (State.ENDED,))[0] == State.ENDED:
                    self._states[key] = (state, why)
        self._left = leavers.among(
            {
                (one.page_id, one.line.channel, one.addressed.canonical)
                for one in checked
                if one.addressed
            }
        )
        self._reasons = suppressing.reasons(
            addresses=[
                (one.line.channel, one.addressed.canonical) for one in checked if one.addressed
            ]
        )

    def settle(self, one: Checked, seen: dict[_Key, int]) -> Checked:
        """What becomes of a readable line; `seen` holds the addresses of the lines before it."""
        if one.addressed is None:
            return one
        key = (one.page_id, one.line.channel, one.addressed.canonical)
        first = seen.setdefault(key, one.line.number)
        verdict, detail = self._verdict(key)
        if first != one.line.number:
            verdict, detail = Verdict.TWICE, _("as in line %(number)s") % {"number": first}
        if verdict is Verdict.READY:
            return one
        return Checked(line=one.line, verdict=verdict, detail=detail, addressed=one.addressed)

    def _verdict(self, key: _Key) -> tuple[Verdict, str]:
        if key[1:] in self._reasons:
            return Verdict.SUPPRESSED, str(Reason(self._reasons[key[1:]]).label)
        state, why = self._states.get(key, ("", ""))
        if not state and key in self._left:
            return Verdict.LEFT, ""
        if state == State.ENDED:
            return (Verdict.LEFT, "") if why == subscribing.LEFT else (Verdict.READY, "")
        return (Verdict.KNOWN, str(State(state).label)) if state else (Verdict.READY, "")
