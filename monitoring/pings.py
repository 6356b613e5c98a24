"""The pings of jobs, kept for operators: the last of each node, with what the job printed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from monitoring import job_runs
from monitoring.job_runs import Call, Called
from monitoring.models import Node, Ping

KEPT = 100
BODY_LIMIT = 10_000  # bytes of what a job printed that are kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a ping says of the job's run; `body` is what it printed."""

    call: Call
    run: UUID | None = None
    exit_status: int | None = None
    body: str = ""


def keep(*, node: Node, job: Job, at: datetime) -> Ping:
    """Store a ping, with how long its run took, and forget the oldest."""
    called = Called(at=at, call=job.call, run=job.run)
    ping = Ping.objects.create(
        node=node,
        at=at,
        kind=job.call.value,
        run=job.run,
        exit_status=job.exit_status,
        duration_ms=job_runs.took_ms(recent(node=node), called),
        body=job.body,
    )
    beyond = Ping.objects.filter(node=node).order_by("-at", "-id").values_list("pk", flat=True)
    if old := list(beyond[KEPT : 2 * KEPT]):
        Ping.objects.filter(pk__in=old).delete()
    return ping


def recent(*, node: Node) -> list[Called]:
    """The pings of a node that are kept, in order of time."""
    rows = Ping.objects.filter(node=node).order_by("at", "id")
    return [
        Called(at=at, call=Call(kind), run=run)
        for at, kind, run in rows.values_list("at", "kind", "run")
    ]


def why_silent(*, node: Node, at: datetime) -> str:
    """Why silence until `at` is one: a run that did not end, or a ping that did not come."""
    grace = timedelta(seconds=node.ping_grace_s)
    late = [
        start for start in job_runs.open_starts(recent(node=node)).values() if start + grace <= at
    ]
    if late:
        return f"The run that began at {max(late):%H:%M} UTC did not end within {node.ping_grace_s:g} s."
    return f"No ping in time; one was due every {node.ping_every_s} s."
