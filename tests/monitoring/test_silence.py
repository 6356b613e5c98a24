"""The rule of silence: a table."""

from datetime import UTC, datetime, timedelta

import pytest

from monitoring import reports, silence
from monitoring.models import Mode, SilenceRule
from tests import build

TABLE = [
    # rule, dead after, announced, grace, allowed
    (SilenceRule.LONGER, 60, 30, 20, 60),
    (SilenceRule.LONGER, 60, 50, 20, 70),
    (SilenceRule.LONGER, 60, 0, 20, 60),
    (SilenceRule.LAST_REPORT, 60, 120, 20, 60),
    (SilenceRule.ANNOUNCED, 60, 120, 20, 180),
    (SilenceRule.LONGER, 60, 10**12, 20, 7 * 86_400 + 20),
    (SilenceRule.LONGER, 60, -5, 20, 60),
    (SilenceRule.LONGER, None, 10, 40, 50),
    (SilenceRule.LAST_REPORT, None, 10, 40, 50),
    (SilenceRule.ANNOUNCED, None, 10, 40, 50),
]


@pytest.mark.req("AMB-2", "D4")
@pytest.mark.parametrize(("rule", "after_s", "announced_s", "grace_s", "allowed_s"), TABLE)
def test_the_allowance_follows_the_rule(
    rule: str, after_s: float | None, announced_s: float, grace_s: float, allowed_s: float
) -> None:
    allowed = silence.allowance(
        rule=rule, silent_after_s=after_s, announced_s=announced_s, grace_s=grace_s
    )
    assert allowed.total_seconds() == allowed_s


@pytest.mark.django_db
@pytest.mark.req("V3", "D4")
@pytest.mark.parametrize(
    ("mode", "after_s", "announced_s", "allowed_s"),
    [
        (Mode.LOCAL, None, 2, 42),
        (Mode.LOCAL, None, 10, 50),
        (Mode.LOCAL, None, 120, 160),
        (Mode.LOCAL, 60, 10, 60),  # somebody asked for it
        (Mode.PUSH, None, 10, 60),
        (Mode.PUSH, None, 50, 70),
        (Mode.PUSH, 20, 5, 25),
    ],
)
def test_a_local_node_waits_for_its_interval_and_40_seconds_and_a_push_node_for_a_minute(
    mode: Mode, after_s: float | None, announced_s: float, allowed_s: float
) -> None:
    node = build.node(mode=mode, silent_after_s=after_s)
    assert reports.allowance(node, announced_s).total_seconds() == allowed_s


@pytest.mark.req("AMB-2")
@pytest.mark.parametrize(
    ("rule", "after_s", "announced_s", "is_short"),
    [
        (SilenceRule.LONGER, 60, 59, False),
        (SilenceRule.LONGER, 60, 60, True),
        (SilenceRule.LAST_REPORT, 60, 61, True),
        (SilenceRule.ANNOUNCED, 20, 60, False),  # there it is a grace on top
    ],
)
def test_a_limit_is_short_when_it_is_not_longer_than_what_is_announced(
    rule: str, after_s: float, announced_s: float, is_short: bool
) -> None:
    told = silence.is_short(rule=rule, silent_after_s=after_s, announced_s=announced_s)
    assert told is is_short


def test_the_rules_are_those_of_the_model() -> None:
    assert {rule.value for rule in silence.Rule} == set(SilenceRule.values)


@pytest.mark.req("E6")
@pytest.mark.parametrize(
    ("away_from", "away_to", "is_missed"),
    [
        (0, 30, False),  # minutes after the last ping: nothing was due
        (0, 49, False),
        (40, 50, True),  # one may come a grace early
        (55, 58, True),
        (65, 90, True),
        (70, 90, True),
        (71, 90, False),  # it was late before we were away
    ],
)
def test_a_ping_may_be_missed_around_the_time_it_is_due(
    away_from: int, away_to: int, *, is_missed: bool
) -> None:
    """Once an hour, with ten minutes of grace."""
    last = datetime(2026, 11, 21, 3, tzinfo=UTC)

    found = silence.may_have_missed(
        silent_at=last + silence.ping_allowance(every_s=3600, grace_s=600),
        grace_s=600,
        away_from=last + timedelta(minutes=away_from),
        away_to=last + timedelta(minutes=away_to),
    )

    assert found is is_missed
