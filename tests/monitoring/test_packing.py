import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring import packing
from monitoring.packing import Outcome, PackedDataBroken, PackedSample

samples = st.lists(
    st.builds(
        PackedSample,
        offset_ds=st.integers(0, 35_999),
        latency_ms=st.none() | st.integers(0, 600_000),
        outcome=st.sampled_from(Outcome),
    ),
    max_size=200,
)


@given(samples)
def test_what_is_packed_comes_back_in_order_of_time(hour: list[PackedSample]) -> None:
    assert packing.unpack(packing.pack(hour)) == sorted(hour, key=lambda sample: sample.offset_ds)


def test_a_replica_checked_on_time_costs_three_bytes_a_sample_at_most() -> None:
    hour = [PackedSample(n * 600 + n % 3, 80 + n * 7 % 40, Outcome.HEALTHY) for n in range(60)]
    assert len(packing.pack(hour)) <= 3 * 60 + 4


@pytest.mark.parametrize("data", [b"", b"\x02\x00\x00", b"\x01\x80", b"\x01\x00"])
def test_foreign_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(PackedDataBroken):
        packing.unpack(data)


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([], 0.5, None),
        ([7], 0.95, 7),
        ([1, 2, 3, 4], 0.5, 2),
        (list(range(1, 101)), 0.95, 95),
        (list(range(1, 21)), 0.95, 19),
    ],
)
def test_percentiles_are_values_that_were_measured(
    values: list[int], share: float, expected: int | None
) -> None:
    assert packing.percentile(values, share) == expected
