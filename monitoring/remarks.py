"""What operators should know about a node besides its health, a sentence each. No queries here."""

from collections.abc import Sequence

from django.conf import settings
from django.utils.translation import gettext as _

from monitoring import flapping, silence
from monitoring.models import Mode, Node, Replica


def of_node(node: Node, replicas: Sequence[Replica]) -> tuple[str, ...]:
    """The remarks about a node with these replicas, the gravest first."""
    said = (_full(node), _flapping(replicas), _limit(node, replicas))
    return tuple(sentence for sentence in said if sentence)


def _full(node: Node) -> str:
    if node.full_at is None:
        return ""
    return _("Full: reports of new replicas are refused beyond %(limit)d.") % {
        "limit": settings.REPLICAS_PER_NODE
    }


def _flapping(replicas: Sequence[Replica]) -> str:
    if not any(flapping.is_flapping(replica) for replica in replicas):
        return ""
    return _("Flapping: a death and a recovery are told once in %(count)d minutes at the most.") % {
        "count": flapping.PAIR_EVERY.total_seconds() // 60
    }


def _limit(node: Node, replicas: Sequence[Replica]) -> str:
    """A limit of silence that is not longer than what a reporter announces (AMB-2)."""
    limit_s = node.silence_limit_s
    if not Mode(node.mode).is_reported or limit_s is None:
        return ""
    announced_s = max((replica.announced_interval_s or 0 for replica in replicas), default=0)
    if announced_s <= 0 or not silence.is_short(
        rule=node.silence_rule, silent_after_s=limit_s, announced_s=announced_s
    ):
        return ""
    values = {"limit": f"{limit_s:g}", "announced": f"{announced_s:g}"}
    if node.silence_rule == silence.Rule.LAST_REPORT:
        text = _(
            "“Dead after silence” is %(limit)s s, but a report is announced every %(announced)s s "
            "only: a replica will be called dead between two reports. Set a longer time."
        )
    else:
        text = _(
            "“Dead after silence” is %(limit)s s, but a report is announced every %(announced)s s "
            "only: it has no effect, the announced interval and its grace count."
        )
    return text % values
