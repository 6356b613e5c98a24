"""The DNS records that a name needs, and what was found of them. Pure.

What several servers said of one record becomes one of five findings: the servers of the zone know
what is entered, the resolvers show what the world sees of it by now.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Found(StrEnum):
    """What was found of one record."""

    FOUND = "found"
    MISSING = "missing"
    WRONG = "wrong"
    WAITING = "waiting"  # entered, but not everywhere yet
    UNANSWERED = "unanswered"  # nobody answered


@dataclass(frozen=True, slots=True)
class Said:
    """What one server said of a record.

    `values`: texts of TXT, addresses of A and AAAA. `aliases`: where CNAMEs lead, in their order.
    `is_authority`: a server of the zone itself. `answered`: false when it could not be asked.
    """

    is_authority: bool
    values: frozenset[str] = frozenset()
    aliases: tuple[str, ...] = ()
    answered: bool = True


@dataclass(frozen=True, slots=True)
class Finding:
    """One record, with what is expected of it and what was seen instead."""

    kind: str  # TXT, or CNAME for the record that leads here
    name: str
    state: Found
    expected: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "name": self.name,
            "state": self.state.value,
            "expected": list(self.expected),
            "seen": list(self.seen),
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Finding":
        return cls(
            kind=stored["kind"],
            name=stored["name"],
            state=Found(stored["state"]),
            expected=tuple(stored["expected"]),
            seen=tuple(stored["seen"]),
        )


@dataclass(frozen=True, slots=True)
class Target:
    """Where a name has to lead.

    `alias`: the name for a CNAME; empty when this installation has none. `addresses`: the addresses
    for A and AAAA; every address that a name has must be one of them, or some visitors would land
    elsewhere.
    """

    alias: str = ""
    addresses: frozenset[str] = field(default_factory=frozenset)


def judge_challenge(*, name: str, challenge: str, said: Sequence[Said]) -> Finding:
    """Judge the TXT record; other texts beside ours do no harm."""
    seen = sorted({value for one in said for value in one.values if value != challenge})
    state = _state([_Vote(one, challenge in one.values, bool(one.values)) for one in said])
    return Finding("TXT", name, state, (challenge,), tuple(seen[:5]))


def judge_target(*, name: str, target: Target, said: Sequence[Said]) -> Finding:
    """Judge the record that leads here: a CNAME to us, or addresses that are all ours."""
    votes = [_Vote(one, _leads_here(one, target), bool(one.aliases or one.values)) for one in said]
    # The zone's own servers do not follow an alias that leads out of the zone: resolvers do.
    votes = [vote for vote in votes if vote.is_right or not _leads_on(vote.said)]
    seen = {
        value
        for vote in votes
        if not vote.is_right
        for value in (*vote.said.aliases, *vote.said.values)
    }
    expected = (target.alias,) if target.alias else tuple(sorted(target.addresses))
    return Finding("CNAME", name, _state(votes), expected, tuple(sorted(seen)[:5]))


@dataclass(frozen=True, slots=True)
class _Vote:
    said: Said
    is_right: bool
    has_any: bool


def _leads_here(said: Said, target: Target) -> bool:
    if target.alias and target.alias in said.aliases:
        return True
    return bool(said.values) and said.values <= target.addresses


def _leads_on(said: Said) -> bool:
    return said.is_authority and bool(said.aliases) and not said.values


def _state(votes: Collection[_Vote]) -> Found:
    """All servers of the zone and one resolver have it; without the zone's servers, every resolver."""
    answered = [vote for vote in votes if vote.said.answered]
    zone = [vote.is_right for vote in answered if vote.said.is_authority]
    world = [vote.is_right for vote in answered if not vote.said.is_authority]
    if not world:
        return Found.UNANSWERED
    if (all(zone) and any(world)) if zone else all(world):
        return Found.FOUND
    if any(zone + world):
        return Found.WAITING
    return Found.WRONG if any(vote.has_any for vote in answered) else Found.MISSING
