"""Draw up which tests run on SQLite alone, from the statements that each of them causes.

    .venv/bin/python -m pytest -p tests.statements -n 2 -m "not story and not postgres and not browser"
    .venv/bin/python -m tests.on_sqlite_alone

The first records, for each test, what the product executes and where; the second writes
`on_sqlite_alone.txt` and prints what was looked at. A statement is its text without values and the
function of the product that executes it. Of each that writes, locks or fails some test has to run on
PostgreSQL, preferably one of the app's own tests, which say what should come of it; of what only reads,
once for each text. The cheapest set of such tests is chosen by greed.
"""

import collections
import heapq
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from tests.statements import RECORDS, Statement

LIST = Path(__file__).with_name("on_sqlite_alone.txt")
_OVERHEAD_S = 0.02
"""What a test costs beside its own work."""
_DEAR_S = 2.0
"""A test that costs more is chosen only for what no other executes."""


class Recorded(NamedTuple):
    """What is known of one test."""

    seconds: float
    commits: bool
    statements: frozenset[Statement]

    @property
    def is_given(self) -> bool:
        """Whether it is chosen whatever it executes: its transactions are real, and it is cheap."""
        return self.commits and self.seconds < _DEAR_S


def read_records() -> dict[str, Recorded]:
    """By name, every test that was recorded."""
    found = {}
    for path in sorted(RECORDS.glob("*.jsonl")):
        for line in path.read_text().splitlines():
            name, seconds, commits, statements = json.loads(line)
            found[name] = Recorded(
                seconds, commits, frozenset(Statement(*statement) for statement in statements)
            )
    return found


def choose(recorded: Mapping[str, Recorded]) -> set[str]:
    """The tests to run on PostgreSQL: what commits at little cost, and the cheapest that do all the rest."""
    candidates = _candidates(recorded)
    chosen = {name for name in recorded if recorded[name].is_given}
    missing = set[Statement]().union(*candidates.values())
    missing = missing.difference(*(candidates[name] for name in chosen))

    def worth(name: str) -> float:
        return len(candidates[name] & missing) / _cost(recorded[name])

    queue = [(-worth(name), name) for name in candidates]
    heapq.heapify(queue)
    while missing:
        _, name = heapq.heappop(queue)
        if queue and -worth(name) > queue[0][0]:
            heapq.heappush(queue, (-worth(name), name))  # the others took much of it
            continue
        if candidates[name] & missing:
            chosen.add(name)
            missing -= candidates[name]
    return chosen - set(_superfluous(chosen, candidates, recorded))


def _cost(test: Recorded) -> float:
    return test.seconds + _OVERHEAD_S


def _candidates(recorded: Mapping[str, Recorded]) -> dict[str, set[Statement]]:
    """By test, the statements that it may stand for: to write is of the app's own tests, if they do."""
    tests_of = collections.defaultdict[Statement, set[str]](set)
    apps_of = collections.defaultdict[Statement, set[str]](set)
    for name, test in recorded.items():
        for statement in test.statements:
            if wanted := statement.wanted:
                tests_of[wanted].add(name)
                apps_of[wanted].add(statement.place.split("/")[0])
    found: dict[str, set[Statement]] = {name: set() for name in recorded}
    for wanted, names in tests_of.items():
        apps = apps_of[wanted] if wanted.place else set()
        own = {name for name in names if name.split("/")[1] in apps}
        for name in own or names:
            found[name].add(wanted)
    return found


def _superfluous(
    chosen: set[str],
    candidates: Mapping[str, set[Statement]],
    recorded: Mapping[str, Recorded],
) -> Iterator[str]:
    """What was chosen early and is done by the others by now, the dearest first."""
    times = collections.Counter(statement for name in chosen for statement in candidates[name])
    for name in sorted(chosen, key=lambda name: -recorded[name].seconds):
        if not recorded[name].is_given and all(times[one] > 1 for one in candidates[name]):
            times.subtract(candidates[name])
            yield name


HEADER = """\
# Tests that run on SQLite alone: see tests/second_run.py. Drawn up by tests/on_sqlite_alone.py.
# A test that is not here and has a database runs on PostgreSQL as well.
"""


def write_list(recorded: Mapping[str, Recorded], chosen: set[str], path: Path) -> None:
    """Name all tests that were recorded and not chosen, one a line, below their files."""
    partly = {name.split("[")[0] for name in chosen}
    names = collections.defaultdict[str, set[str]](set)
    for full in recorded.keys() - chosen:
        function = full.split("[")[0]
        file, name = (full if function in partly else function).split("::", 1)
        names[file].add(name)
    lines = [
        line for file in sorted(names) for line in (file, *map("  {}".format, sorted(names[file])))
    ]
    path.write_text(HEADER + "\n".join(lines) + "\n")


def main() -> None:
    recorded = read_records()
    chosen = choose(recorded)
    write_list(recorded, chosen, LIST)
    print(
        f"{len(recorded)} tests, {sum(test.seconds for test in recorded.values()):.0f} s of work;"
    )
    print(f"chosen {len(chosen)}, {sum(recorded[name].seconds for name in chosen):.0f} s.")
    everything = set[Statement]().union(*(test.statements for test in recorded.values()))
    executed = set[Statement]().union(*(recorded[name].statements for name in chosen))
    stood_for = {statement.wanted for statement in executed}
    for kind in sorted({statement.kind for statement in everything} - {""}):
        wanted = {one.wanted for one in everything if one.kind == kind}
        print(
            f"{kind:28}{len(wanted):6} recorded{len(wanted - stood_for):6} in no test of PostgreSQL"
        )


if __name__ == "__main__":
    main()
