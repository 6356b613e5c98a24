"""TCP targets: reachable when the port accepts a connection. Latency ends there."""

from probing import progress, resolving, targets
from probing.base import Guard, ProbeOutcome
from probing.network import Dialler
from probing.options import HttpOptions
from probing.progress import Progress
from probing.resolving import Resolver
from probing.targets import Target


async def probe(
    target: Target,
    *,
    http: HttpOptions,
    deadline_s: float,
    guard: Guard,
    resolver: Resolver = resolving.SYSTEM,
) -> ProbeOutcome:
    """Connect and hang up, within `deadline_s` in all. `http` does not apply. Never raises."""
    port = target.port or 0

    async def work(notes: Progress) -> str:
        dialler = Dialler(guard=guard, resolver=resolver, progress=notes, deadline_s=deadline_s)
        connected = await dialler.connect(target.host, port)
        notes.decide()
        connected.close()
        return f"{targets.bracketed(target.host)}:{port} accepts connections."

    return await progress.conclude(work, deadline_s=deadline_s)
