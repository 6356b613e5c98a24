"""What the bench of the fan-out says of its targets: a line that can be read, and an exit that can fail."""

import pytest

from bench import fanout

MADE = {"email": 200, "sms": 100}


def _judged(*, mail_s: float, sms_s: float, mails: int = 200, doubled: int = 0) -> tuple[str, bool]:
    waits = {"email": [mail_s] * mails, "sms": [sms_s] * 100}
    return fanout.judged(made=MADE, waits=waits, posting_s=0.2, doubled=doubled, is_alone=False)


@pytest.mark.req("O2", "O3", "G-03", "G-04")
def test_targets_that_are_met_are_ok() -> None:
    line, is_whole = _judged(mail_s=60, sms_s=10)
    assert "MISSED" not in line
    assert line.count(" ok") == 5
    assert is_whole


@pytest.mark.req("G-03", "G-04")
def test_what_is_too_slow_is_missed_by_name_and_nothing_is_lost() -> None:
    line, is_whole = _judged(mail_s=61, sms_s=11)
    assert "email p99 61.0 s (of 60) MISSED" in line
    assert "sms p99 11.0 s (of 10) MISSED" in line
    assert is_whole
    slow, _ = fanout.judged(made={}, waits={}, posting_s=0.3, doubled=0, is_alone=False)
    assert "posting 300 ms (of 300) MISSED" in slow


@pytest.mark.req("G-01", "G-02")
@pytest.mark.parametrize(
    ("mails", "doubled", "said"),
    [(199, 0, "1 missing (of 0) MISSED"), (200, 1, "1 doubled (of 0) MISSED")],
)
def test_a_message_that_is_missing_or_doubled_fails_the_run(
    mails: int, doubled: int, said: str
) -> None:
    line, is_whole = _judged(mail_s=1, sms_s=1, mails=mails, doubled=doubled)
    assert said in line
    assert not is_whole


def test_mails_alone_have_five_minutes_for_the_last_one() -> None:
    waits = [1.0] * 99 + [301.0]
    line, _ = fanout.judged(
        made={"email": 100}, waits={"email": waits}, posting_s=0.1, doubled=0, is_alone=True
    )
    assert "email all 301.0 s (of 300) MISSED" in line
