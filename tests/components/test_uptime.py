"""Uptime: exact time per status, the figure made of it, and days cut in the page's zone."""

import itertools
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common import timespan
from components import status, uptime
from components.status import Status
from components.uptime import BothWays, Change, DayBar, Tally, Weights

OP, DE, PA, MA, MT, UN = (
    Status.OPERATIONAL,
    Status.DEGRADED_PERFORMANCE,
    Status.PARTIAL_OUTAGE,
    Status.MAJOR_OUTAGE,
    Status.UNDER_MAINTENANCE,
    Status.UNKNOWN,
)
STRICT = Weights()
MINUTE_US = 60_000_000
DAY_US = 24 * 60 * MINUTE_US
NOON = datetime(2026, 11, 19, 12, 0, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

# No deadline: a busy machine is not a failing rule.
properties = settings(deadline=None)

# Each does something at midnight that a naive 24-hour day gets wrong.
zones = st.sampled_from(
    [
        "UTC",
        "Europe/Paris",
        "America/New_York",
        "America/Sao_Paulo",
        "America/St_Johns",
        "America/Toronto",
        "America/Havana",
        "Africa/Cairo",
        "Asia/Beirut",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "Pacific/Apia",
    ]
).map(ZoneInfo)
moments = st.datetimes(
    min_value=datetime(1919, 1, 1), max_value=datetime(2037, 12, 31), timezones=st.just(UTC)
)
weight_values = st.fractions(min_value=0, max_value=1)
some_weights = st.builds(
    Weights,
    major_outage=weight_values,
    partial_outage=weight_values,
    degraded_performance=weight_values,
    under_maintenance=weight_values,
)
some_tallies = st.builds(
    Tally.of,
    st.dictionaries(st.sampled_from(Status), st.integers(min_value=0, max_value=400 * DAY_US)),
)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Change], datetime]:
    """Changes around the days before a moment, some of them at one instant or in the future."""
    now = draw(moments)
    backs = st.one_of(
        st.timedeltas(min_value=timedelta(days=-3), max_value=timedelta(days=15)),
        st.integers(min_value=-3, max_value=15).map(lambda days: timedelta(days=days)),
    )
    changes = st.builds(lambda back, said: Change(now - back, said), backs, st.sampled_from(Status))
    return draw(st.lists(changes, max_size=25)), now


def at(hour: int, minute: int = 0, *, day: int = 19) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def bar(day: int, spent_us: dict[Status, int]) -> DayBar:
    return DayBar(date(2026, 11, day), Tally.of(spent_us), None, is_partial=False)


def status_at(changes: Sequence[Change], moment: datetime) -> Status:
    """The status that holds at a moment, read from the definition and not from the sweep."""
    held, since = UN, None
    for change in changes:
        if change.at <= moment and (since is None or change.at >= since):
            held, since = change.status, change.at
    return held


def counted_slowly(changes: Sequence[Change], start: datetime, end: datetime) -> Tally:
    """The same tally by looking up the status of every stretch between two changes."""
    inside = {change.at for change in changes if start < change.at < end}
    spent: dict[Status, int] = dict.fromkeys(Status, 0)
    for begins, ends in itertools.pairwise(sorted({start, end} | inside)):
        spent[status_at(changes, begins)] += (ends - begins) // MICROSECOND
    return Tally.of(spent)


# --- time per status


def test_each_status_is_counted_from_its_change_up_to_the_next() -> None:
    changes = [Change(at(1), OP), Change(at(3), PA), Change(at(3, 42), OP)]

    spent = uptime.tally(changes, start=at(0), end=at(12))

    assert spent == Tally.of(
        {UN: 60 * MINUTE_US, OP: (120 + 498) * MINUTE_US, PA: 42 * MINUTE_US}
    ), "nobody knows about the hour before the first change"


def test_the_status_at_the_start_is_that_of_the_last_change_before_it() -> None:
    changes = [Change(at(0, day=1), OP), Change(at(0, day=2), MA)]
    spent = uptime.tally(changes, start=at(0), end=at(1))
    assert spent == Tally.of({MA: 60 * MINUTE_US})


def test_a_period_includes_its_start_and_excludes_its_end() -> None:
    changes = [Change(at(1), OP), Change(at(2), MA)]
    assert uptime.tally(changes, start=at(1), end=at(2)) == Tally.of({OP: 60 * MINUTE_US})


def test_an_open_outage_lasts_until_now() -> None:
    changes = [Change(at(0), OP), Change(at(11, 33), PA)]
    spent = uptime.tally(changes, start=at(0), end=NOON)
    assert uptime.down_minutes(spent, STRICT) == 27


def test_an_empty_period_has_no_time() -> None:
    assert uptime.tally([Change(at(0), OP)], start=NOON, end=NOON) == Tally()


def test_a_period_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match="before it starts"):
        uptime.tally([], start=at(2), end=at(1))


def test_of_two_changes_at_one_instant_the_later_one_in_the_sequence_holds() -> None:
    changes = [Change(at(6), OP), Change(at(1), MA), Change(at(1), OP), Change(at(6), PA)]
    spent = uptime.tally(changes, start=at(1), end=NOON)
    assert spent == Tally.of({OP: 300 * MINUTE_US, PA: 360 * MINUTE_US})


@properties
@given(history=histories(), days=st.integers(min_value=0, max_value=20))
def test_every_microsecond_of_a_period_is_counted_once_under_the_status_that_held(
    history: tuple[list[Change], datetime], days: int
) -> None:
    changes, now = history
    start = now - timedelta(days=days)

    spent = uptime.tally(changes, start=start, end=now)

    assert spent.total_us == days * DAY_US
    assert spent == counted_slowly(changes, start, now)


@properties
@given(history=histories(), cut=st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=9)))
def test_two_halves_of_a_period_add_up_to_it(
    history: tuple[list[Change], datetime], cut: timedelta
) -> None:
    changes, now = history
    start = now - timedelta(days=9)
    halves = [
        uptime.tally(changes, start=start, end=start + cut),
        uptime.tally(changes, start=start + cut, end=now),
    ]
    assert halves[0] + halves[1] == uptime.tally(changes, start=start, end=now)


@properties
@given(history=histories(), again=st.timedeltas(timedelta(days=-3), timedelta(days=15)))
def test_a_change_that_repeats_the_status_changes_nothing(
    history: tuple[list[Change], datetime], again: timedelta
) -> None:
    changes, now = history
    moment = now - again
    repeated = [*changes, Change(moment, status_at(changes, moment))]
    period = {"start": now - timedelta(days=10), "end": now}
    assert uptime.tally(repeated, **period) == uptime.tally(changes, **period)


@properties
@given(history=histories())
def test_changes_in_the_future_do_not_count(history: tuple[list[Change], datetime]) -> None:
    changes, now = history
    so_far = [change for change in changes if change.at < now]
    period = {"start": now - timedelta(days=10), "end": now}
    assert uptime.tally(changes, **period) == uptime.tally(so_far, **period)


@properties
@given(history=histories(), data=st.data())
def test_the_order_of_changes_at_different_instants_does_not_matter(
    history: tuple[list[Change], datetime], data: st.DataObject
) -> None:
    changes, now = history
    distinct = list({change.at: change for change in changes}.values())
    shuffled = data.draw(st.permutations(distinct))
    period = {"start": now - timedelta(days=10), "end": now}
    assert uptime.tally(shuffled, **period) == uptime.tally(distinct, **period)


# --- days


def test_today_is_partial_and_the_days_before_are_whole() -> None:
    changes = [Change(at(6, day=18), OP), Change(at(11, 33), PA)]

    bars = uptime.day_bars(changes, now=NOON, days=3, time_zone=ZoneInfo("UTC"))

    assert bars == [
        DayBar(date(2026, 11, 17), Tally.of({UN: DAY_US}), None, is_partial=False),
        DayBar(
            date(2026, 11, 18),
            Tally.of({UN: 360 * MINUTE_US, OP: 1080 * MINUTE_US}),
            OP,
            is_partial=False,
        ),
        DayBar(
            date(2026, 11, 19),
            Tally.of({OP: 693 * MINUTE_US, PA: 27 * MINUTE_US}),
            PA,
            is_partial=True,
        ),
    ]


def test_at_midnight_today_has_begun_and_has_no_time_yet() -> None:
    bars = uptime.day_bars([Change(at(0, day=1), OP)], now=at(0), days=2, time_zone=ZoneInfo("UTC"))
    assert [(bar.day.day, bar.tally.total_us, bar.worst) for bar in bars] == [
        (18, DAY_US, OP),
        (19, 0, None),
    ]


def test_today_is_the_day_of_the_page_and_not_of_utc() -> None:
    bars = uptime.day_bars([], now=at(23), days=1, time_zone=ZoneInfo("Asia/Tokyo"))
    assert bars[0].day == date(2026, 11, 20)
    assert bars[0].tally.total_us == 8 * 60 * MINUTE_US


def test_a_history_of_no_days_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one day"):
        uptime.day_bars([], now=NOON, days=0, time_zone=ZoneInfo("UTC"))


@pytest.mark.parametrize(
    ("zone", "day", "hours", "why"),
    [
        ("Europe/Paris", date(2026, 3, 29), 23, "the clock goes forward"),
        ("Europe/Paris", date(2026, 10, 25), 25, "the clock goes back"),
        ("America/New_York", date(2026, 3, 8), 23, "the clock goes forward"),
        ("America/New_York", date(2026, 11, 1), 25, "the clock goes back"),
        ("America/Sao_Paulo", date(2018, 11, 4), 23, "there was no midnight"),
        ("America/Sao_Paulo", date(2018, 2, 17), 25, "at midnight it was 23:00 again"),
        ("Africa/Cairo", date(2026, 4, 24), 23, "there is no midnight"),
        ("Africa/Cairo", date(2026, 10, 29), 25, "at midnight it is 23:00 again"),
        ("America/Havana", date(2025, 11, 2), 25, "midnight came twice"),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5, "half an hour back"),
        ("Pacific/Apia", date(2011, 12, 30), 0, "the date was left out"),
        ("UTC", date(2028, 2, 29), 24, "a leap day is a day like others"),
    ],
)
def test_a_day_has_the_hours_that_passed_in_its_zone(
    zone: str, day: date, hours: float, why: str
) -> None:
    time_zone = ZoneInfo(zone)
    now = timespan.day_start(day + timedelta(days=3), time_zone=time_zone)
    changes = [Change(now - timedelta(days=30), OP)]

    bars = uptime.day_bars(changes, now=now, days=9, time_zone=time_zone)

    assert {bar.day: bar.tally for bar in bars}[day] == Tally.of(
        {OP: int(hours * 60) * MINUTE_US}
    ), why


def test_no_day_begins_after_now_where_the_clock_jumped_over_midnight_from_before_it() -> None:
    toronto = ZoneInfo("America/Toronto")
    now = datetime(1919, 3, 31, 4, 45, tzinfo=UTC)  # 15 minutes after 23:30 became 00:30
    changes = [Change(now - timedelta(days=9), OP)]

    bars = uptime.day_bars(changes, now=now, days=2, time_zone=toronto)

    assert [bar.day for bar in bars] == [date(1919, 3, 30), date(1919, 3, 31)]
    assert bars[1].tally == Tally()
    assert uptime.total(bars).total_us == (23 * 60 + 45) * MINUTE_US


def test_a_year_with_a_leap_day_has_all_its_days() -> None:
    now = datetime(2028, 12, 31, 23, 59, tzinfo=UTC)
    bars = uptime.day_bars([], now=now, days=366, time_zone=ZoneInfo("UTC"))
    assert bars[0].day == date(2028, 1, 1)
    assert date(2028, 2, 29) in {bar.day for bar in bars}
    assert uptime.total(bars).total_us == 366 * DAY_US - MINUTE_US


@properties
@given(history=histories(), days=st.integers(min_value=1, max_value=20), time_zone=zones)
def test_days_have_no_gap_and_no_overlap_and_hold_their_own_time(
    history: tuple[list[Change], datetime], days: int, time_zone: ZoneInfo
) -> None:
    changes, now = history

    bars = uptime.day_bars(changes, now=now, days=days, time_zone=time_zone)

    dates = [bar.day for bar in bars]
    assert dates == [now.astimezone(time_zone).date() - timedelta(n) for n in range(days)][::-1]
    assert [bar.is_partial for bar in bars] == [False] * (days - 1) + [True]
    edges = [min(timespan.day_start(day, time_zone=time_zone), now) for day in dates] + [now]
    for shown, (start, end) in zip(bars, itertools.pairwise(edges), strict=True):
        assert shown.tally == counted_slowly(changes, start, end)
    assert uptime.total(bars) == uptime.tally(changes, start=edges[0], end=now)


@properties
@given(now=moments, time_zone=zones)
def test_a_whole_day_is_as_long_as_from_one_midnight_to_the_next(
    now: datetime, time_zone: ZoneInfo
) -> None:
    for shown in uptime.day_bars([], now=now, days=5, time_zone=time_zone)[:-1]:
        start = timespan.day_start(shown.day, time_zone=time_zone)
        end = timespan.day_start(shown.day + timedelta(days=1), time_zone=time_zone)
        assert shown.tally.total_us == (min(end, now) - start) // MICROSECOND


@properties
@given(history=histories())
def test_the_mark_of_a_day_is_the_worst_status_of_which_it_has_known_time(
    history: tuple[list[Change], datetime],
) -> None:
    changes, now = history
    for shown in uptime.day_bars(changes, now=now, days=12, time_zone=ZoneInfo("UTC")):
        known = {member for member in Status if shown.tally.us(member)} - {UN}
        assert shown.worst == (status.worst(known) if known else None)


def test_each_change_is_read_once_however_many_days_there_are() -> None:
    read = 0

    def flapping() -> Iterator[Change]:
        nonlocal read
        for hours in range(24 * 90):
            read += 1
            yield Change(NOON - timedelta(hours=hours), MA if hours % 2 else OP)

    bars = uptime.day_bars(flapping(), now=NOON, days=90, time_zone=ZoneInfo("UTC"))

    assert read == 24 * 90
    assert len(bars) == 90


# --- figures


def test_ninety_days_with_82_minutes_down_show_as_they_can_be_recomputed() -> None:
    now = at(0)
    changes = [
        Change(now - timedelta(days=200), OP),
        Change(now - timedelta(days=60), MA),
        Change(now - timedelta(days=60) + timedelta(minutes=13), OP),
        Change(now - timedelta(days=20), PA),
        Change(now - timedelta(days=20) + timedelta(minutes=42), DE),
        Change(now - timedelta(days=19), OP),
        Change(now - timedelta(minutes=27), PA),
    ]

    spent = uptime.tally(changes, start=now - timedelta(days=90), end=now)

    assert spent.known_us == 129_600 * MINUTE_US
    assert uptime.down_minutes(spent, STRICT) == 82
    assert uptime.percent(spent, STRICT) == Decimal("99.93"), "99.936... is rounded down"


@pytest.mark.parametrize(
    ("weights", "figure", "minutes"),
    [(STRICT, "99.87", 55), (Weights(partial_outage=Decimal("0.3")), "99.94", 26)],
)
def test_the_worked_example_of_the_documentation_is_right(
    weights: Weights, figure: str, minutes: int
) -> None:
    spent_min = {OP: 42_825, MA: 13, PA: 42, DE: 200, UN: 120}
    spent = Tally.of({said: held * MINUTE_US for said, held in spent_min.items()})
    assert spent.total_us == 43_200 * MINUTE_US
    assert str(uptime.percent(spent, weights)) == figure
    assert uptime.down_minutes(spent, weights) == minutes
    assert uptime.unknown_minutes(spent) == 120


@pytest.mark.parametrize(
    ("spent", "expected", "why"),
    [
        ({OP: DAY_US}, "100.00", "nothing was down"),
        ({MA: DAY_US}, "0.00", "everything was down"),
        ({OP: DAY_US, PA: DAY_US}, "50.00", "half"),
        ({OP: 400 * DAY_US, MA: 1}, "99.99", "a microsecond in a year is not nothing"),
        ({OP: 1, MA: 400 * DAY_US}, "0.00", "a microsecond up does not lift a figure"),
        ({OP: DAY_US, DE: DAY_US}, "100.00", "degraded performance does not count"),
        ({OP: DAY_US, MT: DAY_US}, "100.00", "announced maintenance does not count"),
        ({OP: DAY_US, MA: DAY_US, UN: 88 * DAY_US}, "50.00", "unknown time is in neither"),
        ({MA: 1, UN: 88 * DAY_US}, "0.00", "unknown time is not up"),
    ],
)
def test_the_percentage_is_the_known_time_that_was_not_down(
    spent: dict[Status, int], expected: str, why: str
) -> None:
    assert str(uptime.percent(Tally.of(spent), STRICT)) == expected, why


def test_without_known_time_there_is_no_percentage() -> None:
    assert uptime.percent(Tally.of({UN: DAY_US}), STRICT) is None
    assert uptime.percent(Tally(), STRICT) is None


def test_a_page_may_weigh_every_status_of_trouble() -> None:
    weights = Weights(
        partial_outage=Decimal("0.3"), degraded_performance=Fraction(1, 3), under_maintenance=1
    )
    spent = Tally.of(
        {OP: 70 * MINUTE_US, PA: 10 * MINUTE_US, DE: 9 * MINUTE_US, MT: 11 * MINUTE_US}
    )
    assert uptime.percent(spent, weights) == Decimal("83.00")  # 100 - 3 - 3 - 11
    assert spent.weighted_down_s(weights) == 17 * 60
    assert spent.down_s(weights) == 30 * 60, "by the clock, whatever the weight"
    assert uptime.down_minutes(spent, weights) == 17


def test_weights_are_exact_and_equal_however_they_are_written() -> None:
    assert Weights(partial_outage=Decimal("0.300")) == Weights(partial_outage=Fraction(3, 10))
    assert Weights(partial_outage=Decimal("0.3")).of(PA) == Fraction(3, 10)


def test_operational_and_unknown_time_have_no_weight() -> None:
    everything = Weights(degraded_performance=1, under_maintenance=1)
    assert everything.of(OP) == 0
    assert everything.of(UN) == 0


@pytest.mark.parametrize("given", [2, -1, Decimal("1.001"), Decimal("NaN"), Decimal("Infinity")])
def test_a_weight_that_is_not_from_0_to_1_is_refused(given: Decimal | int) -> None:
    with pytest.raises(ValueError, match=r"partial_outage is .* from 0 to 1"):
        Weights(partial_outage=given)


def test_a_weight_written_as_a_float_is_refused() -> None:
    inexact: Any = 0.3
    with pytest.raises(TypeError, match="float"):
        Weights(partial_outage=inexact)


@pytest.mark.parametrize(
    ("down_us", "minutes"), [(0, 0), (1, 1), (MINUTE_US, 1), (MINUTE_US + 1, 2)]
)
def test_minutes_down_are_rounded_up_so_that_no_outage_reads_as_none(
    down_us: int, minutes: int
) -> None:
    assert uptime.down_minutes(Tally.of({OP: DAY_US, MA: down_us}), STRICT) == minutes


@pytest.mark.req("K6")
def test_maintenance_is_counted_both_ways() -> None:
    spent = Tally.of({OP: 90 * DAY_US, MT: 9 * DAY_US, MA: DAY_US})
    assert uptime.percent(spent, STRICT) == Decimal("99.00")
    for weights in (
        STRICT,
        Weights(under_maintenance=1),
        Weights(under_maintenance=Decimal("0.5")),
    ):
        both = uptime.with_and_without_maintenance(spent, weights)
        assert both == BothWays(without=Decimal("99.00"), counted=Decimal("90.00"))


def test_without_maintenance_there_is_one_way_to_count() -> None:
    assert uptime.with_and_without_maintenance(Tally.of({OP: DAY_US, MA: 1}), STRICT) is None


@given(st.integers(0, DAY_US), st.integers(1, DAY_US), st.integers(0, DAY_US))
def test_counting_maintenance_never_raises_the_uptime(up: int, worked: int, down: int) -> None:
    both = uptime.with_and_without_maintenance(Tally.of({OP: up, MT: worked, MA: down}), STRICT)
    assert both is not None
    assert both.counted is not None
    assert both.without is not None
    assert both.counted <= both.without


def test_unknown_minutes_are_told_apart() -> None:
    spent = Tally.of({OP: DAY_US, UN: 90 * MINUTE_US + 1})
    assert uptime.unknown_minutes(spent) == 91
    assert (spent.total_s, spent.known_s, spent.unknown_s) == (91_800.000001, 86_400, 5400.000001)
    assert spent.seconds(OP) == 86_400


@properties
@given(spent=some_tallies, weights=some_weights)
def test_a_percentage_lies_from_0_to_100_and_is_100_only_without_downtime(
    spent: Tally, weights: Weights
) -> None:
    shown = uptime.percent(spent, weights)
    if shown is None:
        assert spent.known_us == 0
        return
    assert 0 <= shown <= 100
    assert shown == shown.quantize(Decimal("0.01"))
    assert (shown == 100) == (spent.weighted_down_s(weights) == 0)
    exact = 100 * (1 - spent.weighted_down_s(weights) * 1_000_000 / spent.known_us)
    assert Fraction(shown) <= exact < Fraction(shown) + Fraction(1, 100)


@properties
@given(
    spent=some_tallies,
    weights=some_weights,
    moved_us=st.integers(min_value=0, max_value=DAY_US),
    worse=st.sampled_from([DE, PA, MA, MT]),
)
def test_operational_time_that_turns_out_worse_never_raises_the_percentage(
    spent: Tally, weights: Weights, moved_us: int, worse: Status
) -> None:
    moved_us = min(moved_us, spent.us(OP))
    after = spent + Tally.of({OP: -moved_us, worse: moved_us})
    shown = [uptime.percent(these, weights) for these in (spent, after)]
    if shown[0] is not None and shown[1] is not None:
        assert shown[1] <= shown[0]
    assert uptime.down_minutes(after, weights) >= uptime.down_minutes(spent, weights)


@properties
@given(
    spent=some_tallies, weights=some_weights, unknown_us=st.integers(min_value=0, max_value=DAY_US)
)
def test_unknown_time_changes_neither_the_percentage_nor_the_minutes(
    spent: Tally, weights: Weights, unknown_us: int
) -> None:
    more = spent + Tally.of({UN: unknown_us})
    assert uptime.percent(more, weights) == uptime.percent(spent, weights)
    assert uptime.down_minutes(more, weights) == uptime.down_minutes(spent, weights)
    assert more.known_us == spent.known_us
    assert more.unknown_us == spent.unknown_us + unknown_us


# --- affected days


def test_days_with_trouble_are_listed_newest_first() -> None:
    bars = [
        bar(1, {OP: DAY_US}),
        bar(2, {OP: DAY_US - 1, MA: 1}),
        bar(3, {UN: DAY_US}),
        bar(4, {DE: DAY_US}),
        bar(5, {MT: DAY_US}),
        bar(6, {PA: DAY_US}),
    ]
    assert [shown.day.day for shown in uptime.affected_days(bars, STRICT)] == [6, 4, 2]


def test_a_day_of_maintenance_is_listed_where_maintenance_counts_as_down() -> None:
    bars = [bar(1, {OP: DAY_US, MT: 1})]
    assert uptime.affected_days(bars, STRICT) == []
    assert uptime.affected_days(bars, Weights(under_maintenance=Decimal("0.5"))) == bars
