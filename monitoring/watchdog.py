"""The truth watchdog: finds where the page and reality disagree, for operators only.

Called by beat. Each finding is a row while it is true: told once, acknowledged by whoever takes
care, cleared when it is so no longer. Thresholds are those of TruthSettings.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from common import auditing
from components.models import Component, StatusClaim
from components.status import Source, Status
from incidents.lifecycle import State
from incidents.models import AffectedComponent, Incident, Maintenance
from monitoring import alert_letters, drafting, verdicts, wording
from monitoring.models import Finding, TruthSettings
from notifications.messages import Tone


class Kind(StrEnum):
    """What can be wrong."""

    UNSAID = "unsaid"  # dead for long with no incident
    GREEN = "green"  # an incident is open while everything it names is well
    SILENT = "silent"  # "investigating" with no word
    PROMISE = "promise"  # the promised update did not come
    OVERRUN = "overrun"  # maintenance longer than planned
    HELD = "held"  # a status set by hand and forgotten


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """One disagreement seen now; `subject` tells it from others of its kind."""

    kind: Kind
    subject: str
    sentence: str
    url: str

    @property
    def key(self) -> tuple[str, str]:
        return self.kind.value, self.subject


def look(*, now: datetime) -> list[Finding]:
    """Compare page and reality: store what is new and tell it in one message, clear what is over.

    Safe to run twice at once: the database keeps one open finding a subject. Returns the new ones.
    """
    row = drafting.settings_row()
    seen = {suspicion.key: suspicion for suspicion in _suspicions(row, now)}
    with transaction.atomic():
        known = {
            (finding.kind, finding.subject): finding
            for finding in Finding.objects.select_for_update(of=("self",)).filter(cleared_at=None)
        }
        over = [finding.pk for key, finding in known.items() if key not in seen]
        Finding.objects.filter(pk__in=over).update(cleared_at=now)
        fresh = [seen[key] for key in seen.keys() - known.keys()]
        found = _store(fresh, now=now)
        if found and row.tells:
            _tell(found, now=now)
    return found


def current() -> list[Finding]:
    """The findings that are true now, those that nobody has acknowledged first."""
    rows = Finding.objects.filter(cleared_at=None).select_related("acknowledged_by")
    return sorted(rows, key=lambda row: (row.acknowledged_at is not None, row.found_at, row.pk))


def acknowledge(*, finding: Finding, by: User, now: datetime) -> bool:
    """Note that somebody takes care; whether nobody had before. It stays until it is true no more."""
    free = Finding.objects.filter(pk=finding.pk, cleared_at=None, acknowledged_at=None)
    is_first = bool(free.update(acknowledged_at=now, acknowledged_by=by))
    if is_first:
        said = {"acknowledged_by": by.get_username()}
        auditing.record(subject=finding, before={}, after=said, now=now)
    return is_first


def _suspicions(row: TruthSettings, now: datetime) -> Iterator[Suspicion]:
    open_incidents = list(Incident.objects.open())
    affected = _affected(open_incidents)
    yield from _unsaid(row, now, {one for ids in affected.values() for one in ids})
    yield from _green(row, now, open_incidents, affected)
    yield from _quiet(row, now, open_incidents)
    yield from _overrun(row, now)
    yield from _held(row, now)


def _unsaid(row: TruthSettings, now: datetime, spoken: Iterable[int]) -> Iterator[Suspicion]:
    named = set(spoken)
    for outage in drafting.outages(now=now, with_held=True):
        lasted = now - outage.since
        if outage.component.id in named or lasted < row.after("unsaid"):
            continue
        sentence = _("%(name)s has been dead for %(lasted)s, and no incident says so.")
        yield Suspicion(
            kind=Kind.UNSAID,
            subject=f"component:{outage.component.id}",
            sentence=sentence % {"name": outage.component.name, "lasted": wording.duration(lasted)},
            url="/admin/incidents/report/",
        )


def _green(
    row: TruthSettings,
    now: datetime,
    incidents: Iterable[Incident],
    affected: dict[int, set[int]],
) -> Iterator[Suspicion]:
    if not affected:
        return
    limit = now - row.after("green")
    claims = StatusClaim.objects.filter(source=Source.MONITOR, reference=verdicts.REFERENCE)
    measured = {claim.component_id: claim for claim in claims}
    for incident in incidents:
        ids = affected.get(incident.pk, set())
        spoken = [measured[one] for one in ids if one in measured]
        is_well = bool(spoken) and len(spoken) == len(ids)
        is_well = is_well and all(
            claim.status == Status.OPERATIONAL and claim.claimed_at <= limit for claim in spoken
        )
        if is_well and incident.changed_at <= limit:
            sentence = _("“%(title)s” is open, but every check of its components passes.")
            yield _about(Kind.GREEN, incident, sentence % {"title": incident.title})


def _quiet(row: TruthSettings, now: datetime, incidents: Iterable[Incident]) -> Iterator[Suspicion]:
    for incident in incidents:
        promised = incident.next_update_by
        if promised is not None and promised < now:
            sentence = _("“%(title)s”: the next update was promised for %(time)s UTC.")
            said = sentence % {"title": incident.title, "time": f"{promised:%H:%M}"}
            yield _about(Kind.PROMISE, incident, said)
        elif (
            promised is None
            and incident.state == State.INVESTIGATING
            and now - incident.changed_at >= row.after("silent")
        ):
            lasted = wording.duration(now - incident.changed_at)
            sentence = _("“%(title)s” is being investigated, with no word for %(lasted)s.")
            said = sentence % {"title": incident.title, "lasted": lasted}
            yield _about(Kind.SILENT, incident, said)


def _overrun(row: TruthSettings, now: datetime) -> Iterator[Suspicion]:
    limit = now - row.after("overrun")
    for window in Maintenance.objects.running().filter(ends_at__lte=limit):
        sentence = _("Maintenance “%(title)s” runs %(lasted)s longer than planned.")
        yield Suspicion(
            kind=Kind.OVERRUN,
            subject=f"maintenance:{window.public_id}",
            sentence=sentence
            % {"title": window.title, "lasted": wording.duration(now - window.ends_at)},
            url=f"/admin/maintenance/{window.public_id}/",
        )


def _held(row: TruthSettings, now: datetime) -> Iterator[Suspicion]:
    limit = now - row.after("held")
    held = StatusClaim.objects.filter(
        source=Source.MANUAL, component__is_manual=True, claimed_at__lte=limit
    ).select_related("component")
    monitored = set(
        Component.objects.filter(nodes__replicas__isnull=False).values_list("id", flat=True)
    )
    for claim in held.order_by("id"):
        status = Status(claim.status)
        if claim.component_id not in monitored and status == Status.OPERATIONAL:
            continue  # nothing measures it: a person's word is all there is
        sentence = _("%(name)s has been held at “%(status)s” by hand for %(lasted)s.")
        yield Suspicion(
            kind=Kind.HELD,
            subject=f"component:{claim.component_id}",
            sentence=sentence
            % {
                "name": claim.component.name,
                "status": _(status.label),
                "lasted": wording.duration(now - claim.claimed_at),
            },
            url="/admin/",
        )


def _about(kind: Kind, incident: Incident, sentence: str) -> Suspicion:
    return Suspicion(
        kind=kind,
        subject=f"incident:{incident.public_id}",
        sentence=sentence,
        url=f"/admin/incidents/{incident.public_id}/",
    )


def _affected(incidents: Iterable[Incident]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    rows = AffectedComponent.objects.filter(incident__in=list(incidents))
    for incident_id, component_id in rows.values_list("incident_id", "component_id"):
        found.setdefault(incident_id, set()).add(component_id)
    return found


def _store(fresh: Iterable[Suspicion], *, now: datetime) -> list[Finding]:
    """Store these; one that another look stored at the same moment is its finding, not ours."""
    found = []
    for suspicion in sorted(fresh, key=lambda one: one.key):
        finding, is_new = Finding.objects.get_or_create(
            kind=suspicion.kind,
            subject=suspicion.subject,
            cleared_at=None,
            defaults={
                "sentence": suspicion.sentence[:400],
                "url": suspicion.url,
                "found_at": now,
            },
        )
        if is_new:
            found.append(finding)
    return found


def _tell(found: list[Finding], *, now: datetime) -> None:
    count = len(found)
    message = alert_letters.compose(
        name="truth",
        subject=found[0].sentence if count == 1 else _("The page may not tell the truth"),
        context={"findings": found},
        payload={"findings": [{"kind": one.kind, "sentence": one.sentence} for one in found]},
        tone=Tone.NOTICE,
        about="truth",
        path="/admin/",
        now=now,
    )
    alert_letters.tell_everybody(message=message, dedupe_key=f"truth:{found[0].pk}", now=now)
