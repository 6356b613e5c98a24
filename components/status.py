"""The statuses a component can have, their order, and which one visitors see.

Pure rules, called by claims (what is displayed), monitoring (what the replicas say) and the pages
(words, codes, the state of the whole page). A status is what we say; health is what we measure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from common.wording import gettext_noop


class Status(StrEnum):
    """What is said about a component.

    The members are strings, so `<` and `max()` compare them by spelling: compare `rank`, or call
    `worst`.
    """

    OPERATIONAL = "operational"
    DEGRADED_PERFORMANCE = "degraded_performance"
    PARTIAL_OUTAGE = "partial_outage"
    MAJOR_OUTAGE = "major_outage"
    UNDER_MAINTENANCE = "under_maintenance"
    UNKNOWN = "unknown"

    @property
    def code(self) -> str:
        """The two letters used in markup and file names: op, de, pa, ma, mt or un."""
        return _CODES[self]

    @property
    def label(self) -> str:
        """The English words for a person, to be translated where they are shown."""
        return _LABELS[self]

    @property
    def rank(self) -> int:
        """How bad it is, 0 for operational; a higher rank wins a roll-up."""
        return _RANKS[self]


class Source(StrEnum):
    """Who makes a claim about a component's status."""

    MANUAL = "manual"
    MONITOR = "monitor"
    INCIDENT = "incident"
    MAINTENANCE = "maintenance"
    ALERT = "alert"

    @property
    def is_measured(self) -> bool:
        """Whether a program looked: ours, or one that sends us its alerts."""
        return self in {Source.MONITOR, Source.ALERT}


@dataclass(frozen=True, slots=True)
class ClaimValue:
    """One claim in force: who says it, and which status."""

    source: Source
    status: Status


_CODES = {
    Status.OPERATIONAL: "op",
    Status.DEGRADED_PERFORMANCE: "de",
    Status.PARTIAL_OUTAGE: "pa",
    Status.MAJOR_OUTAGE: "ma",
    Status.UNDER_MAINTENANCE: "mt",
    Status.UNKNOWN: "un",
}

_LABELS = {
    Status.OPERATIONAL: gettext_noop("Operational"),
    Status.DEGRADED_PERFORMANCE: gettext_noop("Degraded performance"),
    Status.PARTIAL_OUTAGE: gettext_noop("Partial outage"),
    Status.MAJOR_OUTAGE: gettext_noop("Major outage"),
    Status.UNDER_MAINTENANCE: gettext_noop("Under maintenance"),
    Status.UNKNOWN: gettext_noop("Unknown"),
}

# Unknown stands above maintenance: announced work is no reason to be sure of what nobody measured.
_FROM_BEST_TO_WORST = (
    Status.OPERATIONAL,
    Status.UNDER_MAINTENANCE,
    Status.UNKNOWN,
    Status.DEGRADED_PERFORMANCE,
    Status.PARTIAL_OUTAGE,
    Status.MAJOR_OUTAGE,
)

_RANKS = {status: rank for rank, status in enumerate(_FROM_BEST_TO_WORST)}

_HEALTHS = frozenset({"healthy", "sick", "dead", None})


def worst(statuses: Iterable[Status]) -> Status:
    """Return the status of the highest rank; operational when there is none."""
    return max(statuses, key=_RANKS.__getitem__, default=Status.OPERATIONAL)


def overall(statuses: Iterable[Status]) -> Status:
    """Return the status of a group or a page from those of its visible components.

    It is the worst of them, so that maintenance never hides an outage (requirement B8, design 2.3).
    """
    return worst(statuses)


def displayed(
    claims: Iterable[ClaimValue], *, is_manual: bool, maintenance_hides_monitors: bool = True
) -> Status:
    """Return the status visitors see of a component, from the claims in force.

    It is the worst of the claims, operational without any, but what was measured, by our monitors or
    by others that send alerts, is left out when

    - an operator switched the component to manual (`is_manual`, AMB-19), or
    - a maintenance claim, which stands only while its window is in progress, is among them and
      `maintenance_hides_monitors` is on (decision 1). It hides nothing that an incident or a
      person has declared.
    """
    claims = tuple(claims)
    is_in_maintenance = any(claim.source == Source.MAINTENANCE for claim in claims)
    hides_monitors = is_manual or (maintenance_hides_monitors and is_in_maintenance)
    return worst(
        claim.status for claim in claims if not (hides_monitors and claim.source.is_measured)
    )


def from_replicas(nodes: Sequence[Sequence[str | None]]) -> Status | None:
    """Return what monitoring claims for a component, or None when it has nothing to measure.

    `nodes` holds for each node of the component the healths of its replicas: "healthy", "sick",
    "dead", or None where no recent measurement says. A component is down as a whole only when
    every replica of every node is dead; with fewer dead ones it is a partial outage
    (AMB-19, design 2.3). Unknown replicas hide no trouble of the others, but they do forbid
    "operational".

    Raises:
        ValueError: a health is none of these words.
    """
    healths = [health for replicas in nodes for health in replicas]
    if not healths:
        return None
    found = set(healths)
    if strange := found - _HEALTHS:
        raise ValueError(f"{strange.pop()!r} is not the health of a replica")
    if found == {"dead"}:
        return Status.MAJOR_OUTAGE
    if "dead" in found:
        return Status.PARTIAL_OUTAGE
    if "sick" in found:
        return Status.DEGRADED_PERFORMANCE
    return Status.UNKNOWN if None in found else Status.OPERATIONAL
