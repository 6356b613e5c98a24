"""The quick set of the fault laboratory: small audiences, the whole product, real sinks."""

import pytest

from tests.faultlab import faults
from tests.faultlab.lab import Taken


@pytest.mark.story
@pytest.mark.req("G-01", "G-02", "G-05", "F-04")
def test_two_beats_and_two_workers_double_nothing() -> None:
    found = faults.run("F-04", subscribers=300, updates=2)
    assert found["is_good"], found
    assert found["sink_dupes"] == 0, found


def _taken(word: str, *, at: float = 1.0, delivery_id: str = "a", number: int = 0) -> Taken:
    return Taken("email", at, f"reader{number}@example.com", delivery_id, f"[Acme] {word}: x")


def _verdict(taken: list[Taken], **fields: object) -> dict[str, object]:
    counts = {"rows": 1, "states": {"sent": 1}, "unexpanded": 0}
    values = {"fault": "x", "counts": counts, "subscribers": 1, "kills": 0, "posted": 0.0}
    return faults.verdict(taken=taken, **(values | fields))  # type: ignore[arg-type]


def test_the_verdict_finds_what_is_missing_doubled_or_out_of_order() -> None:
    assert _verdict([_taken("Investigating")])["is_good"]
    assert not _verdict([])["is_good"]
    assert not _verdict([_taken("Investigating"), _taken("Investigating")])["is_good"]
    assert _verdict([_taken("Investigating"), _taken("Investigating")], kills=1)["is_good"]
    late = [_taken("Resolved"), _taken("Investigating", at=2, delivery_id="b")]
    assert _verdict(late)["out_of_order"] == 1
    waiting = {"rows": 1, "states": {"pending": 1}, "unexpanded": 0}
    assert not _verdict([_taken("Investigating")], counts=waiting)["is_good"]
