"""The quick set of the fault laboratory: a small audience, the whole product, real sinks; and its judge."""

import importlib
from typing import Any

import pytest

from tests.faultlab import dying_points, faults, of_processes, verdicts
from tests.faultlab.lab import Taken
from tests.faultlab.verdicts import Expected


@pytest.mark.story
@pytest.mark.req("G-01", "G-02", "G-05", "F-01", "F-04")
def test_two_beats_double_nothing_and_a_killed_worker_loses_nothing() -> None:
    found = of_processes.quick(200)
    assert found["is_good"], found
    assert found["dupes_without_kills"] == 0, found
    assert found["taken_at_the_kill"] < 200, found


def _row(sequence: int = 1, state: str = "sent", **fields: Any) -> dict[str, Any]:
    row = {
        "id": f"id{sequence}",
        "key": f"update:{sequence}",
        "topic": "incident:a",
        "sequence": sequence,
        "channel": "email",
        "address": "ana@example.com",
        "state": state,
        "error": "",
    }
    return row | fields


def _taken(sequence: int = 1, *, at: float = 1.0) -> Taken:
    return Taken("email", at, "ana@example.com", f"id{sequence}", "x")


def _broken(rows: list[dict[str, Any]], taken: list[Taken], **fields: Any) -> list[str]:
    people = ["ana@example.com"]
    expected = Expected(people=people, updates=len(rows), **fields)
    announced = {str(row["key"]): 0.0 for row in rows}
    broken: list[str] = verdicts.judge(
        rows=rows, announced=announced, taken=taken, expected=expected
    )["broken"]
    return broken


def test_the_verdict_is_good_when_everybody_got_the_newest_once() -> None:
    assert _broken([_row()], [_taken()]) == []
    assert _broken([_row(1, "folded"), _row(2)], [_taken(2)]) == []
    assert _broken([_row(), _row(2)], [_taken(), _taken(2, at=2)]) == []


@pytest.mark.parametrize(
    ("rows", "taken"),
    [
        ([_row()], []),  # noted as sent, and nobody has it
        ([_row(1, "folded"), _row(2, "unknown")], [_taken(1)]),
        ([_row(1, "failed"), _row(2)], [_taken(2)]),
        ([_row(1, "pending")], []),
        ([_row(address="bo@example.com")], [_taken()]),  # no row for one of the people
    ],
)
def test_the_verdict_finds_what_is_missing(rows: list[dict[str, Any]], taken: list[Taken]) -> None:
    assert "something is missing" in _broken(rows, taken)


def test_the_verdict_finds_what_is_doubled_beyond_what_may_be() -> None:
    twice = [_taken(), _taken(at=2)]
    assert _broken([_row()], twice) == ["more doubled than may be"]
    assert _broken([_row()], twice, doubled=1) == []


def test_the_verdict_finds_an_older_update_after_a_newer() -> None:
    rows = [_row(1), _row(2)]
    assert _broken(rows, [_taken(2), _taken(1, at=2)]) == ["an older update came after a newer"]


def test_a_fault_may_insist_on_more() -> None:
    assert _broken([_row()], [_taken()], holds={"fast": False}) == ["not so: fast"]


def test_every_fault_of_the_list_says_what_it_does() -> None:
    for fault in faults.FAULTS.values():
        assert fault.title


def test_every_point_to_die_at_exists_in_the_product() -> None:
    for point in dying_points.POINTS.values():
        module, _, path = point.function.partition(":")
        owner: Any = importlib.import_module(module)
        for name in path.split("."):
            owner = getattr(owner, name)
        assert callable(owner)
