"""Alerts of Alertmanager: keep what was told last, and have the page say what operators' rules make of it.

What follows from all alerts that fire is worked out anew each time, so that repeats, alerts told out
of order and rules that change lead to the same page. Our own clock decides what is late (E4).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from components import claims, status
from components.claims import Claim
from components.models import Component, StatusClaim
from components.status import Source, Status
from monitoring import alert_drafts, alert_rules
from monitoring.alert_rules import Meaning, NoMeaning, Rule
from monitoring.models import AlertEffect, AlertRule, OutsideAlert, Pulse

REFERENCE = "alertmanager"
KEPT_AT_MOST = 2000
# How long a resolved alert is remembered: a message of its firing that comes late finds it over.
_RESOLVED_KEPT = timedelta(hours=24)
# Alertmanager tries again for minutes; a firing that comes later than that is a new one.
_LATE = timedelta(minutes=5)
_LONGEST = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One alert as it was told; times are aware, `ends_at` None where none was said."""

    fingerprint: str
    labels: Mapping[str, str]
    summary: str
    is_firing: bool
    starts_at: datetime
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmapped:
    """An alert that changes nothing on the page, and why."""

    fingerprint: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """An alert that fires now, with what it means (None: nothing, for the reason)."""

    alert: OutsideAlert
    meaning: Meaning | None
    reason: str = ""


class NoRoom(Exception):
    """An alert that fires could not be kept; whoever told it should tell it again later."""


def receive(*, told: Sequence[Told], now: datetime) -> list[Unmapped]:
    """Take in a message; returns the alerts of it that mean nothing for the page.

    Raises NoRoom when one of them fires and cannot be kept. What could be kept counts all the same.
    """
    with transaction.atomic():
        _take_turns(now)
        full = _keep(told, now)
        found = {one.alert.fingerprint: one for one in _follow(now)}
    if any(one.is_firing for one in full):
        raise NoRoom(f"{KEPT_AT_MOST} alerts that fire are kept already.")
    unmapped = [
        Unmapped(fingerprint=one.fingerprint, name=_name(one), reason="too many alerts are kept")
        for one in full
    ]
    for one in told:
        firing = found.get(one.fingerprint)
        if firing is not None and firing.meaning is None:
            unmapped.append(
                Unmapped(fingerprint=one.fingerprint, name=_name(one), reason=firing.reason)
            )
    return unmapped


def expire(*, now: datetime) -> int:
    """Forget alerts that were not told again in time, and those long resolved; how many."""
    if not OutsideAlert.objects.filter(expires_at__lte=now).exists():
        return 0
    with transaction.atomic():
        _take_turns(now)
        count, _each = OutsideAlert.objects.filter(expires_at__lte=now).delete()
        _follow(now)
    return count


def follow_rules(*, now: datetime) -> None:
    """Work out anew what the alerts that fire mean: a rule changed, or a service."""
    with transaction.atomic():
        _take_turns(now)
        _follow(now)


def firing(*, now: datetime) -> list[Firing]:
    """The alerts that fire now, the latest first, with what each means."""
    rules, slugs = _rules(), set(Component.objects.values_list("slug", flat=True))
    rows = OutsideAlert.objects.filter(is_firing=True, expires_at__gt=now)
    return [_judged(row, rules, slugs) for row in rows.order_by("-starts_at", "-pk")]


def _take_turns(now: datetime) -> None:
    """Of two messages at once the second sees what the first one stored."""
    Pulse.objects.get_or_create(name=REFERENCE, defaults={"at": now})
    Pulse.objects.select_for_update().get(name=REFERENCE)


def _keep(told: Sequence[Told], now: datetime) -> list[Told]:
    """Store what is news; returns the alerts there was no room for.

    What is over gives way to what is new, and of what is new what fires comes first.
    """
    named = {one.fingerprint for one in told}
    known = OutsideAlert.objects.in_bulk(named, field_name="fingerprint")
    room = _room(len(named) - len(known), named)
    full = []
    for one in sorted(told, key=lambda one: not one.is_firing):
        row = known.get(one.fingerprint)
        if row is None and room <= 0:
            full.append(one)
            continue
        if row is not None and not _is_news(row, one, now):
            continue
        room -= row is None
        known[one.fingerprint] = _stored(row, one, now)
    return full


def _room(wanted: int, named: set[str]) -> int:
    """How many alerts more can be kept, once the oldest that are over made way for as many as wanted."""
    room = KEPT_AT_MOST - OutsideAlert.objects.count()
    if room >= wanted:
        return room
    over = OutsideAlert.objects.filter(is_firing=False).exclude(fingerprint__in=named)
    oldest = list(over.order_by("received_at", "pk").values_list("pk", flat=True)[: wanted - room])
    OutsideAlert.objects.filter(pk__in=oldest).delete()
    return room + len(oldest)


def _is_news(row: OutsideAlert, one: Told, now: datetime) -> bool:
    if one.starts_at != row.starts_at:
        return one.starts_at > row.starts_at
    # The same firing: once it is over, a message of it that comes late changes nothing.
    return row.is_firing or not one.is_firing or now - row.received_at > _LATE


def _stored(row: OutsideAlert | None, one: Told, now: datetime) -> OutsideAlert:
    starts_at = min(one.starts_at, now + _LATE)
    drafted_at = row.drafted_at if row is not None and row.is_firing else None
    stored, _is_new = OutsideAlert.objects.update_or_create(
        fingerprint=one.fingerprint,
        defaults={
            "labels": dict(one.labels),
            "summary": one.summary,
            "is_firing": one.is_firing,
            "starts_at": starts_at,
            "received_at": now,
            "expires_at": _expires_at(one, now),
            "drafted_at": drafted_at,
        },
    )
    return stored


def _expires_at(one: Told, now: datetime) -> datetime:
    if not one.is_firing:
        return now + _RESOLVED_KEPT
    if one.ends_at is not None and one.ends_at > now:
        return min(one.ends_at, now + _LONGEST)
    return now + timedelta(hours=settings.ALERTS_KEPT_H)


def _rules() -> list[Rule]:
    rows = AlertRule.objects.select_related("component").order_by("position", "pk")
    return [
        Rule(
            labels=row.labels,
            component=row.component.slug if row.component else None,
            status=Status(row.status) if row.status else None,
            drafts=row.effect == AlertEffect.DRAFT,
        )
        for row in rows
    ]


def _judged(row: OutsideAlert, rules: Sequence[Rule], slugs: set[str]) -> Firing:
    try:
        found = alert_rules.meaning(row.labels, rules)
    except NoMeaning as reason:
        return Firing(alert=row, meaning=None, reason=str(reason))
    if found.component not in slugs:
        return Firing(alert=row, meaning=None, reason=f"there is no service {found.component}")
    return Firing(alert=row, meaning=found)


def _follow(now: datetime) -> list[Firing]:
    """Claim and draft what the alerts that fire mean; returns them."""
    found = firing(now=now)
    said: dict[str, list[Status]] = {}
    drafted: dict[str, list[Firing]] = {}
    for one in found:
        if one.meaning is None:
            continue
        if one.meaning.drafts:
            drafted.setdefault(one.meaning.component, []).append(one)
        else:
            said.setdefault(one.meaning.component, []).append(one.meaning.status)
    _claim(said, now)
    alert_drafts.follow(
        alerts={
            slug: [(one.alert, one.meaning.status) for one in alerts if one.meaning]
            for slug, alerts in drafted.items()
        },
        now=now,
    )
    return found


def _claim(said: Mapping[str, Sequence[Status]], now: datetime) -> None:
    """Have each component say the worst of its alerts, and take back what none says any more."""
    rows = Component.objects.filter(slug__in=said)
    wanted = {row.pk: status.worst(said[row.slug]) for row in rows}
    held = StatusClaim.objects.filter(source=Source.ALERT, reference=REFERENCE)
    had = {claim.component_id: Status(claim.status) for claim in held}
    changed = {pk for pk in wanted.keys() | had.keys() if wanted.get(pk) != had.get(pk)}
    claims.set_claims(
        source=Source.ALERT,
        reference=REFERENCE,
        claims=[
            Claim(component_id=pk, status=wanted.get(pk), at=now, note="Alertmanager")
            for pk in sorted(changed)
        ],
        now=now,
    )


def _name(one: Told) -> str:
    return one.labels.get("alertname", "")
