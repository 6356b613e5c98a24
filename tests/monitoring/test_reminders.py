from datetime import datetime, timedelta

import pytest

from monitoring import reminders
from monitoring.reminders import Backoff, Plan

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("backoff", "limit", "minutes"),
    [
        (Backoff.NONE, 3, [5, 5, 5, 5, 5]),
        (Backoff.LINEAR, 3, [5, 10, 15, 15, 15]),
        (Backoff.SQUARE, 3, [5, 20, 45, 45, 45]),
        (Backoff.CUBIC, 2, [5, 40, 40, 40, 40]),
    ],
)
def test_reminders_become_rarer_up_to_the_limit(
    backoff: Backoff, limit: int, minutes: list[int]
) -> None:
    plan = Plan(interval=5 * MINUTE, backoff=backoff, limit=limit)
    waits = [reminders.wait(plan=plan, sent=sent) for sent in range(5)]
    assert waits == [n * MINUTE for n in minutes]


def test_a_reminder_is_due_at_the_interval_and_not_while_muted(now: datetime) -> None:
    plan = Plan(interval=5 * MINUTE)

    def is_due(waited: timedelta, muted_until: datetime | None = None) -> bool:
        return reminders.is_due(
            plan=plan, sent=0, last_notice_at=now, muted_until=muted_until, now=now + waited
        )

    assert not is_due(5 * MINUTE - timedelta(seconds=1))
    assert is_due(5 * MINUTE)
    assert not is_due(6 * MINUTE, muted_until=now + 7 * MINUTE)
    assert is_due(7 * MINUTE, muted_until=now + 7 * MINUTE)


def test_without_an_interval_nobody_is_reminded(now: datetime) -> None:
    assert not reminders.is_due(
        plan=Plan(interval=None),
        sent=0,
        last_notice_at=now,
        muted_until=None,
        now=now + timedelta(days=30),
    )


def test_urgency_reaches_one_recipient_more_with_each_reminder() -> None:
    plan = Plan(interval=MINUTE, escalates=True)
    urgent = [
        [reminders.is_urgent(plan=plan, sent=sent, position=n) for n in range(3)]
        for sent in range(3)
    ]
    assert urgent == [[True, False, False], [True, True, False], [True, True, True]]


def test_without_escalation_a_reminder_is_urgent_for_all() -> None:
    assert reminders.is_urgent(plan=Plan(interval=MINUTE), sent=0, position=7)
