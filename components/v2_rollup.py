"""Statuspage's word for a whole page: an indicator and a description (interop 1.4). Pure.

Of the components, group rows left aside, the first line of the table that fits holds. An open
incident of a worse impact raises it: that part is our rule, and can be switched off.
"""

from collections.abc import Collection
from dataclasses import dataclass

from components.status import Status

INDICATORS = ("none", "maintenance", "minor", "major", "critical")  # the worst last
_BY_IMPACT = {
    "minor": "Minor Service Outage",
    "major": "Partial System Outage",
    "critical": "Major System Outage",
}


@dataclass(frozen=True, slots=True)
class Rollup:
    """What `status` holds."""

    indicator: str
    description: str


FINE = Rollup("none", "All Systems Operational")


def rollup(
    statuses: Collection[Status],
    impacts: Collection[str] = (),
    *,
    tells_maintenance: bool = True,
) -> Rollup:
    """Return the rollup of components with these statuses, and open incidents of these impacts.

    A status that nobody knows counts as none here; whoever renders says so in words. Without
    `tells_maintenance` maintenance is no news (some readers know no such indicator).
    """
    found = _of_components([status for status in statuses if status is not Status.UNKNOWN])
    if found.indicator == "maintenance" and not tells_maintenance:
        found = FINE
    worst = max(impacts, key=INDICATORS.index, default="none")
    if INDICATORS.index(worst) > INDICATORS.index(found.indicator) and worst in _BY_IMPACT:
        return Rollup(worst, _BY_IMPACT[worst])
    return found


def group_status(statuses: Collection[Status]) -> Status:
    """Return the status of a group row: the worst of its components, maintenance the second worst."""
    if Status.MAJOR_OUTAGE in statuses:
        return Status.MAJOR_OUTAGE
    for member in (
        Status.UNDER_MAINTENANCE,
        Status.PARTIAL_OUTAGE,
        Status.DEGRADED_PERFORMANCE,
    ):
        if member in statuses:
            return member
    return Status.OPERATIONAL


def _of_components(statuses: Collection[Status]) -> Rollup:
    def every(member: Status) -> bool:
        return bool(statuses) and all(status is member for status in statuses)

    table = (
        (every(Status.MAJOR_OUTAGE), Rollup("critical", "Major System Outage")),
        (Status.MAJOR_OUTAGE in statuses, Rollup("major", "Partial System Outage")),
        (every(Status.PARTIAL_OUTAGE), Rollup("major", "Partial System Outage")),
        (Status.PARTIAL_OUTAGE in statuses, Rollup("minor", "Minor Service Outage")),
        (every(Status.DEGRADED_PERFORMANCE), Rollup("minor", "Degraded System Service")),
        (
            Status.DEGRADED_PERFORMANCE in statuses,
            Rollup("minor", "Partially Degraded Service"),
        ),
        (
            Status.UNDER_MAINTENANCE in statuses,
            Rollup("maintenance", "Service Under Maintenance"),
        ),
    )
    return next((found for fits, found in table if fits), FINE)
