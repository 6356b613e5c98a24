"""The rule of silence: a table."""

import pytest

from monitoring import silence
from monitoring.models import SilenceRule

TABLE = [
    # rule, dead after, announced, grace, allowed
    (SilenceRule.LONGER, 60, 30, 20, 60),
    (SilenceRule.LONGER, 60, 50, 20, 70),
    (SilenceRule.LONGER, 60, 0, 20, 60),
    (SilenceRule.LAST_REPORT, 60, 120, 20, 60),
    (SilenceRule.ANNOUNCED, 60, 120, 20, 180),
    (SilenceRule.LONGER, 60, 10**12, 20, 7 * 86_400 + 20),
    (SilenceRule.LONGER, 60, -5, 20, 60),
]


@pytest.mark.req("AMB-2", "D4")
@pytest.mark.parametrize(("rule", "after_s", "announced_s", "grace_s", "allowed_s"), TABLE)
def test_the_allowance_follows_the_rule(
    rule: str, after_s: float, announced_s: float, grace_s: float, allowed_s: float
) -> None:
    allowed = silence.allowance(
        rule=rule, silent_after_s=after_s, announced_s=announced_s, grace_s=grace_s
    )
    assert allowed.total_seconds() == allowed_s


def test_the_rules_are_those_of_the_model() -> None:
    assert {rule.value for rule in silence.Rule} == set(SilenceRule.values)
