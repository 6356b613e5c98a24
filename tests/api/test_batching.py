"""Group commit: everybody gets its own result, and late comers share a batch."""

import threading
from collections.abc import Sequence

import pytest

from api.batching import GroupCommit


def test_callers_that_come_meanwhile_share_the_next_batch() -> None:
    entered, may_end = threading.Event(), threading.Event()
    batches: list[int] = []

    def carry_out(items: Sequence[int]) -> list[int]:
        batches.append(len(items))
        entered.set()
        may_end.wait(5)
        return [item * 10 for item in items]

    group = GroupCommit(carry_out, limit=100)
    results: dict[int, int] = {}

    def submit(number: int) -> None:
        results[number] = group.submit(number)

    first = threading.Thread(target=submit, args=(0,))
    first.start()
    entered.wait(5)
    others = [threading.Thread(target=submit, args=(number,)) for number in range(1, 20)]
    for thread in others:
        thread.start()
    while group.waiting < 19:
        threading.Event().wait(0.001)
    may_end.set()
    for thread in [first, *others]:
        thread.join(5)

    assert results == {number: number * 10 for number in range(20)}
    assert batches == [1, 19]


def test_a_failed_batch_fails_for_all_and_the_next_one_works() -> None:
    def carry_out(items: Sequence[int]) -> list[int]:
        if 13 in items:
            raise ValueError("no")
        return list(items)

    group = GroupCommit(carry_out, limit=2)

    with pytest.raises(ValueError, match="no"):
        group.submit(13)
    assert group.submit(14) == 14
