"""Moments that somebody can mean, and the far ends of the calendar."""

from datetime import date, datetime

import pytest

from common import moments


def test_what_somebody_can_mean_is_taken_as_it_is() -> None:
    for text in ("1990-01-01T00:00:00+00:00", "2026-11-21T12:00:00+14:00"):
        moment = datetime.fromisoformat(text)
        assert moments.sane(moment) is moment
    assert moments.sane_day(date(2099, 12, 31)) == date(2099, 12, 31)


@pytest.mark.parametrize(
    "text",
    [
        "0001-01-01T00:00:00+14:00",
        "1989-12-31T23:59:59+00:00",
        "1990-01-01T00:00:00+01:00",
        "2100-01-01T00:00:00+00:00",
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_what_nobody_can_mean_is_refused_and_overflows_nowhere(text: str) -> None:
    with pytest.raises(ValueError, match="between 1990 and 2100"):
        moments.sane(datetime.fromisoformat(text))


def test_a_day_that_nobody_can_mean_is_refused() -> None:
    for day in (date(1989, 12, 31), date(2100, 1, 1), date.min, date.max):
        with pytest.raises(ValueError, match="between 1990 and 2100"):
            moments.sane_day(day)
