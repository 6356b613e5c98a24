"""Incidents drafted by monitors: what is dead for long becomes a draft, recovery proposes its end.

Called by beat. A draft is for operators; it is published by a person, or by a component's policy.
Nothing here changes an incident that a person published, but for the text that is proposed.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

from django.db import transaction
from django.utils.translation import gettext as _

from components.models import Component, StatusClaim
from components.status import Source, Status
from incidents import lifecycle, publishing, templating
from incidents.lifecycle import Impact, State
from incidents.models import AffectedComponent, Incident
from incidents.publishing import Report
from monitoring import draft_groups, draft_texts, verdicts
from monitoring.draft_groups import Group
from monitoring.models import DraftPolicy, Replica, TruthSettings
from probing.health import Health

ORIGIN = "monitor"
_OUT = (Status.PARTIAL_OUTAGE, Status.MAJOR_OUTAGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A component with dead replicas: what its monitors claim, since when, and what happens by itself."""

    component: Component
    claimed: Status
    since: datetime
    policy: DraftPolicy
    dead: tuple[Replica, ...]


def settings_row() -> TruthSettings:
    """When to draft and when to bark; the defaults before anybody chose."""
    return TruthSettings.objects.filter(id=1).first() or TruthSettings()


def outages(*, now: datetime, with_held: bool = False) -> list[Outage]:
    """The components that their monitors call out now, in page order, with a fixed number of queries.

    Left out is what visitors do not see, what is announced work and, unless `with_held`, what a
    person holds by hand.
    """
    claims = StatusClaim.objects.filter(
        source=Source.MONITOR, reference=verdicts.REFERENCE, status__in=_OUT
    )
    claimed = {claim.component_id: Status(claim.status) for claim in claims}
    if not claimed:
        return []
    dead: dict[int, list[Replica]] = {}
    replicas = Replica.objects.filter(
        node__component__in=claimed, health=Health.DEAD, health_since__isnull=False
    )
    for replica in replicas.select_related("node").order_by("health_since", "id"):
        if not replica.is_unproven:
            dead.setdefault(replica.node.component_id, []).append(replica)
    rows = Component.objects.visible().filter(id__in=dead)
    if not with_held:
        rows = rows.filter(is_manual=False)
    rows = rows.exclude(claims__source=Source.MAINTENANCE)
    policies = {row.component_id: row for row in DraftPolicy.objects.filter(component__in=dead)}
    return [
        Outage(
            component=component,
            claimed=claimed[component.id],
            since=dead[component.id][0].health_since or now,
            policy=policies.get(component.id) or DraftPolicy(component=component),
            dead=tuple(dead[component.id]),
        )
        for component in rows.in_page_order()
    ]


def draft(*, now: datetime) -> list[Incident]:
    """Draft incidents for what has been dead for longer than its limit and nobody has spoken about.

    What became ripe in one pass is one incident for each set of pages that shows it, so that no page
    reads names of another one; what follows joins a draft of the same pages that still waits. What
    policies say so of is published by itself. Returns the new ones.
    """
    limits = settings_row()
    if not limits.drafts:
        return []
    ripe = [outage for outage in outages(now=now) if _is_ripe(outage, limits, now)]
    if not ripe:
        return []
    with transaction.atomic():
        # Of two beats at once the second waits here, and then sees what the first one drafted.
        ids = [outage.component.id for outage in ripe]
        list(Component.objects.select_for_update(of=("self",)).filter(id__in=ids).order_by("id"))
        spoken = spoken_for()
        fresh = [outage for outage in ripe if outage.component.id not in spoken]
        if not fresh:
            return []
        waiting = _waiting()
        named = draft_groups.components_of(waiting)
        groups = draft_groups.groups_of(
            [*(outage.component for outage in fresh), *chain.from_iterable(named.values())]
        )
        by_itself, by_hand = _together(fresh, groups)
        made = []
        for found in by_itself.values():
            row = _drafted(found, now=now)
            made.append(publishing.publish_draft(incident=row, now=now, author_name=_("Monitors")))
        for group, found in by_hand.items():
            # A draft that speaks of other pages too would tell them of these.
            same = [one for one in waiting if {groups[c.pk] for c in named[one.pk]} == {group}]
            if same:
                _join(same[0], found, now=now)
            else:
                made.append(_drafted(found, now=now))
    return made


def note_recovery(*, now: datetime) -> list[Incident]:
    """Propose the resolving text of what monitors reported once every check passes again.

    A policy may post it by itself. A relapse takes the proposal back. Returns those that changed.
    """
    waiting = Incident.objects.filter(origin=ORIGIN).exclude(
        state__in=[State.RESOLVED, State.POSTMORTEM]
    )
    incidents = list(waiting.order_by("id"))
    if not incidents:
        return []
    affected = _affected(incidents)
    claims = StatusClaim.objects.filter(source=Source.MONITOR, component__in=_all(affected))
    measured = {claim.component_id: Status(claim.status) for claim in claims}
    changed = []
    for incident in incidents:
        ids = affected.get(incident.pk, ())
        is_well = bool(ids) and all(measured.get(one) == Status.OPERATIONAL for one in ids)
        if is_well != (incident.recovered_at is not None):
            _note(incident, component_ids=ids, is_well=is_well, now=now)
            changed.append(incident)
    return changed


def spoken_for() -> set[int]:
    """Components that an open incident or a waiting draft names."""
    over = [State.RESOLVED, State.POSTMORTEM]
    named = AffectedComponent.objects.exclude(incident__state__in=over)
    return set(named.values_list("component_id", flat=True))


def _is_ripe(outage: Outage, row: TruthSettings, now: datetime) -> bool:
    after_s = outage.policy.draft_after_s or row.draft_after_s
    return outage.policy.drafts and now - outage.since >= timedelta(seconds=after_s)


def _drafted(found: Sequence[Outage], *, now: datetime) -> Incident:
    """Save the draft of one incident about these components."""
    incident = publishing.save_draft(
        report=_report(found, now=now),
        notify=True,
        now=now,
        author_name=_("Monitors"),
        origin=ORIGIN,
    )
    incident.evidence = _evidence(found)
    incident.save(update_fields=["evidence"])
    return incident


def _waiting() -> list[Incident]:
    """The drafts of monitors that still wait for a person, locked, the newest first."""
    rows = Incident.objects.drafts().filter(origin=ORIGIN, recovered_at=None)
    return list(rows.select_for_update(of=("self",)))


def _together(
    found: Sequence[Outage], groups: Mapping[int, Group]
) -> tuple[dict[Group, list[Outage]], dict[Group, list[Outage]]]:
    """The outages that are told together: those that are published by themselves, and the others."""
    by_itself: dict[Group, list[Outage]] = {}
    by_hand: dict[Group, list[Outage]] = {}
    for outage in found:
        told = by_itself if outage.policy.publishes else by_hand
        told.setdefault(groups[outage.component.id], []).append(outage)
    return by_itself, by_hand


def _join(row: Incident, found: Sequence[Outage], *, now: datetime) -> None:
    """Add these components to a draft of the same pages."""
    worst = lifecycle.impact_of(outage.claimed for outage in found)
    if worst.rank > row.impact_value.rank:
        row.impact = worst
    AffectedComponent.objects.bulk_create(
        AffectedComponent(
            incident=row,
            component=outage.component,
            status=outage.claimed,
            is_overridden=True,
        )
        for outage in found
    )
    row.started_at = min(row.started_at, *(outage.since for outage in found))
    row.evidence = [*row.evidence, *_evidence(found)]
    row.changed_at = now
    row.save(update_fields=["impact", "started_at", "evidence", "changed_at"])


def _report(found: Sequence[Outage], *, now: datetime) -> Report:
    impact = lifecycle.impact_of(outage.claimed for outage in found)
    ids = [outage.component.id for outage in found]
    template = next((one.policy.template for one in found if one.policy.template), None)
    if template is None:
        title, text = draft_texts.title([outage.component.name for outage in found]), ""
    else:
        filled = templating.use(template=template, component_ids=ids, now=now)
        title, text = filled.title, filled.text
    return Report(
        title=title[:200],
        text=text,
        state=State.INVESTIGATING,
        impact=impact,
        components={outage.component.id: _chosen(outage, impact) for outage in found},
        started_at=min(now, *(outage.since for outage in found)),
    )


def _chosen(outage: Outage, impact: Impact) -> Status | None:
    return None if lifecycle.claimed_status(impact) == outage.claimed else outage.claimed


def _evidence(found: Iterable[Outage]) -> list[dict[str, str]]:
    pairs = [(outage.component, replica) for outage in found for replica in outage.dead]
    return draft_texts.evidence(pairs)


def _affected(incidents: Collection[Incident]) -> Mapping[int, list[int]]:
    found: dict[int, list[int]] = {}
    rows = AffectedComponent.objects.filter(incident__in=incidents)
    for incident_id, component_id in rows.values_list("incident_id", "component_id"):
        found.setdefault(incident_id, []).append(component_id)
    return found


def _all(affected: Mapping[int, Collection[int]]) -> set[int]:
    return {component_id for ids in affected.values() for component_id in ids}


def _note(
    incident: Incident, *, component_ids: Collection[int], is_well: bool, now: datetime
) -> None:
    """Keep or take back the proposal; post it where all policies say so."""
    at = draft_texts.recovered_at(component_ids, now=now) if is_well else None
    text = draft_texts.resolving(incident, at=at) if at else ""
    with transaction.atomic():
        Incident.objects.filter(pk=incident.pk).update(recovered_at=at, proposed_text=text)
        incident.recovered_at, incident.proposed_text = at, text
        if at and incident.is_open and _resolve_themselves(component_ids):
            publishing.post_update(
                incident=incident,
                state=State.RESOLVED,
                text=text,
                notify=True,
                now=now,
                author_name=_("Monitors"),
            )


def _resolve_themselves(component_ids: Collection[int]) -> bool:
    policies = DraftPolicy.objects.filter(component__in=component_ids, resolves=True)
    return policies.count() == len(component_ids)
