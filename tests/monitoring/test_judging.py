from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring import judging
from monitoring.judging import NONE, Limits, Vote
from probing.base import Reason
from probing.health import Health

H, S, D = Health.HEALTHY, Health.SICK, Health.DEAD
MINUTE = timedelta(minutes=1)


def limits(**fields: object) -> Limits:
    return Limits(**({"sick_after_s": 5, "dead_after_s": 10} | fields))  # type: ignore[arg-type]


def run(found: list[Health], *, start: Health | None = H, **fields: object) -> list[Health | None]:
    """The health after each of these checks."""
    health, streak, seen = start, NONE, []
    for each in found:
        health, streak = judging.damp(
            health=health, streak=streak, found=each, limits=limits(**fields)
        )
        seen.append(health)
    return seen


@pytest.mark.req("D2", "D3")
@pytest.mark.parametrize(
    ("latency_ms", "expected"),
    [(0, H), (4999, H), (5000, S), (9999, S), (10_000, D), (60_000, D)],
)
def test_limits_are_at_or_above(latency_ms: int, expected: Health) -> None:
    assert judging.by_limits(latency_ms, limits()) is expected


@given(st.lists(st.sampled_from(Health)), st.none() | st.sampled_from(Health))
def test_without_damping_every_check_decides(found: list[Health], start: Health | None) -> None:
    assert run(found, start=start) == found


@pytest.mark.parametrize(
    ("found", "seen"),
    [
        ([D, D, D], [H, H, D]),
        ([D, D, H, D, D], [H, H, H, H, H]),
        ([S, D, D, D], [H, H, S, D]),
        ([D, S, D, S], [H, H, S, S]),
        ([S, S, S, D, D, D], [H, H, S, S, S, D]),
    ],
    ids=["dead", "interrupted", "sick, then dead", "mildest of three", "two stages"],
)
def test_it_gets_worse_when_the_last_three_checks_were_all_that_bad(
    found: list[Health], seen: list[Health]
) -> None:
    assert run(found, bad_checks=3) == seen


def test_it_gets_better_when_the_last_two_checks_were_all_that_good() -> None:
    assert run([H, D, H, S, H, H], start=D, good_checks=2) == [D, D, D, S, S, H]


def test_a_flapping_target_stays_what_it_was() -> None:
    assert set(run([D, H] * 30, bad_checks=2, good_checks=2)) == {H}


def test_unknown_turns_healthy_at_once_and_dead_only_after_as_many_bad_checks() -> None:
    assert run([H], start=None, bad_checks=3, good_checks=3) == [H]
    assert run([D, D, D], start=None, bad_checks=3) == [None, None, D]


@given(
    st.lists(st.sampled_from(Health), max_size=60),
    st.integers(1, 5),
    st.integers(1, 5),
    st.sampled_from(Health),
)
def test_the_streak_says_the_same_as_looking_back(
    found: list[Health], bad: int, good: int, start: Health
) -> None:
    seen = run(found, start=start, bad_checks=bad, good_checks=good)
    present, since = start, 0
    for index, health in enumerate(seen):
        back = found[: index + 1]
        if len(back) >= bad and min(each.rank for each in back[-bad:]) > present.rank:
            assert health is not present, "all of the last checks were worse"
        if health is not present and health is not None:
            needed = bad if health.rank > present.rank else good
            tail = back[-needed:]
            assert len(tail) == needed
            extreme = min if health.rank > present.rank else max
            assert extreme(each.rank for each in tail) == health.rank
            present, since = health, index
    assert since <= len(found)


def vote(place: str, health: Health | None, now: datetime, *, age: timedelta = 0 * MINUTE) -> Vote:
    at = now - age
    return Vote(place=place.lower(), name=place, health=health, at=at, fresh_until=at + 3 * MINUTE)


@pytest.mark.parametrize(
    ("healths", "quorum", "expected"),
    [
        ([H, H, H], None, H),
        ([D, H, H], None, S),
        ([D, D, H], None, D),
        ([D, H], None, S),
        ([D, D], None, D),
        ([D], None, D),
        ([S, H, H], None, S),
        ([D, H, H], 1, D),
        ([D, D, H], 3, S),
        ([D, D, D], 9, D),
        ([None, D, D], None, D),
        ([None], None, None),
    ],
)
def test_places_are_counted(
    healths: list[Health | None], quorum: int | None, expected: Health, now: datetime
) -> None:
    votes = [vote(f"P{number}", health, now) for number, health in enumerate(healths)]
    limit = limits(quorum=quorum)
    assert judging.count(votes, at=now, places=len(votes), limits=limit) is expected


def test_a_stale_voter_drops_out(now: datetime) -> None:
    votes = [
        vote("Here", D, now),
        vote("Paris", H, now, age=3 * MINUTE),
        vote("Tokyo", H, now, age=9 * MINUTE),
    ]
    assert judging.count(votes, at=now, places=3, limits=limits()) is D, "one fresh of one"
    assert judging.count(votes, at=now, places=3, limits=limits(quorum=2)) is S, (
        "a quorum that a person set is not lowered"
    )


def test_a_vote_that_went_stale_starts_anew(now: datetime) -> None:
    kept = {"place": "paris", "name": "Paris", "fresh_for": 3 * MINUTE}
    limit = limits(bad_checks=2)
    first = judging.cast(vote=None, found=H, at=now, limits=limit, **kept)  # type: ignore[arg-type]
    second = judging.cast(vote=first, found=D, at=now + MINUTE, limits=limit, **kept)  # type: ignore[arg-type]
    assert (second.health, second.streak.far) == (H, 1)
    later = judging.cast(vote=second, found=D, at=now + 9 * MINUTE, limits=limit, **kept)  # type: ignore[arg-type]
    assert (later.health, later.streak.far) == (None, 1)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"health": D, "bad": 3}, "Dead: 3 checks in a row had no answer; limit 3."),
        ({"health": D, "attempts": 3}, "Dead: the last check had no answer after 3 attempts."),
        (
            {"health": D, "reason": Reason.STATUS_UNEXPECTED},
            "Dead: the last check failed (unexpected status code).",
        ),
        ({"health": S, "ms": 6000}, "Sick: the last check took 5 s or longer."),
        ({"health": D, "reason": Reason.SILENT}, "Dead: no report arrived in time."),
        (
            {"health": H, "previous": D, "ms": 80, "good": 2},
            "Healthy: 2 checks in a row answered within 5 s; limit 2.",
        ),
    ],
)
def test_a_verdict_of_one_place_is_one_plain_sentence(
    fields: dict[str, object], sentence: str
) -> None:
    verdict = judging.explain_checks(
        previous=fields.get("previous", H),  # type: ignore[arg-type]
        health=fields["health"],  # type: ignore[arg-type]
        limits=limits(bad_checks=fields.get("bad", 1), good_checks=fields.get("good", 1)),
        latency_ms=fields.get("ms"),  # type: ignore[arg-type]
        reason=fields.get("reason", Reason.TIMEOUT),  # type: ignore[arg-type]
        attempts=fields.get("attempts", 1),  # type: ignore[arg-type]
    )
    assert verdict.sentence == sentence


@pytest.mark.parametrize(
    ("healths", "sentence"),
    [
        ([H, D, H], "Sick: 1 of 3 places (Paris) gets no answer; 2 are needed for dead."),
        ([D, D, H], "Dead: 2 of 3 places (here, Paris) get no answer; 2 are needed for dead."),
        ([H, H, S], "Sick: 1 of 3 places (Tokyo) gets answers only after 5 s or more."),
        ([H, H, H], "Healthy: all 3 places get answers."),
    ],
)
def test_a_verdict_of_several_places_names_them(
    healths: list[Health], sentence: str, now: datetime
) -> None:
    votes = [
        vote(name, health, now)
        for name, health in zip(["", "Paris", "Tokyo"], healths, strict=True)
    ]
    health = judging.count(votes, at=now, places=3, limits=limits())
    assert health is not None
    verdict = judging.explain_count(votes, health=health, at=now, places=3, limits=limits())
    assert verdict.sentence == sentence
    assert [ballot["health"] for ballot in verdict.as_json()["ballots"]] == healths
