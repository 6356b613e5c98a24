"""What a draft by monitors says: its title, the evidence for operators, the text that ends it."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from components.models import Component
from incidents import templating
from incidents.models import Incident
from monitoring import evidence as verdict_evidence
from monitoring import wording
from monitoring.models import HealthChange, Replica
from probing.health import Health

_NAMED = 3


def title(names: Sequence[str]) -> str:
    """What customers notice, for these components in page order."""
    if len(names) == 1:
        return _("%(name)s does not answer") % {"name": names[0]}
    if len(names) <= _NAMED:
        return _("%(names)s do not answer") % {"names": templating.in_words(list(names))}
    return _("%(some)s and %(count)d more do not answer") % {
        "some": ", ".join(names[: _NAMED - 1]),
        "count": len(names) - _NAMED + 1,
    }


def evidence(dead: Sequence[tuple[Component, Replica]]) -> list[dict[str, str]]:
    """What was measured, for operators: a line a dead replica (with its node), and why it is dead."""
    sentences = verdict_evidence.sentences(replicas=[replica for _component, replica in dead])
    return [
        {
            "component": component.name,
            "node": replica.node.name,
            "replica": replica.address,
            "since": replica.health_since.isoformat() if replica.health_since else "",
            "sentence": sentences.get(replica.pk) or replica.detail,
        }
        for component, replica in dead
    ]


def recovered_at(component_ids: Collection[int], *, now: datetime) -> datetime:
    """When the last replica of these components became healthy."""
    changes = HealthChange.objects.filter(
        replica__node__component__in=component_ids, health=Health.HEALTHY, at__lte=now
    )
    last = changes.order_by("-at").first()
    return last.at if last else now


def resolving(incident: Incident, *, at: datetime) -> str:
    """The text that recovery proposes."""
    lasted = max(timedelta(0), at - incident.started_at)
    return _("All checks pass again since %(time)s UTC, after %(lasted)s.") % {
        "time": f"{at:%H:%M}",
        "lasted": wording.duration(lasted),
    }
