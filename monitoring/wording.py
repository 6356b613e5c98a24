"""What was measured, in words for operators: the console's screens share these.

Pure reading of rows that are in memory already; no queries here.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from components.status import Status
from monitoring.models import Node, Replica
from probing import health as rules
from probing.base import ProbeOutcome, Reason
from probing.health import Health

HEALTH_CODES = {Health.HEALTHY: "op", Health.SICK: "de", Health.DEAD: "ma", None: "un"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Some replicas in one icon (its two-letter code) and a few words."""

    code: str
    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """The result of a test check, ready to be shown. `dialled` is the IP address."""

    address: str
    code: str
    word: str
    detail: str
    verdict: str
    phases: tuple[tuple[str, float], ...]
    total_ms: float | None
    dialled: str
    certificate_expires_at: datetime | None


def health(measured: Health | None, *, is_waiting: bool = False) -> str:
    """A health as a word for an operator."""
    if measured is None:
        return _("Waiting") if is_waiting else _("Unknown")
    return {Health.HEALTHY: _("Healthy"), Health.SICK: _("Sick"), Health.DEAD: _("Dead")}[measured]


def phases(times_ms: Mapping[str, float | None]) -> tuple[tuple[str, float], ...]:
    """The phases that were entered, in the order they happen, named for a person."""
    named = {
        "dns_ms": _("DNS"),
        "connect_ms": _("connect"),
        "tls_ms": _("TLS"),
        "first_byte_ms": _("first byte"),
    }
    return tuple(
        (label, time_ms)
        for key, label in named.items()
        if (time_ms := times_ms.get(key)) is not None
    )


def duration(lasted: timedelta) -> str:
    """A stretch of time in at most two units: "40 s", "18 min", "3 h 05 min", "2 days"."""
    minutes, seconds = divmod(max(0, int(lasted.total_seconds())), 60)
    hours, minutes = divmod(minutes, 60)
    if hours >= 48:
        return _("%(count)d days") % {"count": hours // 24}
    if hours:
        return _("%(hours)d h %(minutes)02d min") % {"hours": hours, "minutes": minutes}
    if minutes:
        return _("%(count)d min") % {"count": minutes}
    return _("%(count)d s") % {"count": seconds}


def why(replica: Replica, node: Node) -> str:
    """Why a replica has the health it has."""
    if replica.is_waiting:
        return _("The first check is due.")
    if replica.health == Health.SICK:
        return _("Slower than %(limit)s s") % {"limit": f"{node.sick_after_s:g}"}
    if replica.health is None and not _is_ours(replica.reason):
        return _("No recent outcome.")
    return replica.detail


def tested(*, node: Node, address: str, outcome: ProbeOutcome) -> Tested:
    """A test check judged by the limits of a node."""
    judged = rules.replica_health(outcome, node.thresholds)
    return Tested(
        address=address,
        code=HEALTH_CODES[judged],
        word=_("Not checked") if judged is None else health(judged),
        detail=outcome.detail,
        verdict=_verdict(outcome, node, judged),
        phases=phases(asdict(outcome.phases)),
        total_ms=outcome.latency_ms,
        dialled=outcome.address or "",
        certificate_expires_at=outcome.certificate_expires_at,
    )


def _verdict(outcome: ProbeOutcome, node: Node, judged: Health | None) -> str:
    match judged:
        case Health.HEALTHY:
            return _("It answered in time.")
        case Health.SICK:
            return _("It answered, but not within %(limit)s s.") % {
                "limit": f"{node.sick_after_s:g}"
            }
        case Health.DEAD if node.retries:
            return ngettext(
                "When %(count)d retry fails like this, the replica is dead.",
                "When %(count)d retries fail like this, the replica is dead.",
                node.retries,
            ) % {"count": node.retries}
        case Health.DEAD:
            return _("A check like this makes the replica dead.")
    return _("The check could not run. That says nothing about the target.")


def worst(replicas: Sequence[Replica]) -> Health | None:
    """The health that decides; unknown (None) counts between sick and healthy."""
    measured = {replica.measured for replica in replicas}
    return next(
        (level for level in (Health.DEAD, Health.SICK, None) if level in measured), Health.HEALTHY
    )


def summary(replicas: Sequence[Replica]) -> Summary:
    """Replicas in words: "1 dead, 1 sick", "Healthy", "No replicas"."""
    if not replicas:
        return Summary(code="un", word=_("No replicas"))
    counts = Counter(replica.health for replica in replicas)
    waiting = sum(replica.is_waiting for replica in replicas)
    words = [
        (counts[Health.DEAD], _("%d dead")),
        (counts[Health.SICK], _("%d sick")),
        (counts[None] - waiting, _("%d unknown")),
        (waiting, _("%d waiting")),
    ]
    told = ", ".join(text % count for count, text in words if count)
    return Summary(code=HEALTH_CODES[worst(replicas)], word=told or _("Healthy"))


def share(replicas: Sequence[Replica], claimed: Status) -> Summary:
    """Replicas as a share, beside the status claimed from them: "1 of 3 dead", "Healthy"."""
    if not replicas:
        return Summary(code="un", word=_("No replicas"))
    level = worst(replicas)
    alike = [replica for replica in replicas if replica.measured == level]
    word = health(level, is_waiting=all(replica.is_waiting for replica in alike))
    if len(alike) < len(replicas) and level != Health.HEALTHY:
        word = _("%(some)d of %(all)d %(health)s") % {
            "some": len(alike),
            "all": len(replicas),
            "health": word.lower(),
        }
    return Summary(code=claimed.code, word=word)


def finding(name: str, replicas: Sequence[Replica]) -> str:
    """What probes call a service, inside a sentence: "Search sick", "1 of 2 replicas of Search sick"."""
    level = worst(replicas)
    alike = sum(replica.measured == level for replica in replicas)
    if alike < len(replicas):
        name = _("%(some)d of %(all)d replicas of %(name)s") % {
            "some": alike,
            "all": len(replicas),
            "name": name,
        }
    return f"{name} {health(level).lower()}"


def _is_ours(reason: str) -> bool:
    return reason in set(Reason) and Reason(reason).is_ours
