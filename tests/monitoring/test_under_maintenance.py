"""While announced work goes on: who is alerted, what is recorded, what the page's health counts."""

from datetime import datetime, timedelta

import pytest
from django.apps import apps

from components import catalogue, claims
from components.status import Status
from incidents import due_steps
from incidents import maintenance as work
from incidents.models import Maintenance
from incidents.windows import State
from monitoring import alerting, page_health, recording, reminding
from monitoring.models import AlertChannel, AlertSettings, HealthChange, Replica
from probing.health import Health
from tests import build
from tests.monitoring.observing import answered, refused

pytestmark = [pytest.mark.django_db, pytest.mark.req("K6")]
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def operators() -> None:
    AlertChannel.objects.create(kind="email", recipients=["ops@example.com"])


def subjects() -> list[str]:
    rows = apps.get_model("notifications", "Delivery").objects.order_by("id")
    return [row.message["subject"] for row in rows]


def die(replica: Replica, at: datetime) -> None:
    recording.record(observations=[refused(replica, at)], now=at)


def live(replica: Replica, at: datetime) -> None:
    recording.record(observations=[answered(replica, at)], now=at)


def working_on(replica: Replica, now: datetime, **fields: object) -> Maintenance:
    plan = build.plan(now=now, components=[replica.node.component], **fields)
    return work.begin(plan=plan, notify=False, now=now)


def test_nobody_is_alerted_about_what_is_worked_on_and_everybody_about_the_rest(
    now: datetime,
) -> None:
    listed, other = build.replica(), build.replica()
    working_on(listed, now)

    die(listed, now + MINUTE)
    die(other, now + MINUTE)

    (subject,) = subjects()
    assert other.node.name in subject
    recorded = HealthChange.objects.filter(replica=listed, health=Health.DEAD)
    assert recorded.exists()  # what happened is kept all the same


def test_what_is_still_dead_after_the_window_is_told_then(now: datetime) -> None:
    replica = build.replica()
    working_on(replica, now)
    die(replica, now + MINUTE)
    alerting.tell_held(now=now + 59 * MINUTE)
    assert subjects() == []

    due_steps.take(now=now + 60 * MINUTE)
    alerting.tell_held(now=now + 61 * MINUTE)

    assert len(subjects()) == 1


def test_what_recovered_in_the_window_is_never_told(now: datetime) -> None:
    replica = build.replica()
    working_on(replica, now)
    die(replica, now + MINUTE)
    live(replica, now + 2 * MINUTE)

    due_steps.take(now=now + 60 * MINUTE)
    alerting.tell_held(now=now + 61 * MINUTE)

    assert subjects() == []


def test_it_stays_quiet_while_the_work_is_verified(now: datetime) -> None:
    replica = build.replica()
    row = working_on(replica, now)
    work.post_update(maintenance=row, state=State.VERIFICATION, notify=False, now=now + MINUTE)

    die(replica, now + 2 * MINUTE)

    assert subjects() == []


def test_a_window_that_mutes_nothing_lets_alerts_through(now: datetime) -> None:
    replica = build.replica()
    working_on(replica, now, mutes_alerts=False)

    die(replica, now + MINUTE)

    assert len(subjects()) == 1


def test_a_component_that_nobody_should_notice_anything_of_alerts_as_always(now: datetime) -> None:
    replica = build.replica()
    row = working_on(replica, now)
    row.affected.update(status=Status.OPERATIONAL)

    die(replica, now + MINUTE)

    assert len(subjects()) == 1


def test_a_planned_window_mutes_nothing_before_it_begins(now: datetime) -> None:
    replica = build.replica()
    build.maintenance(now=now, components=[replica.node.component])

    die(replica, now + MINUTE)

    assert len(subjects()) == 1


def test_reminders_rest_while_it_is_worked_on(now: datetime) -> None:
    AlertSettings.objects.create(reminder_interval_s=60)
    replica = build.replica()
    die(replica, now)
    working_on(replica, now + MINUTE)

    assert reminding.remind(now=now + 5 * MINUTE) == 0
    due_steps.take(now=now + 61 * MINUTE)
    assert reminding.remind(now=now + 62 * MINUTE) == 1


def test_a_recovery_of_what_was_told_dead_is_told_at_once(now: datetime) -> None:
    replica = build.replica()
    die(replica, now)
    working_on(replica, now + MINUTE)

    live(replica, now + 2 * MINUTE)

    assert len(subjects()) == 2  # pagers close what they opened


def test_its_replicas_do_not_count_for_the_health_of_the_page(now: datetime) -> None:
    replica = build.replica()
    working_on(replica, now)
    die(replica, now + MINUTE)
    page_health.note(now=now + MINUTE)
    assert page_health.present() == Health.HEALTHY

    due_steps.take(now=now + 60 * MINUTE)
    page_health.note(now=now + 61 * MINUTE)

    assert page_health.present() == Health.DEAD


def test_the_page_may_let_monitors_speak_while_it_is_worked_on(now: datetime) -> None:
    replica = build.replica()
    component = replica.node.component
    working_on(replica, now)
    die(replica, now + MINUTE)

    def seen(at: datetime) -> tuple[str, str]:
        page_health.note(now=at)
        component.refresh_from_db()
        return component.shown_status, page_health.present()

    assert seen(now + MINUTE) == (Status.UNDER_MAINTENANCE, Health.HEALTHY)

    claims.change_page(
        page=catalogue.page(), maintenance_hides_monitors=False, now=now + 2 * MINUTE
    )
    assert seen(now + 2 * MINUTE) == (Status.MAJOR_OUTAGE, Health.DEAD)

    claims.change_page(page=catalogue.page(), maintenance_hides_monitors=True, now=now + 3 * MINUTE)
    assert seen(now + 3 * MINUTE) == (Status.UNDER_MAINTENANCE, Health.HEALTHY)
