"""What each place says of a replica: read and written with whole waves, in a fixed number of statements.

Nodes that are checked from here alone have no ballots: then the replica itself is the vote.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime

from monitoring import judging
from monitoring.judging import Streak, Vote
from monitoring.models import Ballot, Node, Replica
from monitoring.polling import Observation
from probing.health import Health

_WRITTEN = [
    "health",
    "streak_health",
    "streak",
    "streak_far",
    "at",
    "fresh_until",
    "latency_ms",
    "reason",
    "detail",
]


@dataclass(slots=True)
class Booth:
    """The ballots of one wave's replicas, while it is recorded."""

    names: dict[int, dict[str, str]] = field(default_factory=dict)  # node id: slug: name
    votes: dict[int, dict[str, Vote]] = field(default_factory=dict)  # replica id: slug
    _cast: dict[tuple[int, str], tuple[Vote, Observation]] = field(default_factory=dict)

    def places(self, node: Node) -> dict[str, str]:
        """The places that have a vote on this node's replicas: names by slug."""
        here = {"": ""} if node.is_polled_centrally else {}
        return here | self.names[node.id]

    def last_heard(self, replica: Replica, place: str) -> datetime | None:
        """When the place's latest ballot was cast."""
        vote = self.votes[replica.id].get(place)
        return vote.at if vote else None

    def cast(self, replica: Replica, vote: Vote, observation: Observation) -> list[Vote]:
        """Count the vote; the votes of all places that have one on this replica."""
        votes = self.votes[replica.id]
        votes[vote.place] = vote
        self._cast[replica.id, vote.place] = vote, observation
        places = self.places(replica.node)
        return [replace(v, name=places[p]) for p, v in sorted(votes.items()) if p in places]

    def store(self) -> None:
        """Write what was cast: one statement, none when nothing was."""
        if not self._cast:
            return
        Ballot.objects.bulk_create(
            [
                _row(replica_id, vote, observation)
                for (replica_id, _), (vote, observation) in self._cast.items()
            ],
            update_conflicts=True,
            unique_fields=["replica", "place"],
            update_fields=_WRITTEN,
        )


def load(*, replicas: Collection[Replica]) -> Booth | None:
    """The ballots of these replicas in two statements; None, and no statement, when nobody else votes.

    The replicas carry `has_places`, and their rows are locked.
    """
    voted = [replica for replica in replicas if getattr(replica, "has_places", False)]
    if not voted:
        return None
    names: dict[int, dict[str, str]] = defaultdict(dict)
    rows = Node.locations.through.objects.filter(node__in={replica.node_id for replica in voted})
    for node_id, slug, name in rows.values_list("node_id", "location__slug", "location__name"):
        names[node_id][slug] = name
    votes: dict[int, dict[str, Vote]] = {replica.id: {} for replica in voted}
    for ballot in Ballot.objects.filter(replica__in=voted):
        votes[ballot.replica_id][ballot.place] = _vote(ballot)
    for replica in voted:
        own = as_vote(replica)
        if own is not None and not votes[replica.id] and replica.node.is_polled_centrally:
            # Until others had a vote the replica was our own: that is not forgotten.
            votes[replica.id][""] = own
    return Booth(names, votes)


def as_vote(replica: Replica) -> Vote | None:
    """The replica as the vote of the only place; None before its first outcome."""
    if replica.last_outcome_at is None or replica.fresh_until is None:
        return None
    return Vote(
        place="",
        health=replica.measured,
        streak=streak_of(replica),
        at=replica.last_outcome_at,
        fresh_until=replica.fresh_until,
    )


def streak_of(row: Replica | Ballot) -> Streak:
    """The stored streak."""
    if not row.streak_health:
        return judging.NONE
    return Streak(Health(row.streak_health), row.streak, row.streak_far)


def put_streak(row: Replica | Ballot, streak: Streak) -> None:
    """Put the streak into the row (not saved)."""
    row.streak_health = streak.towards or ""
    row.streak, row.streak_far = streak.near, streak.far


def _vote(ballot: Ballot) -> Vote:
    return Vote(
        place=ballot.place,
        health=Health(ballot.health) if ballot.health else None,
        streak=streak_of(ballot),
        at=ballot.at,
        fresh_until=ballot.fresh_until,
    )


def _row(replica_id: int, vote: Vote, observation: Observation) -> Ballot:
    row = Ballot(
        replica_id=replica_id,
        place=vote.place,
        health=vote.health or "",
        at=vote.at,
        fresh_until=vote.fresh_until,
        latency_ms=observation.outcome.latency_ms,
        reason=observation.outcome.reason,
        detail=observation.outcome.detail,
    )
    put_streak(row, vote.streak)
    return row
