"""The sentences of the pages: proportionate, and with numbers that can be computed again."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from components.status import Status
from components.uptime import Change, DayBar, Tally, Weights
from public_pages import figures, times, wording
from public_pages.page_views import (
    ComponentView,
    GroupView,
    NodeView,
    PageView,
    ReplicaView,
    SiteView,
)

NOW = datetime(2026, 11, 19, 14, 32, tzinfo=UTC)
MINUTE_US = 60_000_000


@pytest.fixture(autouse=True)
def utc() -> Iterator[None]:
    with timezone.override(UTC):
        yield


def component(name: str, status: Status, *, is_monitored: bool = True) -> ComponentView:
    replica = ReplicaView(number=1, label="1", health=None, is_waiting=False)
    node = NodeView(
        name="web",
        schemes=("https",),
        interval_s=30,
        sick_after_s=5,
        replicas=(replica,) if is_monitored else (),
    )
    return ComponentView(
        id=len(name),
        slug=name.lower(),
        name=name,
        description="",
        group_name="",
        status=status,
        status_since=NOW,
        is_in_maintenance=False,
        was_checked=True,
        nodes=(node,),
        changes=(),
    )


def page(*components: ComponentView, checked_at: datetime | None = NOW) -> PageView:
    site = SiteView(name="Acme", time_zone=ZoneInfo("UTC"), weights=Weights(), is_demo=False)
    groups = (GroupView(name="", is_collapsed=False, components=components),)
    return PageView(
        revision=1,
        as_of=NOW,
        site=site,
        groups=groups if components else (),
        checked_at=checked_at,
    )


def fine(count: int) -> list[ComponentView]:
    return [component(f"Fine {number}", Status.OPERATIONAL) for number in range(count)]


@pytest.mark.req("B8")
@pytest.mark.parametrize(
    ("members", "words", "reach"),
    [
        (fine(15), "All systems operational", "15 of 15 components are operational."),
        (fine(1), "All systems operational", "1 of 1 component is operational."),
        (
            [component("Checkout", Status.PARTIAL_OUTAGE), *fine(11)],
            "Partial outage",
            "Checkout has problems. The other 11 components are operational.",
        ),
        (
            [
                component("Search", Status.DEGRADED_PERFORMANCE),
                component("Checkout", Status.MAJOR_OUTAGE),
                *fine(1),
            ],
            "Major outage",
            "Checkout and Search have problems. The other component is operational.",
        ),
        (
            [component(name, Status.PARTIAL_OUTAGE) for name in "ABCDE"],
            "Partial outage",
            "A, B, C and 2 more have problems.",
        ),
        (
            [component("Mail", Status.UNDER_MAINTENANCE), *fine(2)],
            "Under maintenance",
            "Mail is under maintenance. The other 2 components are operational.",
        ),
        (
            [component("Mail", Status.UNKNOWN), *fine(2)],
            "We cannot confirm the current status",
            "We have no recent data for Mail. The other 2 components are operational.",
        ),
        (
            [
                component("Mail", Status.UNKNOWN),
                component("By hand", Status.OPERATIONAL, is_monitored=False),
            ],
            "We cannot confirm the current status",
            "Our monitoring has not reported since 19 Nov 2026, 14:32 UTC.",
        ),
        ([], "This page has no components yet", "Incidents still appear here."),
    ],
)
def test_the_headline_says_the_state_and_how_far_it_reaches(
    members: list[ComponentView], words: str, reach: str
) -> None:
    headline = wording.headline(page(*members))

    assert (headline.words, headline.reach) == (words, reach)


def test_a_page_that_was_never_checked_says_so() -> None:
    headline = wording.headline(page(component("Mail", Status.UNKNOWN), checked_at=None))

    assert headline.reach == "The first checks have not finished yet."


def test_an_empty_page_claims_nothing() -> None:
    assert wording.headline(page()).status == Status.UNKNOWN


@pytest.mark.parametrize(
    ("spent", "worst", "sentence"),
    [
        ({Status.OPERATIONAL: 1440}, Status.OPERATIONAL, "No downtime"),
        (
            {Status.OPERATIONAL: 1000, Status.UNKNOWN: 440},
            Status.OPERATIONAL,
            "No downtime · 7 h 20 min without data",
        ),
        ({Status.UNKNOWN: 1440}, None, "No data"),
        (
            {Status.OPERATIONAL: 1367, Status.PARTIAL_OUTAGE: 13, Status.DEGRADED_PERFORMANCE: 60},
            Status.PARTIAL_OUTAGE,
            "Partial outage, 13 min · Degraded performance, 1 h 00 min",
        ),
        (
            {Status.OPERATIONAL: 1395, Status.UNDER_MAINTENANCE: 45},
            Status.UNDER_MAINTENANCE,
            "Under maintenance, 45 min",
        ),
    ],
)
def test_a_day_is_told_worst_first_with_its_minutes(
    spent: dict[Status, int], worst: Status | None, sentence: str
) -> None:
    tally = Tally.of({status: minutes * MINUTE_US for status, minutes in spent.items()})
    bar = DayBar(date(2026, 11, 19), tally, worst, is_partial=False)

    assert wording.day_sentence(bar, is_before_start=False) == sentence


def test_days_before_the_first_change_are_told_apart_from_days_without_data() -> None:
    bar = DayBar(date(2026, 11, 19), Tally(), None, is_partial=False)

    assert wording.day_sentence(bar, is_before_start=True) == "Not monitored yet"


def test_the_strip_has_a_twin_in_words() -> None:
    start = Change(NOW - timedelta(days=400), Status.OPERATIONAL)
    outage = Change(NOW - timedelta(days=20), Status.PARTIAL_OUTAGE)
    end = Change(NOW - timedelta(days=20) + timedelta(minutes=42), Status.OPERATIONAL)

    def summary(*changes: Change) -> str:
        return wording.summary(
            figures.history(changes, weights=Weights(), now=NOW, time_zone=ZoneInfo("UTC"))
        )

    assert summary() == "No history yet."
    assert summary(start) == "Past 90 days: no problems recorded."
    assert summary(start, outage, end) == (
        "Past 90 days: 1 day with problems, most recently 30 Oct: Partial outage, 42 min."
    )


@pytest.mark.req("A9")
@pytest.mark.parametrize(
    ("weights", "sentences"),
    [
        (
            Weights(),
            [
                "Minutes in major outage or partial outage count as down.",
                "Degraded performance and announced maintenance do not count.",
            ],
        ),
        (
            Weights(partial_outage=Decimal("0.3"), degraded_performance=Decimal("0.125")),
            [
                "Minutes in major outage count as down.",
                "Counted in part: partial outage to 30% and degraded performance to 12.5%.",
                "Announced maintenance does not count.",
            ],
        ),
        (
            Weights(major_outage=0, partial_outage=0, under_maintenance=1),
            [
                "Minutes in announced maintenance count as down.",
                "Major outage, partial outage and degraded performance do not count.",
            ],
        ),
    ],
)
def test_the_rule_is_made_from_the_weights_of_the_page(
    weights: Weights, sentences: list[str]
) -> None:
    assert wording.rule(weights) == " ".join([*sentences, "Time that nobody measured is left out."])


@pytest.mark.req("A9")
def test_the_worked_example_uses_the_real_minutes_and_agrees_with_the_figure_shown() -> None:
    spent = Tally.of(
        {
            Status.OPERATIONAL: (129_600 - 82) * MINUTE_US,
            Status.PARTIAL_OUTAGE: 82 * MINUTE_US,
        }
    )

    example = wording.worked_example(spent, Weights())

    assert example == (
        "129,600 minutes were measured in 90 days; 82 were down: "
        "(129,600 − 82) ÷ 129,600 = 99.936…%. We round down, so we show 99.93%, "
        "and we never show 100% when there was downtime."
    )


@pytest.mark.req("A9")
@pytest.mark.parametrize(("seconds", "shown"), [(272, "4.5"), (1, "0.1")])
def test_the_example_never_has_more_minutes_down_than_were_measured(
    seconds: int, shown: str
) -> None:
    spent = Tally.of({Status.PARTIAL_OUTAGE: seconds * MINUTE_US // 60})

    assert wording.worked_example(spent, Weights()).startswith(
        f"{shown} minutes were measured in 90 days; {shown} were down: ({shown} − {shown}) ÷ {shown} ="
    )


@pytest.mark.req("A9")
def test_without_downtime_the_example_says_100_and_without_data_nothing() -> None:
    fine = Tally.of({Status.OPERATIONAL: 90 * MINUTE_US, Status.UNKNOWN: MINUTE_US})

    assert wording.worked_example(fine, Weights()) == (
        "90 minutes were measured in 90 days and none was down, so we show 100%."
    )
    assert wording.worked_example(Tally(), Weights()) == ""


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(0, "0 min"), (42, "42 min"), (60, "1 h 00 min"), (69, "1 h 09 min"), (4560, "3 d 4 h")],
)
def test_lengths_of_time_are_short_and_exact_enough(minutes: int, words: str) -> None:
    assert times.duration(minutes) == words


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("UTC", "14:32 UTC"),
        ("Europe/Paris", "15:32 CET"),
        ("America/Sao_Paulo", "11:32 UTC-03:00"),
        ("Asia/Kolkata", "20:02 IST"),
    ],
)
def test_a_time_names_its_zone(zone: str, words: str) -> None:
    with timezone.override(ZoneInfo(zone)):
        assert times.clock(NOW) == words


@pytest.mark.parametrize(
    ("value", "words"), [(0.8, "800 ms"), (1.0, "1 s"), (1.24, "1.24 s"), (0.0204, "20 ms")]
)
def test_response_times_have_a_unit_a_person_would_choose(value: float, words: str) -> None:
    assert times.seconds(value) == words


@pytest.mark.parametrize(
    ("interval_s", "words"),
    [
        (1, "every second"),
        (30, "every 30 seconds"),
        (60, "every 60 seconds"),
        (300, "every 5 minutes"),
        (90, "every 90 seconds"),
    ],
)
def test_a_node_says_how_it_is_watched(interval_s: int, words: str) -> None:
    replica = ReplicaView(number=1, label="1", health=None, is_waiting=False)
    node = NodeView(
        name="web",
        schemes=("https", "tcp"),
        interval_s=interval_s,
        sick_after_s=5,
        replicas=(replica,),
    )

    assert wording.node_line(node) == f"Polled over HTTPS and TCP {words}"


@pytest.mark.parametrize(
    ("name", "title"),
    [("Acme", "Acme Status"), ("Status", "Status"), ("Acme status", "Acme status")],
)
def test_the_title_says_status_once(name: str, title: str) -> None:
    assert wording.site_title(name) == title
