"""Incidents drafted from alerts of Alertmanager: one a service, and the end proposed when they are over.

Nothing here is published: a draft waits for a person, and so does the text that ends an incident.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from components.models import Component
from components.status import Status, worst
from incidents import lifecycle, publishing
from incidents.lifecycle import State
from incidents.models import AffectedComponent, Incident
from incidents.publishing import Report
from monitoring import drafting
from monitoring.models import OutsideAlert

ORIGIN = "alertmanager"

Alerts = Sequence[tuple[OutsideAlert, Status]]


def follow(*, alerts: Mapping[str, Alerts], now: datetime) -> list[Incident]:
    """Draft what no incident speaks of, from the alerts that fire by slug of their component.

    An alert leads to one draft at the most: when that is discarded, none follows until the alert
    fires anew. Call it in the transaction that read the alerts. Returns the new drafts.
    """
    _propose_ends(alerts.keys(), now)
    fresh = {
        slug: found
        for slug, found in alerts.items()
        if any(alert.drafted_at is None for alert, _status in found)
    }
    if not fresh:
        return []
    spoken = drafting.spoken_for()
    made = []
    for component in Component.objects.filter(slug__in=fresh).in_page_order():
        found = fresh[component.slug]
        if component.pk not in spoken:
            made.append(_draft(component, found, now))
        ids = [alert.pk for alert, _status in found if alert.drafted_at is None]
        OutsideAlert.objects.filter(pk__in=ids).update(drafted_at=now)
    return made


def _draft(component: Component, found: Alerts, now: datetime) -> Incident:
    claimed = worst(status for _alert, status in found)
    impact = lifecycle.impact_of([claimed])
    incident = publishing.save_draft(
        report=Report(
            title=_("Problems with %(name)s") % {"name": component.name},
            state=State.INVESTIGATING,
            impact=impact,
            components={
                component.pk: None if lifecycle.claimed_status(impact) == claimed else claimed
            },
            started_at=min(now, *(alert.starts_at for alert, _status in found)),
        ),
        notify=True,
        now=now,
        author_name="Alertmanager",
        origin=ORIGIN,
    )
    incident.evidence = [
        {
            "component": component.name,
            "node": "Alertmanager",
            "replica": str(alert),
            "since": alert.starts_at.isoformat(),
            "sentence": alert.summary,
        }
        for alert, _status in found
    ]
    incident.save(update_fields=["evidence"])
    return incident


def _propose_ends(firing: Collection[str], now: datetime) -> None:
    """Propose the end of what alerts reported once none of them fires, and take it back."""
    over = [State.RESOLVED, State.POSTMORTEM]
    for incident in Incident.objects.filter(origin=ORIGIN).exclude(state__in=over):
        named = AffectedComponent.objects.filter(incident=incident)
        slugs = set(named.values_list("component__slug", flat=True))
        is_over = bool(slugs) and slugs.isdisjoint(firing)
        if is_over == (incident.recovered_at is not None):
            continue
        text = _("The alerts about this are over since %(time)s UTC.") % {"time": f"{now:%H:%M}"}
        Incident.objects.filter(pk=incident.pk).update(
            recovered_at=now if is_over else None, proposed_text=text if is_over else ""
        )
