"""The worker's own look for due work: one step that fails keeps no other from its turn."""

import pytest

from statuspage import sweeping


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("G-01")
def test_a_step_that_fails_holds_up_none_after_it(caplog: pytest.LogCaptureFixture) -> None:
    done: list[str] = []

    def fails() -> None:
        raise ValueError("broken row")

    def works() -> None:
        done.append("works")

    sweeping.sweep([fails, works])

    assert done == ["works"]
    assert "sweep failed: fails" in caplog.text


def test_each_step_of_the_deliveries_stands_alone() -> None:
    names = [step.__name__ for step in sweeping.JOBS["deliveries"]]
    assert names.index("answer_asked") < names.index("drain_due_deliveries")
    assert len(names) == 8
