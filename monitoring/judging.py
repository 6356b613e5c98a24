"""The rules of a verdict: damping, quorum, and the sentence that explains them (pure).

Recording and the back-test call these same functions. A place (here, or a named location) makes up
its mind by damping its own checks; what the places say is counted by a quorum.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from probing.base import Reason
from probing.health import Health

HERE = "here"
_NO_ANSWER = frozenset(
    {
        Reason.TIMEOUT,
        Reason.UNREACHABLE,
        Reason.REFUSED,
        Reason.RESET,
        Reason.NAME_NOT_FOUND,
        Reason.DNS_FAILED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a person set on the node. `quorum` None is the majority of the fresh ballots."""

    sick_after_s: float
    dead_after_s: float
    bad_checks: int = 1
    good_checks: int = 1
    quorum: int | None = None
    retries: int = 0


@dataclass(frozen=True, slots=True)
class Streak:
    """Checks in a row that point away from the present health.

    `near` of them point at least one step towards `towards` (healthy or dead), `far` of them, the
    latest ones, two steps.
    """

    towards: Health | None = None
    near: int = 0
    far: int = 0


NONE = Streak()


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """What a place makes of a replica; `health` is None until it has made up its mind."""

    place: str  # slug, empty for here
    name: str = ""  # for a person; empty for here
    health: Health | None = None
    streak: Streak = NONE
    at: datetime
    fresh_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Why a replica has a health: the rule, what went into it, and one plain sentence."""

    health: Health | None
    rule: str  # "checks", "quorum", "gap"
    sentence: str
    limits: Limits | None = None
    streak: int = 1
    needed: int = 1
    ballots: tuple[Vote, ...] = ()

    def as_json(self, samples: Sequence[tuple[datetime, int | None, str]] = ()) -> dict[str, Any]:
        """The verdict as stored; `samples` are the checks it rests on: (at, ms, health)."""
        return {
            "health": self.health,
            "rule": self.rule,
            "sentence": self.sentence,
            "limits": asdict(self.limits) if self.limits else None,
            "streak": self.streak,
            "needed": self.needed,
            "ballots": [
                {
                    "place": vote.place,
                    "name": vote.name or HERE,
                    "health": vote.health,
                    "at": vote.at.isoformat(),
                }
                for vote in self.ballots
            ],
            "samples": [[at.isoformat(), ms, health] for at, ms, health in samples],
        }


def by_limits(latency_ms: int, limits: Limits) -> Health:
    """The health of an answer that took so long, in whole milliseconds, rounded down.

    Whole, because that is what a sample keeps and a replay sees. Both limits are at-or-above (D2, D3).
    """
    latency_s = latency_ms / 1000
    if latency_s >= limits.dead_after_s:
        return Health.DEAD
    return Health.SICK if latency_s >= limits.sick_after_s else Health.HEALTHY


def damp(
    *, health: Health | None, streak: Streak, found: Health, limits: Limits
) -> tuple[Health | None, Streak]:
    """The health after one more check, and the streak to go on with.

    It gets worse once the last `bad_checks` checks were all at least that bad, and better once the
    last `good_checks` were all at least that good. Unknown (None) turns healthy at once, and waits
    for `bad_checks` like a healthy one before it is called sick or dead.
    """
    if found is health or (health is None and found is Health.HEALTHY):
        return found, NONE
    base = health or Health.HEALTHY
    distance = found.rank - base.rank
    towards = Health.DEAD if distance > 0 else Health.HEALTHY
    needed = limits.bad_checks if distance > 0 else limits.good_checks
    near, far = (streak.near, streak.far) if streak.towards is towards else (0, 0)
    near, far = near + 1, far + 1 if abs(distance) == 2 else 0
    if far >= needed:
        return found, NONE
    if near >= needed:
        # What points two steps away goes on pointing one step away from the middle.
        step = found if abs(distance) == 1 else Health.SICK
        return step, Streak(towards, far, 0) if far and step is Health.SICK else NONE
    return health, Streak(towards, near, far)


def cast(
    *, vote: Vote | None, place: str, name: str, found: Health, at: datetime,
    fresh_for: timedelta, limits: Limits,
) -> Vote:  # fmt: skip
    """The place's vote after one more check; a vote that is no longer fresh starts anew."""
    is_fresh = vote is not None and vote.fresh_until > at
    health, streak = damp(
        health=vote.health if vote and is_fresh else None,
        streak=vote.streak if vote and is_fresh else NONE,
        found=found,
        limits=limits,
    )
    return Vote(
        place=place, name=name, health=health, streak=streak, at=at, fresh_until=at + fresh_for
    )


def fresh(votes: Sequence[Vote], *, at: datetime) -> list[Vote]:
    """The votes that count at a moment: made up, and not stale."""
    return [vote for vote in votes if vote.health is not None and vote.fresh_until > at]


def needed_for_dead(*, voters: int, places: int, quorum: int | None) -> int:
    """How many of `voters` fresh ballots must say dead: the majority, or the quorum a person set.

    A quorum is not lowered when voters fall silent (they may be silent for the same reason), only
    when it is more than the `places` that there are.
    """
    if quorum is None:
        return voters // 2 + 1
    return max(1, min(quorum, places))


def count(votes: Sequence[Vote], *, at: datetime, places: int, limits: Limits) -> Health | None:
    """What the places together say; None when no ballot is fresh.

    Dead with enough ballots for it. A minority of dead ones is sick, as is any sick one.
    """
    counted = fresh(votes, at=at)
    if not counted:
        return None
    dead = sum(vote.health is Health.DEAD for vote in counted)
    if dead >= needed_for_dead(voters=len(counted), places=places, quorum=limits.quorum):
        return Health.DEAD
    is_well = all(vote.health is Health.HEALTHY for vote in counted)
    return Health.HEALTHY if is_well else Health.SICK


def explain_checks(
    *,
    previous: Health | None,
    health: Health,
    limits: Limits,
    latency_ms: int | None,
    reason: str,
    attempts: int,
) -> Verdict:
    """The verdict of one place that counts alone."""
    is_worse = health.rank > (previous or Health.HEALTHY).rank
    needed = limits.bad_checks if is_worse else limits.good_checks
    if previous is None and not is_worse:
        needed = 1
    if needed > 1:
        body = f"{needed} checks in a row {_found(health, limits, reason, latency_ms)}"
        sentence = f"{health.capitalize()}: {body}; limit {needed}."
    else:
        tries = f" after {attempts} attempts" if attempts > 1 and health is Health.DEAD else ""
        body = f"the last check {_found(health, limits, reason, latency_ms)}{tries}"
        if reason == Reason.SILENT:
            body = "no report arrived in time"
        sentence = f"{health.capitalize()}: {body}."
    return Verdict(
        health=health, rule="checks", sentence=sentence, limits=limits, streak=needed, needed=needed
    )


def explain_count(
    votes: Sequence[Vote], *, health: Health, at: datetime, places: int, limits: Limits
) -> Verdict:
    """The verdict of several places."""
    counted = fresh(votes, at=at)
    dead = [vote for vote in counted if vote.health is Health.DEAD]
    sick = [vote for vote in counted if vote.health is Health.SICK]
    needed = needed_for_dead(voters=len(counted), places=places, quorum=limits.quorum)
    if dead:
        verb = "gets" if len(dead) == 1 else "get"
        body = f"{_share(dead, counted)} {verb} no answer; "
        body += f"{needed} {'is' if needed == 1 else 'are'} needed for dead"
    elif sick:
        verb = "gets" if len(sick) == 1 else "get"
        body = (
            f"{_share(sick, counted)} {verb} answers only after {limits.sick_after_s:g} s or more"
        )
    else:
        body = f"all {len(counted)} places get answers" if len(counted) > 1 else "it answers"
    return Verdict(
        health=health,
        rule="quorum",
        sentence=f"{health.capitalize()}: {body}.",
        limits=limits,
        streak=len(dead),
        needed=needed,
        ballots=tuple(counted),
    )


def explain_gap(*, fresh_for: timedelta) -> Verdict:
    """The verdict when nothing arrived for too long."""
    return Verdict(
        health=None,
        rule="gap",
        sentence=f"Unknown: no check had a result for {fresh_for.total_seconds():g} s.",
    )


def _share(some: Sequence[Vote], counted: Sequence[Vote]) -> str:
    names = ", ".join(vote.name or HERE for vote in some)
    return f"{len(some)} of {len(counted)} places ({names})"


def _found(health: Health, limits: Limits, reason: str, latency_ms: int | None) -> str:
    if health is Health.HEALTHY:
        if latency_ms is None:
            return "said it is well"
        return f"answered within {limits.sick_after_s:g} s"
    if latency_ms is not None:
        limit_s = limits.dead_after_s if health is Health.DEAD else limits.sick_after_s
        return f"took {limit_s:g} s or longer"
    if reason in _NO_ANSWER:
        return "had no answer"
    if health is Health.SICK:
        return "reported too much load"
    label = Reason(reason).label if reason in set(Reason) else ""
    return f"failed ({label})" if label else "failed"
