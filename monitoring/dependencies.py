"""Which failure is the cause and which only follow from it: dead nodes that depend on dead nodes.

Pure. Called by `alerting` with everything that is dead and not told yet, in any order; the answer
does not depend on the order.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was last seen of a replica; `is_suspect`: its last check was bad, damping holds it."""

    node: int
    is_dead: bool
    since: datetime | None = None
    checked_at: datetime | None = None
    is_suspect: bool = False


class Answer(Enum):
    TELL = auto()
    HOLD = auto()  # wait: what it depends on may turn out to be the cause
    FOLD = auto()  # part of what is told of `root`


@dataclass(frozen=True, slots=True)
class Verdict:
    answer: Answer
    root: int | None = None


TELL, HOLD = Verdict(Answer.TELL), Verdict(Answer.HOLD)


def ancestors(node: int, depends_on: Mapping[int, Collection[int]]) -> set[int]:
    """Every node that this one depends on, directly or not; never one that depends on it in turn.

    Nodes in a circle explain nothing about each other: each is told for itself.
    """
    return {
        other for other in reachable(node, depends_on) if node not in reachable(other, depends_on)
    }


def judge(
    *,
    node: int,
    died_at: datetime,
    checked_at: datetime,
    depends_on: Mapping[int, Collection[int]],
    seen: Iterable[Seen],
    window: timedelta,
    now: datetime,
) -> Verdict:
    """What to do about a replica of `node` that died at `died_at`, was last checked `checked_at`,
    and is not told yet.

    While a node above it is dead, it is folded into the topmost of those. Otherwise it is told as
    soon as everything above was checked after its death and is not dead, and it was itself checked
    after the last of them came back; at the latest when the window has passed since both.
    """
    above = ancestors(node, depends_on)
    if not above:
        return TELL
    replicas = [replica for replica in seen if replica.node in above]
    dead = {replica.node for replica in replicas if replica.is_dead}
    if dead:
        topmost = {other for other in dead if not ancestors(other, depends_on) & dead}
        return Verdict(Answer.FOLD, min(topmost))
    if all(_is_cleared(replica, died_at, checked_at) for replica in replicas):
        return TELL
    came_back = [replica.since for replica in replicas if replica.since is not None]
    return TELL if now >= max([died_at, *came_back]) + window else HOLD


def _is_cleared(replica: Seen, died_at: datetime, checked_at: datetime) -> bool:
    """Whether this replica, alive, cannot be the cause of that death any more."""
    if replica.is_suspect or replica.checked_at is None or replica.checked_at < died_at:
        return False
    return replica.since is None or replica.since <= died_at or checked_at > replica.since


def reachable(node: int, depends_on: Mapping[int, Collection[int]]) -> set[int]:
    """Every node that this one depends on, directly or not; itself too when it is in a circle."""
    found: set[int] = set()
    waiting = list(depends_on.get(node, ()))
    while waiting:
        other = waiting.pop()
        if other not in found:
            found.add(other)
            waiting.extend(depends_on.get(other, ()))
    return found
