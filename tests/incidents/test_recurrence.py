"""Recurrence on the wall clock: which days, at which instants, and rules that are refused quickly."""

import time
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise, takewhile
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from incidents import recurrence, windows
from incidents.recurrence import RuleNotUsable

UTC_ZONE = ZoneInfo("UTC")
FIRST = datetime(2026, 11, 24, 22, 0)  # a Tuesday


def days(text: str, *, limit: int = 5, first: datetime = FIRST) -> list[str]:
    rule = recurrence.parse(text, zone=UTC_ZONE)
    found = islice(recurrence.starts(rule, first=first), limit)
    return [f"{start:%Y-%m-%d}" for start in found]


@pytest.mark.req("K6")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FREQ=DAILY", ["2026-11-24", "2026-11-25", "2026-11-26"]),
        ("RRULE:FREQ=DAILY;INTERVAL=10", ["2026-11-24", "2026-12-04", "2026-12-14"]),
        ("FREQ=WEEKLY", ["2026-11-24", "2026-12-01", "2026-12-08"]),
        ("FREQ=WEEKLY;BYDAY=MO,WE", ["2026-11-25", "2026-11-30", "2026-12-02"]),
        ("freq=weekly;interval=2;byday=su", ["2026-11-29", "2026-12-13", "2026-12-27"]),
        ("FREQ=MONTHLY", ["2026-11-24", "2026-12-24", "2027-01-24"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31", ["2026-12-31", "2027-01-31", "2027-03-31"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", ["2026-11-30", "2026-12-31", "2027-01-31"]),
        ("FREQ=MONTHLY;BYDAY=2TU", ["2026-12-08", "2027-01-12", "2027-02-09"]),
        ("FREQ=MONTHLY;BYDAY=-1FR", ["2026-11-27", "2026-12-25", "2027-01-29"]),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", ["2027-08-13", "2028-10-13", "2029-04-13"]),
        (
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            ["2026-11-30", "2026-12-31", "2027-01-29"],
        ),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", ["2028-02-29", "2032-02-29", "2036-02-29"]),
        ("FREQ=YEARLY;BYDAY=-1MO", ["2026-12-28", "2027-12-27", "2028-12-25"]),
        ("FREQ=YEARLY;BYMONTH=3;BYDAY=1SU", ["2027-03-07", "2028-03-05", "2029-03-04"]),
    ],
)
def test_the_days_of_a_rule(text: str, expected: list[str]) -> None:
    assert days(text, limit=3) == expected


def test_count_and_until_end_a_rule() -> None:
    assert len(days("FREQ=DAILY;COUNT=3", limit=99)) == 3
    assert days("FREQ=DAILY;UNTIL=20261126", limit=99)[-1] == "2026-11-26"
    assert days("FREQ=DAILY;UNTIL=20261126T215959", limit=99)[-1] == "2026-11-25"


def test_an_until_in_utc_is_read_in_the_zone() -> None:
    tokyo = ZoneInfo("Asia/Tokyo")
    rule = recurrence.parse("FREQ=DAILY;UNTIL=20261125T130000Z", zone=tokyo)

    assert list(recurrence.starts(rule, first=FIRST)) == [FIRST, FIRST + timedelta(days=1)]


WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


@st.composite
def rules(draw: st.DrawFn) -> str:
    """Rules of the supported part, as text."""
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    is_long = frequency in {"MONTHLY", "YEARLY"}
    parts = [f"FREQ={frequency}", f"INTERVAL={draw(st.integers(1, 4))}"]
    # dateutil takes "MO,2TU" for "days that are both"; by the RFC it means either.
    is_counted = is_long and draw(st.booleans())
    nth = st.sampled_from(["1", "2", "4", "5", "-1", "-2"]) if is_counted else st.just("")
    named = draw(st.lists(st.sampled_from(WEEKDAYS), max_size=3, unique=True))
    if named:
        parts.append("BYDAY=" + ",".join(draw(nth) + day for day in named))
    if frequency != "WEEKLY":
        numbers = st.integers(-31, 31).filter(bool)
        dates = draw(st.lists(numbers, max_size=3, unique=True))
        if dates:
            parts.append("BYMONTHDAY=" + ",".join(map(str, dates)))
            # Libraries disagree on "the second Tuesday, if it is the 10th": nobody asks for it.
            parts = [part for part in parts if not (is_long and part.startswith("BYDAY"))]
    months = draw(st.lists(st.integers(1, 12), max_size=3, unique=True))
    if months:
        parts.append("BYMONTH=" + ",".join(map(str, months)))
    if is_long and any(part.startswith(("BYDAY", "BYMONTHDAY")) for part in parts):
        position = draw(st.sampled_from([0, 1, 2, -1]))
        if position:
            parts.append(f"BYSETPOS={position}")
    return ";".join(parts)


@pytest.mark.req("K6")
@settings(max_examples=100, deadline=None)
@given(rules(), st.integers(0, 400))
def test_the_days_are_those_of_an_independent_expander(text: str, offset: int) -> None:
    first = FIRST + timedelta(days=offset)
    last = first + timedelta(days=4 * 366)
    rule = recurrence.parse(text, zone=UTC_ZONE)

    ours = list(takewhile(lambda at: at <= last, recurrence.starts(rule, first=first)))

    # With an impossible rule dateutil would look until the year 9999: compare up to a day of ours.
    if ours:
        theirs = rrulestr(text, dtstart=first)
        assert ours == theirs.between(first, ours[-1], inc=True)


@pytest.mark.parametrize("text", ["FREQ=DAILY;INTERVAL=3", "FREQ=MONTHLY;BYDAY=5MO"])
def test_the_days_end_where_those_of_an_independent_expander_end(text: str) -> None:
    last = FIRST + timedelta(days=3 * 366)
    rule = recurrence.parse(text, zone=UTC_ZONE)

    ours = list(takewhile(lambda at: at <= last, recurrence.starts(rule, first=FIRST)))

    assert ours == rrulestr(text, dtstart=FIRST).between(FIRST, last, inc=True)


EDGES = [
    # zone, first start, days on which the clock changes in 2026 to 2030
    ("Europe/Paris", "22:00", ["2026-10-25", "2027-03-28", "2028-10-29", "2029-03-25"]),
    ("America/New_York", "22:00", ["2026-11-01", "2027-03-14", "2028-11-05", "2030-03-10"]),
    ("Australia/Lord_Howe", "22:00", ["2026-10-04", "2027-04-04", "2028-10-01", "2030-04-07"]),
    ("Africa/Casablanca", "22:00", ["2026-02-15", "2027-03-14", "2028-01-23", "2029-02-18"]),
    ("America/Sao_Paulo", "22:00", ["2026-02-15", "2030-11-03"]),
    ("Asia/Kolkata", "22:00", ["2026-03-29", "2030-10-27"]),
    ("UTC", "22:00", ["2026-03-29", "2030-10-27"]),
]


@pytest.mark.req("K6")
@pytest.mark.parametrize(
    ("zone", "clock", "day"), [(zone, clock, day) for zone, clock, all_ in EDGES for day in all_]
)
def test_ten_at_night_stays_ten_at_night_when_the_clock_changes(
    zone: str, clock: str, day: str
) -> None:
    info = ZoneInfo(zone)
    first = datetime.fromisoformat(f"{day}T{clock}") - timedelta(days=3)
    rule = recurrence.parse("FREQ=DAILY", zone=info)

    found = recurrence.upcoming(
        rule, first=first, zone=info, after=datetime(2020, 1, 1, tzinfo=UTC), limit=7
    )

    assert [f"{windows.wall_clock(at, zone=info):%H:%M}" for _wall, at in found] == [clock] * 7
    changes = {following[1] - one[1] for one, following in pairwise(found)}
    is_plain = zone in {"America/Sao_Paulo", "Asia/Kolkata", "UTC"}
    assert (changes == {timedelta(days=1)}) == is_plain


@pytest.mark.req("K6")
def test_a_start_in_the_missing_hour_is_later_on_that_day_only() -> None:
    paris = ZoneInfo("Europe/Paris")
    rule = recurrence.parse("FREQ=DAILY", zone=paris)

    found = recurrence.upcoming(
        rule,
        first=datetime(2027, 3, 27, 2, 30),
        zone=paris,
        after=datetime(2026, 1, 1, tzinfo=UTC),
        limit=3,
    )

    assert [f"{at.astimezone(paris):%d %H:%M}" for _wall, at in found] == [
        "27 02:30",
        "28 03:30",
        "29 02:30",
    ]
    assert [f"{wall:%H:%M}" for wall, _at in found] == ["02:30"] * 3


@given(st.sampled_from([row[0] for row in EDGES]), st.integers(0, 4 * 366), st.integers(0, 95))
def test_the_next_starts_lie_after_now_and_in_order(zone: str, day: int, quarter: int) -> None:
    info = ZoneInfo(zone)
    after = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day)
    first = datetime(2026, 1, 1) + timedelta(minutes=15 * quarter)
    rule = recurrence.parse("FREQ=DAILY;INTERVAL=2", zone=info)

    found = [
        at for _wall, at in recurrence.upcoming(rule, first=first, zone=info, after=after, limit=5)
    ]

    assert len(found) == 5
    assert found[0] > after
    assert found == sorted(set(found))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not a part"),
        ("hello", "is not a part"),
        ("INTERVAL=2", "Say how often"),
        ("FREQ=SECONDLY", "not SECONDLY"),
        ("FREQ=MINUTELY;INTERVAL=1", "not MINUTELY"),
        ("FREQ=HOURLY", "not HOURLY"),
        ("FREQ=DAILY;COUNT=1000000000", "COUNT is a number from 1 to 1000"),
        ("FREQ=DAILY;COUNT=" + "9" * 400, "COUNT is a number"),
        ("FREQ=DAILY;COUNT=0", "COUNT is a number"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL is a number"),
        ("FREQ=DAILY;INTERVAL=-1", "INTERVAL is a number"),
        ("FREQ=DAILY;INTERVAL=٣", "INTERVAL is a number"),
        ("FREQ=DAILY;FREQ=WEEKLY", "stands there twice"),
        ("FREQ=DAILY;BYHOUR=1,2,3", "BYHOUR is not supported"),
        ("FREQ=DAILY;BYSECOND=0", "BYSECOND is not supported"),
        ("FREQ=DAILY;BYEASTER=0", "BYEASTER is not supported"),
        ("FREQ=YEARLY;BYYEARDAY=1", "BYYEARDAY is not supported"),
        ("FREQ=WEEKLY;BYDAY=XX", "is not a day"),
        ("FREQ=WEEKLY;BYDAY=2TU", "goes with MONTHLY"),
        ("FREQ=MONTHLY;BYDAY=54TU", "BYDAY is a number"),
        ("FREQ=MONTHLY;BYDAY=0TU", "BYDAY is a number"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY is a number"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY is a number"),
        ("FREQ=YEARLY;BYMONTH=13", "BYMONTH is a number"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "does not go with WEEKLY"),
        ("FREQ=DAILY;BYSETPOS=1", "BYSETPOS goes with"),
        ("FREQ=DAILY;UNTIL=tomorrow", "UNTIL is a date"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20270101", "not both"),
        ("FREQ=DAILY;" + "X" * 500, "too long"),
    ],
)
def test_a_rule_that_cannot_be_used_is_refused_with_its_reason(text: str, words: str) -> None:
    with pytest.raises(RuleNotUsable, match=words) as caught:
        recurrence.parse(text, zone=UTC_ZONE)

    assert caught.value.message % caught.value.values == str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=31",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;INTERVAL=2;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=MONTHLY;BYDAY=6MO",
        "FREQ=MONTHLY;BYMONTHDAY=1;BYSETPOS=2",
        "FREQ=DAILY;UNTIL=20200101",
    ],
)
def test_a_rule_without_any_day_is_refused_quickly(text: str) -> None:
    rule = recurrence.parse(text, zone=UTC_ZONE)
    first = datetime(2027, 11, 24, 22, 0) if "INTERVAL" in text else FIRST
    began = time.perf_counter()

    with pytest.raises(RuleNotUsable, match="No day fits"):
        recurrence.check_matches(rule, first=first)

    assert time.perf_counter() - began < 2  # a library's expander takes six seconds or more


def test_a_rule_that_never_ends_ends_after_fifty_years() -> None:
    rule = recurrence.parse("FREQ=YEARLY", zone=UTC_ZONE)

    assert len(list(recurrence.starts(rule, first=FIRST))) == 50
