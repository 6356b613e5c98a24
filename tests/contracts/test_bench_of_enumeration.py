"""The statistics that the benches judge with."""

import random

import pytest

from bench.enumeration import P_MIN, kolmogorov_smirnov


def _times(seed: int, *, later_ms: float = 0.0) -> list[float]:
    chance = random.Random(seed)
    return [chance.gauss(10, 2) + later_ms for _ in range(1_000)]


@pytest.mark.req("G-17")
def test_equal_kinds_pass_and_half_a_millisecond_more_is_seen() -> None:
    same = [kolmogorov_smirnov(_times(seed), _times(seed + 100))[1] for seed in range(20)]
    assert min(same) > P_MIN
    later = [
        kolmogorov_smirnov(_times(seed), _times(seed + 100, later_ms=0.5))[1] for seed in range(20)
    ]
    assert max(later) < P_MIN


def test_distance_and_chance_are_those_of_the_tables() -> None:
    assert kolmogorov_smirnov([1, 2, 3, 4], [5, 6, 7, 8])[0] == 1.0
    assert kolmogorov_smirnov([1, 2, 2, 3], [2, 1, 3, 2])[0] == 0.0
    # The critical distance for two times 1,000 at 1 % is 1.628 * sqrt(2 / 1000).
    first = [float(number) for number in range(1_000)]
    second = [number + 73.0 for number in first]
    distance, p = kolmogorov_smirnov(first, second)
    assert distance == pytest.approx(0.073)
    assert p == pytest.approx(0.01, abs=0.002)
