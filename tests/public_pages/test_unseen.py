"""While our own network is down the page says so, keeps the last known states, and counts nothing."""

from datetime import datetime, timedelta

import pytest

from components.models import Component
from components.status import Status
from components.uptime import Change
from monitoring import blindness, coverage, recording
from monitoring.models import HealthChange, Replica
from public_pages import reading, rendering, unseen
from tests import build
from tests.monitoring.observing import answered, refused

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
OP, MA, UN = Status.OPERATIONAL, Status.MAJOR_OUTAGE, Status.UNKNOWN


def changes(now: datetime, *made: tuple[int, Status]) -> tuple[Change, ...]:
    return tuple(Change(at=now + minute * MINUTE, status=status) for minute, status in made)


@pytest.mark.parametrize(
    ("made", "end", "expected"),
    [
        ([(-9, OP)], 10, [(-9, OP), (0, UN), (10, OP)]),
        ([(-9, OP)], None, [(-9, OP), (0, UN)]),
        ([(-9, OP), (5, MA), (15, OP)], 10, [(-9, OP), (0, UN), (10, MA), (15, OP)]),
        ([(5, OP)], 10, [(5, UN), (10, OP)]),
        ([(15, OP)], 10, [(15, OP)]),
        ([], 10, []),
    ],
    ids=["within", "open", "changed meanwhile", "began meanwhile", "began later", "nothing"],
)
def test_a_stretch_is_cut_out_as_unknown(
    made: list[tuple[int, Status]],
    end: int | None,
    expected: list[tuple[int, Status]],
    now: datetime,
) -> None:
    ended = None if end is None else now + end * MINUTE
    assert unseen.cut(changes(now, *made), start=now, end=ended) == changes(now, *expected)


def blind_site(now: datetime) -> Replica:
    """A replica beyond our network that was healthy when the network went."""
    replica = build.replica(address="tcp://192.0.2.7:80", node=build.node(interval_s=60))
    recording.record(observations=[answered(replica, now)], now=now)
    blindness.begin(at=now + MINUTE, now=now + MINUTE)
    return replica


@pytest.mark.django_db
def test_while_blind_the_page_says_so_and_shows_what_was_last_known(now: datetime) -> None:
    blind_site(now)
    later = now + 2 * HOUR
    assert coverage.note_gaps(now=later) == []
    page = reading.page(now=later)
    assert page.interrupted_since == now + MINUTE
    assert page.status == OP
    (view,) = page.components
    assert view.changes[-1] == Change(at=now + MINUTE, status=UN)
    html = rendering.Pages(page).home()["index.html"].decode()
    assert "Monitoring interrupted since 14:33 UTC; the states below are the last known." in html


@pytest.mark.django_db
def test_afterwards_the_time_is_unknown_and_not_down(now: datetime) -> None:
    replica = blind_site(now)
    end = now + HOUR
    for _ in range(2):
        blindness.note_round(is_good=True, now=end)
    recording.record(observations=[answered(replica, end + MINUTE)], now=end + MINUTE)
    page = reading.page(now=end + 2 * MINUTE)
    assert page.interrupted_since is None
    assert [change.status for change in page.components[0].changes][-2:] == [UN, OP]
    ids = [Component.objects.get().id]
    detail = reading.details(component_ids=ids, now=end)[ids[0]]
    assert UN in [change.status for change in detail.changes]


@pytest.mark.django_db
def test_a_component_that_reports_to_us_is_not_cut(now: datetime) -> None:
    blind_site(now)
    local = build.replica(address="tcp://127.0.0.1:4001")
    recording.record(observations=[answered(local, now)], now=now)
    page = reading.page(now=now + 2 * MINUTE)
    by_id = {component.id: component for component in page.components}
    assert by_id[local.node.component_id].changes[-1].status == OP


@pytest.mark.django_db
def test_a_component_s_page_says_why_and_names_no_address(now: datetime) -> None:
    replica = build.replica(address="tcp://192.0.2.7:80")
    recording.record(observations=[refused(replica, now)], now=now)
    page = reading.page(now=now + MINUTE)
    (component,) = page.components
    detail = reading.details(component_ids=[component.id], now=now)
    files = rendering.Pages(page).component(component, detail[component.id])
    html = next(iter(files.values())).decode()
    assert "Replica 1. Dead: the last check had no answer after 3 attempts." in html
    assert "192.0.2.7" not in html
    assert HealthChange.objects.get().verdict["rule"] == "checks"
