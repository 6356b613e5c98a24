"""Statements read from the records, sealed when their month is over, and exported."""

import csv
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from catalog.models import CatalogType, Entry, EntryPage, PageSource
from components import pages
from components.models import Component, Page, PageKind, StatusChange
from components.status import Source, Status
from incidents import publishing
from incidents.lifecycle import Impact, State
from incidents.publishing import Report
from sla import csv_writing, promises, reading, sealing, wording
from sla.models import SealedStatement
from sla.reading import NoSuchMonth
from sla.statements import Statement
from tests import build

pytestmark = pytest.mark.django_db

OCTOBER = date(2026, 10, 1)
AT = datetime(2026, 10, 6, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def api() -> Component:
    return build.component(name="API")


@pytest.fixture
def page(api: Component) -> Page:
    return build.page(kind=PageKind.CUSTOMER, name="Initech", components=[api])


def outage(component: Component, title: str = "Payments fail") -> None:
    """Two hours of major outage by an incident, on 6 October."""
    report = Report(
        title=title, text="Looking.", impact=Impact.CRITICAL, components={component.id: None}
    )
    row = publishing.open_incident(report=report, notify=False, now=AT)
    publishing.post_update(
        incident=row, state=State.RESOLVED, text="Over.", notify=False, now=AT + 2 * HOUR
    )


def held(component: Component, status: Status, start: datetime, end: datetime) -> None:
    for at, said in ((start, status), (end, Status.OPERATIONAL)):
        StatusChange.objects.create(
            component=component, status=said, at=at, recorded_at=at, cause=Source.MONITOR
        )


def test_a_statement_lists_every_interval_with_its_cause_and_what_it_counts(
    page: Page, api: Component, now: datetime
) -> None:
    outage(api)
    held(api, Status.DEGRADED_PERFORMANCE, AT + 5 * HOUR, AT + 6 * HOUR)

    statement = reading.of_month(page=page, month=OCTOBER, now=now)

    first, second = statement.rows
    assert (first.component, first.starts_at, first.minutes) == ("API", AT, 120)
    assert (wording.cause(first), wording.why(first)) == ("Payments fail", "Counted as down")
    assert wording.cause(second) == "Measured by monitors"
    assert wording.why(second) == "Not counted: this status is not down"
    assert statement.together.percent == "99.73"  # 742 of 744 hours
    assert statement.is_over


def test_other_components_and_their_incidents_are_not_in_it(
    page: Page, api: Component, now: datetime
) -> None:
    other = build.component(name="Secret service")
    outage(other, title="Secret trouble")

    statement = reading.of_month(page=page, month=OCTOBER, now=now)

    assert "ecret" not in str(statement.as_json())
    assert statement.rows == ()


def test_a_closed_month_stays_as_it_was_sealed(page: Page, api: Component, now: datetime) -> None:
    outage(api)
    assert sealing.seal_due(now=now) == 10  # January to October
    before = reading.of_month(page=page, month=OCTOBER, now=now)

    held(api, Status.MAJOR_OUTAGE, AT + 24 * HOUR, AT + 48 * HOUR)  # found late
    pages.set_members(page=page, component_ids=[])

    sealed = reading.of_month(page=page, month=OCTOBER, now=now)
    assert sealed == before
    assert SealedStatement.objects.get(month=OCTOBER).digest == sealed.digest
    assert sealing.differs(page=page, sealed=sealed, now=now)
    assert sealing.seal_due(now=now) == 0


def test_a_month_is_sealed_five_days_after_its_end_and_not_before(
    page: Page, now: datetime
) -> None:
    build.page(name="A sub-page has none")
    assert sealing.seal_due(now=datetime(2026, 2, 5, 23, tzinfo=UTC)) == 0
    assert sealing.seal_due(now=datetime(2026, 2, 6, 0, tzinfo=UTC)) == 1
    assert SealedStatement.objects.get().month == date(2026, 1, 1)


def test_months_go_from_the_making_of_the_page_to_the_running_one(
    api: Component, now: datetime
) -> None:
    page = build.page(
        kind=PageKind.CUSTOMER, components=[api], now=datetime(2026, 9, 20, tzinfo=UTC)
    )

    assert reading.months(page=page, now=now) == [
        date(2026, 11, 1),
        date(2026, 10, 1),
        date(2026, 9, 1),
    ]
    running = reading.of_month(page=page, month=date(2026, 11, 9), now=now)
    assert (running.is_over, running.until) == (False, now.isoformat())
    for month in (date(2026, 12, 1), date(2026, 8, 1)):
        with pytest.raises(NoSuchMonth):
            reading.of_month(page=page, month=month, now=now)


def test_the_statement_of_thirty_components_costs_no_more_statements_than_of_one(
    page: Page, now: datetime, django_assert_max_num_queries: Any
) -> None:
    pages.set_members(page=page, component_ids=[build.component().id for _ in range(30)])

    with django_assert_max_num_queries(25):
        reading.of_month(page=page, month=OCTOBER, now=now)


def test_the_csv_has_the_figures_and_every_interval_and_no_formula(
    page: Page, api: Component, now: datetime
) -> None:
    outage(api, title="=HYPERLINK(1)")
    statement = reading.of_month(page=page, month=OCTOBER, now=now)

    text = "".join(csv_writing.lines(statement))

    rows = list(csv.reader(text.lstrip("\ufeff").splitlines()))
    assert [row[1] for row in rows] == ["service", "API", "all services", "API"]
    assert rows[3][4:9] == ["120", "Major outage", "'=HYPERLINK(1)", "yes", "Counted as down"]


def test_a_statement_survives_its_own_json(page: Page, api: Component, now: datetime) -> None:
    outage(api)
    statement = reading.of_month(page=page, month=OCTOBER, now=now)

    assert Statement.from_json(statement.as_json()) == statement


@pytest.mark.parametrize(
    ("target", "down_s", "said"),
    [
        (99.999, 10, ("99.999", True)),  # 99.9996...: it was kept, though 99.99 is less
        (99.999, 30, ("99.998", False)),
        (99.9, 10, ("99.99", True)),
    ],
)
def test_a_figure_has_as_many_decimals_as_what_was_promised(
    page: Page, now: datetime, target: float, down_s: int, said: tuple[str, bool]
) -> None:
    kind = CatalogType.objects.create(name="Customer", slug="customer", created_at=now)
    source = PageSource.objects.create(type=kind, kind=PageKind.CUSTOMER)
    entry = Entry.objects.create(
        type=kind, name="Initech", key="initech", values={"sla_target": target}, created_at=now
    )
    EntryPage.objects.create(source=source, entry=entry, page=page)
    api = Component.objects.get()
    held(api, Status.MAJOR_OUTAGE, AT, AT + timedelta(seconds=down_s))

    statement = reading.of_month(page=page, month=OCTOBER, now=now)

    assert (statement.together.percent, statement.is_met) == said
    assert statement.services[0].percent == statement.together.percent


@pytest.mark.parametrize(
    ("values", "target", "hours", "unread"),
    [
        ({}, None, "24/7", ""),
        (
            {"sla_target": 99.9, "service_hours": "Mon-Fri 08:00-18:00"},
            "99.9",
            "Mon-Fri 08:00-18:00",
            "",
        ),
        ({"sla_target": 100}, "100", "24/7", ""),
        ({"sla_target": 0}, None, "24/7", ""),
        ({"sla_target": True, "service_hours": "office hours"}, None, "24/7", "office hours"),
    ],
)
def test_target_and_hours_come_from_the_catalog_entry(
    values: dict[str, Any], target: str | None, hours: str, unread: str
) -> None:
    promise = promises.of_values(values)

    assert promise.target == (None if target is None else Decimal(target))
    assert (promise.hours, promise.unread) == (hours, unread)
