"""The console's screens of maintenance: what they show, what a click does, who may."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.roles import Role
from components import catalogue
from components.models import Component, Page
from components.status import Status
from incidents import maintenance as work
from incidents import maintenance_series
from incidents.models import EventTemplate, Maintenance, MaintenanceSeries, WithdrawnEvent
from incidents.models.templates import Kind as TemplateKind
from incidents.windows import Kind, State
from tests import build

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def console(client: Client) -> Client:
    client.force_login(build.operator())
    return client


@pytest.fixture
def component() -> Component:
    return build.component(name="Checkout")


def tomorrow() -> datetime:
    day = (timezone.now() + timedelta(days=1)).date()
    return datetime(day.year, day.month, day.day, 22, 0)


def fields(component: Component, **changed: object) -> dict[str, object]:
    start = tomorrow()
    return {
        "do": "save",
        "title": "Disk swap",
        "text": "We replace a disk.",
        "components": [component.pk],
        "zone": "UTC",
        "starts_at": f"{start:%Y-%m-%dT%H:%M}",
        "ends_at": f"{start + HOUR:%Y-%m-%dT%H:%M}",
        "repeat": "once",
        "lead_minutes": ["60"],
        "auto_start": "on",
        "auto_finish": "on",
        "mutes_alerts": "on",
        "notify": "on",
    } | changed


def plan_one(component: Component) -> Maintenance:
    now = timezone.now().replace(second=0, microsecond=0)
    return build.maintenance(now=now, components=[component], title="Disk swap")


def url(row: Maintenance, action: str = "") -> str:
    return f"/admin/maintenance/{row.public_id}/{action}"


@pytest.mark.req("K1", "K5", "K6")
def test_a_window_is_planned_in_a_named_zone(console: Client, component: Component) -> None:
    answer = console.post(
        "/admin/maintenance/add/", fields(component, zone="America/New_York"), follow=True
    )

    row = Maintenance.objects.get()
    assert answer.redirect_chain[-1][0] == url(row)
    assert row.zone == "America/New_York"
    assert row.wall_start == f"{tomorrow():%Y-%m-%dT%H:%M}"
    assert row.starts_at.astimezone(row.zone_info).replace(tzinfo=None) == tomorrow()
    assert row.reminders.get().lead_minutes == 60
    assert row.author is not None
    assert row.updates.get().notifies is True
    assert "Disk swap" in answer.content.decode()


@pytest.mark.req("K2")
def test_work_begins_at_once(console: Client, component: Component) -> None:
    console.post("/admin/maintenance/add/", fields(component, do="begin"))

    row = Maintenance.objects.get()
    assert row.state_value == State.IN_PROGRESS
    assert row.ends_at - row.starts_at == HOUR
    component.refresh_from_db()
    assert component.shown_status == Status.UNDER_MAINTENANCE


@pytest.mark.req("K6")
@pytest.mark.parametrize(
    ("choice", "rule"),
    [
        ({"repeat": "daily"}, "FREQ=DAILY"),
        ({"repeat": "weekly", "week_days": ["TU", "TH"]}, "FREQ=WEEKLY;BYDAY=TU,TH"),
        ({"repeat": "custom", "rule": "freq=monthly;byday=2TU"}, "FREQ=MONTHLY;BYDAY=2TU"),
    ],
)
def test_a_series_is_planned(
    console: Client, component: Component, choice: dict[str, object], rule: str
) -> None:
    console.post("/admin/maintenance/add/", fields(component, **choice))

    series = MaintenanceSeries.objects.get()
    assert series.rule == rule
    assert series.occurrences.count() == 5


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"ends_at": "2020-01-01T00:00"}, "The end is not after the start."),
        ({"starts_at": "2020-01-01T00:00"}, "The start has passed."),
        ({"title": ""}, "Write a title."),
        ({"components": []}, "Choose at least one component."),
        ({"starts_at": "soon"}, "Write a date and a time."),
        ({"repeat": "custom", "rule": "FREQ=SECONDLY"}, "DAILY, WEEKLY, MONTHLY or YEARLY"),
        ({"repeat": "custom", "rule": "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"}, "No day fits"),
        ({"zone": "Mars/Olympus"}, "Select a valid choice."),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    console: Client, component: Component, wrong: dict[str, object], words: str
) -> None:
    if "starts_at" in wrong and "2020" in str(wrong["starts_at"]):
        wrong = wrong | {"ends_at": "2020-01-01T01:00"}
    answer = console.post("/admin/maintenance/add/", fields(component, **wrong))

    assert answer.status_code == 422
    text = answer.content.decode()
    assert words in text
    assert "We replace a disk." in text
    assert not Maintenance.objects.exists()


@pytest.mark.req("K6")
def test_the_preview_shows_ten_starts_for_author_and_visitors(
    console: Client, component: Component
) -> None:
    catalogue.page()
    Page.objects.update(time_zone="Asia/Kolkata")
    typed = fields(component, do="preview", repeat="daily", zone="Europe/Paris")

    whole = console.post("/admin/maintenance/add/", typed)
    piece = console.post("/admin/maintenance/preview/", typed)

    for answer in (whole, piece):
        text = answer.content.decode()
        assert text.count("22:00 CE") == 10
        assert text.split("Who is told")[0].count(" IST") == 10
        assert "Each lasts 1 h" in text
    assert "<html" not in piece.content.decode()
    assert not Maintenance.objects.exists()


def test_the_preview_says_when_the_clock_skips_the_hour(
    console: Client, component: Component
) -> None:
    typed = fields(
        component,
        zone="Europe/Paris",
        starts_at="2027-03-28T02:30",
        ends_at="2027-03-28T05:00",
    )

    text = console.post("/admin/maintenance/preview/", typed).content.decode()

    assert "03:30 CEST" in text
    assert "the clock skips" in text


def test_an_overlap_is_a_warning_and_can_be_saved(console: Client, component: Component) -> None:
    console.post("/admin/maintenance/add/", fields(component, title="First"))

    text = console.post("/admin/maintenance/preview/", fields(component)).content.decode()
    assert "Meets other maintenance" in text
    assert "First" in text
    console.post("/admin/maintenance/add/", fields(component))

    assert Maintenance.objects.count() == 2


@pytest.mark.req("AMB-15")
def test_the_preview_says_who_would_be_told(console: Client, component: Component) -> None:
    def said(**changed: object) -> str:
        typed = fields(component, **changed)
        return console.post("/admin/maintenance/preview/", typed).content.decode()

    assert "Nobody has subscribed yet" in said()
    assert "“Tell subscribers” is off" in said(notify="")
    build.subscriber(components=[component])
    build.subscriber(channel="sms", address="+15550100", components=[build.component()])
    told = said()
    assert "and notify 1" in told
    assert "1 chose other services" in told
    assert "Maintenance scheduled" in told  # the samples


@pytest.mark.req("K3", "AMB-15")
def test_a_step_says_whom_it_would_reach_before_it_is_posted(
    console: Client, component: Component
) -> None:
    row = build.maintenance(components=[component])
    build.subscriber(components=[component])
    build.subscriber(channel="sms", address="+15550100")
    address = f"/admin/maintenance/{row.public_id}/"

    assert "and notify 2" in console.get(f"{address}cancel/").content.decode()
    piece = console.post(f"{address}preview/", {"state": "in_progress", "notify": "on"})
    assert "and notify 2" in piece.content.decode()
    assert "Maintenance in progress" in piece.content.decode()
    note = console.post(f"{address}update/", {"do": "preview", "text": "Soon.", "notify": "on"})
    assert "and notify 1" in note.content.decode()  # a note goes out by mail only
    assert "Soon." in note.content.decode()
    assert row.updates.count() == 1


def test_a_template_fills_the_form_and_saves_nothing(console: Client, component: Component) -> None:
    template = EventTemplate.objects.create(
        kind=TemplateKind.MAINTENANCE,
        name="Our disks",
        title="Disks of {component}",
        text="We swap.",
        created_at=timezone.now(),
    )

    answer = console.post(
        "/admin/maintenance/add/", fields(component, do="use", template=template.pk)
    )

    text = answer.content.decode()
    assert "Disks of Checkout" in text
    assert "We swap." in text
    assert not Maintenance.objects.exists()


@pytest.mark.req("K4", "K6")
def test_one_click_each_starts_extends_verifies_and_completes(
    console: Client, component: Component
) -> None:
    row = plan_one(component)

    console.post(url(row, "start/"))
    before = Maintenance.objects.get().ends_at
    console.post(url(row, "extend/"), {"minutes": "15"})
    assert Maintenance.objects.get().ends_at == before + timedelta(minutes=15)
    console.post(url(row, "verify/"))
    console.post(url(row, "complete/"))

    kinds = list(row.updates.order_by("id").values_list("kind", flat=True))
    assert kinds == [
        Kind.SCHEDULED,
        Kind.STARTED,
        Kind.EXTENDED,
        Kind.VERIFICATION,
        Kind.COMPLETED,
    ]
    component.refresh_from_db()
    assert component.shown_status == Status.OPERATIONAL


def test_an_extension_that_is_not_offered_is_refused(console: Client, component: Component) -> None:
    row = plan_one(component)
    console.post(url(row, "start/"))
    before = Maintenance.objects.get().ends_at

    for minutes in ("", "0", "-15", "99999999", "x"):
        answer = console.post(url(row, "extend/"), {"minutes": minutes})
        assert answer["Location"] == url(row)
        assert Maintenance.objects.get().ends_at == before
    assert console.get(url(row)).status_code == 200


def test_a_step_that_came_too_late_is_said(console: Client, component: Component) -> None:
    row = plan_one(component)

    answer = console.post(url(row, "complete/"), follow=True)

    assert "has not begun" in answer.content.decode()


def test_a_second_click_does_nothing_and_says_so(console: Client, component: Component) -> None:
    row = plan_one(component)
    console.post(url(row, "start/"))

    answer = console.post(url(row, "start/"), follow=True)

    assert "This was done already." in answer.content.decode()
    assert row.updates.count() == 2


@pytest.mark.parametrize(
    "junk",
    [
        {"changes": "\0"},
        {"zone": "\0"},
        {"components": ["\0", "9" * 30]},
        {"starts_at": "9999-12-31T23:59", "ends_at": "9999-12-31T23:59"},
        {"starts_at": "0001-01-01T00:00", "zone": "Asia/Kolkata"},
        {"repeat": "daily", "starts_at": "9999-01-01T00:00", "ends_at": "9999-01-01T01:00"},
        {"repeat": "custom", "rule": "FREQ=DAILY", "starts_at": "9999-01-01T00:00"},
        {"repeat": "hourly", "until": "x", "week_days": ["XX"]},
        {"lead_minutes": ["x", "9" * 40]},
    ],
)
def test_no_junk_breaks_the_preview_or_the_form(
    console: Client, component: Component, junk: dict[str, object]
) -> None:
    typed = fields(component, **junk)

    assert console.post("/admin/maintenance/preview/", typed).status_code == 200
    for do in ("preview", "use", "save"):
        answer = console.post("/admin/maintenance/add/", typed | {"do": do})
        assert answer.status_code in {200, 302, 422}


def test_steps_are_taken_by_post_only(console: Client, component: Component) -> None:
    row = plan_one(component)

    for action in ("start/", "verify/", "complete/", "extend/"):
        assert console.get(url(row, action)).status_code == 405


def test_an_update_is_posted_and_corrected(console: Client, component: Component) -> None:
    row = plan_one(component)
    typed = {"state": "scheduled", "text": "Bring coffee.", "notify": "on"}
    console.post(url(row, "update/"), typed)
    update = row.updates.get(kind=Kind.NOTE)

    console.post(url(row, f"updates/{update.public_id}/"), {"text": "Bring tea."})

    update.refresh_from_db()
    assert update.text == "Bring tea."
    assert update.corrected_at is not None
    assert "Bring tea." in console.get(url(row)).content.decode()
    refused = console.post(url(row, "update/"), {"state": "scheduled", "text": ""})
    assert refused.status_code == 422


@pytest.mark.req("K6")
def test_cancelling_asks_and_keeps_it_in_the_history(console: Client, component: Component) -> None:
    row = plan_one(component)
    assert "It stays on the page" in console.get(url(row, "cancel/")).content.decode()

    console.post(url(row, "cancel/"), {"text": "Not needed."})

    row.refresh_from_db()
    assert row.state_value == State.CANCELLED
    assert row.updates.get(kind=Kind.CANCELLED).notifies is False


def test_a_series_is_cancelled_from_one_window_on(console: Client, component: Component) -> None:
    console.post("/admin/maintenance/add/", fields(component, repeat="daily"))
    third = Maintenance.objects.order_by("starts_at")[2]

    console.post(url(third, "cancel/"), {"scope": "following", "notify": "on"})

    states = Maintenance.objects.order_by("starts_at").values_list("state", flat=True)
    assert list(states) == ["scheduled"] * 2 + ["cancelled"] * 3


def test_one_window_or_all_that_follow_are_changed(console: Client, component: Component) -> None:
    console.post("/admin/maintenance/add/", fields(component, repeat="daily"))
    rows = list(Maintenance.objects.order_by("starts_at"))
    start = rows[1].starts_at.replace(tzinfo=None, hour=4)
    typed = fields(
        component,
        title="Early",
        starts_at=f"{start:%Y-%m-%dT%H:%M}",
        ends_at=f"{start + HOUR:%Y-%m-%dT%H:%M}",
    )

    console.post(url(rows[1], "change/"), typed | {"scope": "one", "repeat": "custom"})
    assert Maintenance.objects.filter(title="Early").count() == 1
    later = rows[2].starts_at.replace(tzinfo=None, hour=5)
    typed |= {
        "title": "All early",
        "starts_at": f"{later:%Y-%m-%dT%H:%M}",
        "ends_at": f"{later + HOUR:%Y-%m-%dT%H:%M}",
        "scope": "following",
        "repeat": "custom",
        "rule": "FREQ=DAILY",
    }
    console.post(url(rows[2], "change/"), typed)

    titles = list(Maintenance.objects.order_by("starts_at").values_list("title", flat=True))
    assert titles[:3] == ["Disk swap", "Early", "All early"]
    assert set(titles[2:]) == {"All early"}


@pytest.mark.req("AMB-18")
def test_deleting_needs_the_title_typed(console: Client, component: Component) -> None:
    row = plan_one(component)

    refused = console.post(url(row, "delete/"), {"typed": "disk"})
    assert refused.status_code == 422
    assert Maintenance.objects.exists()
    console.post(url(row, "delete/"), {"typed": "Disk swap"})

    assert not Maintenance.objects.exists()
    assert WithdrawnEvent.objects.get().public_id == row.public_id


def test_the_list_shows_states_and_a_calendar_of_two_months(
    console: Client, component: Component
) -> None:
    assert "Nothing scheduled." in console.get("/admin/maintenance/").content.decode()
    row = plan_one(component)
    work.begin(
        plan=build.plan(components=[component], title="Going on"),
        notify=False,
        now=timezone.now(),
    )

    text = console.get("/admin/maintenance/").content.decode()

    assert text.count("<caption>") == 2
    assert "Going on" in text
    assert url(row) in text
    assert "in progress" in text  # the count in the menu


def test_the_list_costs_the_same_however_many_there_are(
    console: Client, component: Component, django_assert_max_num_queries: object
) -> None:
    for _count in range(12):
        plan_one(component)

    with django_assert_max_num_queries(25):  # type: ignore[operator]
        console.get("/admin/maintenance/")


def test_an_overrun_is_said(console: Client, component: Component) -> None:
    now = datetime.now(tz=UTC)
    plan = build.plan(components=[component], auto_finish=False)
    row = work.begin(plan=plan, notify=False, now=now - HOUR - timedelta(minutes=20))

    assert "Running 20 min longer than planned." in console.get(url(row)).content.decode()


@pytest.mark.parametrize(
    ("role", "sees", "may"), [(Role.VIEWER, 200, 403), (Role.RESPONDER, 200, 302)]
)
def test_who_may_look_may_not_always_act(
    client: Client, component: Component, role: Role, sees: int, may: int
) -> None:
    row = plan_one(component)
    client.force_login(build.operator(role=role, is_superuser=False))

    assert client.get("/admin/maintenance/").status_code == sees
    assert client.get(url(row)).status_code == sees
    assert client.post("/admin/maintenance/add/", fields(component)).status_code == may
    for action in ("start/", "extend/", "complete/"):
        assert client.post(url(row, action)).status_code == may
    for action in ("change/", "update/", "cancel/", "delete/"):
        assert client.get(url(row, action)).status_code == (403 if may == 403 else 200)
    assert maintenance_series.HORIZON == 5


def test_a_maintenance_that_is_not_there_is_not_found(console: Client) -> None:
    assert console.get("/admin/maintenance/0123456789bc/").status_code == 404
