"""Marks: words that occur nowhere else, each with those who may read it. Pure.

Whatever an audience is shown is searched for all marks; one that is not theirs is a leak.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

_MARK = re.compile(r"zq[0-9]{4}qz")


class Audience(StrEnum):
    """Who asks."""

    PUBLIC = "the main page"
    SUB = "the sub-page"
    A = "customer A"
    B = "customer B"
    OUTSIDE = "nobody's visitor"  # who knows an address of a customer and is not let in


EVERY_PAGE = (Audience.PUBLIC, Audience.SUB, Audience.A, Audience.B)


@dataclass(frozen=True, slots=True)
class Leak:
    """A mark where it must not be; `what` it stands for."""

    audience: Audience
    surface: str
    what: str

    def __str__(self) -> str:
        return f"{self.audience} sees {self.what} at {self.surface}"


class Marks:
    """The marks of one world, and what was seen of them."""

    def __init__(self) -> None:
        self._marks: dict[str, tuple[str, frozenset[Audience]]] = {}
        self._may: dict[str, frozenset[Audience]] = {}
        self._seen: set[tuple[str, Audience]] = set()
        self.leaks: list[Leak] = []
        self.surfaces = 0

    def new(self, what: str, *allowed: Audience, also: Iterable[Audience] = ()) -> str:
        """Return a mark that these audiences are to see, those in `also` may, and nobody else."""
        mark = f"zq{len(self._marks) + 1:04}qz"
        self._marks[mark] = (what, frozenset(allowed))
        self._may[mark] = frozenset({*allowed, *also})
        return mark

    def look(self, audience: Audience, surface: str, text: str) -> None:
        """Search what an audience is shown."""
        self.surfaces += 1
        for mark in set(_MARK.findall(text.lower())) & self._marks.keys():
            what, _allowed = self._marks[mark]
            self._seen.add((mark, audience))
            if audience not in self._may[mark]:
                self.leaks.append(Leak(audience, surface, what))

    def unseen(self) -> Iterable[str]:
        """Return what an audience should have seen somewhere and did not: a proof that looks nowhere."""
        for mark, (what, allowed) in self._marks.items():
            for audience in sorted(allowed):
                if (mark, audience) not in self._seen:
                    yield f"{audience} was never shown {what}"
