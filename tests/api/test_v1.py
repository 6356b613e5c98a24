"""Statuspage's manage API: our own requests in the forms that its clients send, and the page follows."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts import access_tokens
from accounts.models import AuditEntry, User
from accounts.roles import Role
from common import public_ids
from components import catalogue
from components.models import Component, PageKind
from components.status import Status
from incidents import publishing
from incidents.lifecycle import Impact, State
from incidents.models import Incident, Maintenance
from statuspage import log_masking
from subscribers.models import Broadcast
from tests import build

pytestmark = pytest.mark.django_db

FORM = "application/x-www-form-urlencoded"


def token(*scopes: str, owner: User | None = None) -> str:
    member = owner or build.operator()
    _row, secret = access_tokens.create(
        owner=member,
        label="CI",
        scopes=scopes or ("*:write",),
        expires_at=None,
        now=timezone.now(),
    )
    return secret


def client(secret: str) -> Client:
    return Client(headers={"Authorization": f"OAuth {secret}"}, enforce_csrf_checks=True)


@pytest.fixture
def api() -> Client:
    return client(token())


@pytest.fixture
def base() -> str:
    return f"/v1/pages/{catalogue.page().public_id}"


@pytest.fixture
def checkout() -> Component:
    return build.component(name="Checkout", description="Pays", group=build.group(name="Shop"))


def sent(api: Client, method: str, path: str, **fields: Any) -> Any:
    """As JSON."""
    return getattr(api, method)(path, fields, content_type="application/json")


def posted(api: Client, method: str, path: str, form: str) -> Any:
    """As a form."""
    return getattr(api, method)(path, form, content_type=FORM)


# ---- who may -------------------------------------------------------------------------------------


@pytest.mark.req("E1")
def test_every_address_wants_a_token_and_takes_no_cookie(base: str, checkout: Component) -> None:
    owner = Client()
    owner.force_login(build.operator())
    askers = (Client(), owner, client("can_wrong"), client(""))
    for path in ("/v1/pages", base, f"{base}/components.json", f"{base}/incidents/x"):
        for asker in askers:
            for verb in ("get", "post", "patch", "delete"):
                answer = getattr(asker, verb)(path)
                assert answer.status_code == 401, path
                assert set(answer.json()) == {"error", "message"}


def test_a_key_may_stand_in_the_address_and_is_kept_out_of_the_log(
    base: str, checkout: Component
) -> None:
    secret = token("components:read")

    assert Client().get(f"{base}/components.json?api_key={secret}").status_code == 200
    assert Client().get(f"{base}/components.json?api_key=x{secret}").status_code == 401
    bearer = Client(headers={"Authorization": f"Bearer {secret}"})
    assert bearer.get(f"{base}/components").status_code == 200
    line = f'"GET {base}/components.json?page=1&api_key={secret}&x=1 HTTP/1.1"'
    assert secret not in log_masking.masked(line)


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        ("incidents:read", {"get incidents"}),
        ("maintenances:read", {"get incidents"}),
        ("components:read", {"get components"}),
        ("incidents:write", {"get incidents", "post incidents"}),
        ("components:write", {"get components", "patch component"}),
        ("subscribers:read", {"get subscribers"}),
        ("page:read", {"get page"}),
    ],
)
def test_a_token_opens_what_its_scopes_name(
    base: str, checkout: Component, scope: str, allowed: set[str]
) -> None:
    api = client(token(scope))
    asked: dict[str, Callable[[], Any]] = {
        "get page": lambda: api.get(base),
        "get components": lambda: api.get(f"{base}/components"),
        "get incidents": lambda: api.get(f"{base}/incidents"),
        "get subscribers": lambda: api.get(f"{base}/subscribers"),
        "post incidents": lambda: sent(api, "post", f"{base}/incidents", incident={"name": "X"}),
        "patch component": lambda: sent(
            api,
            "patch",
            f"{base}/components/{checkout.public_id}",
            component={"status": "major_outage"},
        ),
    }

    found = {name: ask().status_code for name, ask in asked.items()}

    assert {name for name, status in found.items() if status < 300} == allowed
    assert {status for name, status in found.items() if name not in allowed} == {403}


def test_a_token_does_no_more_than_the_role_of_its_owner(base: str, checkout: Component) -> None:
    viewer = client(token(owner=build.operator(role=Role.VIEWER)))
    responder = client(token(owner=build.operator(role=Role.RESPONDER)))
    path = f"{base}/components/{checkout.public_id}"

    assert viewer.get(f"{base}/incidents").status_code == 200
    assert sent(viewer, "post", f"{base}/incidents", incident={"name": "X"}).status_code == 403
    assert viewer.get(f"{base}/subscribers").status_code == 403
    assert sent(responder, "patch", path, component={"status": "major_outage"}).status_code == 200
    assert sent(responder, "patch", path, component={"name": "New"}).status_code == 403
    assert responder.delete(path).status_code == 403
    checkout.refresh_from_db()
    assert (checkout.name, checkout.status) == ("Checkout", "major_outage")


def test_customer_pages_are_named_to_those_who_may_know_customers(checkout: Component) -> None:
    page = build.page(kind=PageKind.CUSTOMER, components=[checkout], name="Initech")
    owner = client(token())
    viewer = client(token(owner=build.operator(role=Role.VIEWER)))

    assert [one["name"] for one in owner.get("/v1/pages").json()][-1] == "Initech"
    assert "Initech" not in viewer.get("/v1/pages.json").content.decode()
    assert viewer.get(f"/v1/pages/{page.public_id}/components").status_code == 404


def test_a_token_that_asks_too_often_is_told_when_to_come_back(
    settings: Settings, base: str
) -> None:
    settings.API_PER_MINUTE = 2
    api = client(token())

    answers = [api.get(f"{base}/components") for _time in range(3)]

    assert [one.status_code for one in answers] == [200, 200, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0


# ---- pages, components, groups -------------------------------------------------------------------


def test_pages_components_and_groups_are_listed_as_there(
    api: Client, base: str, checkout: Component
) -> None:
    loose = build.component(name="Loose")

    (page,) = api.get("/v1/pages.json").json()
    rows = api.get(f"{base}/components.json?per_page=100&page=1").json()
    (group,) = api.get(f"{base}/component-groups").json()

    assert api.get(f"{base}.json").json() == page
    assert f"/v1/pages/{page['id']}" == base
    assert [(row["name"], row["position"]) for row in rows] == [("Checkout", 1), ("Loose", 2)]
    assert rows[0]["group_id"] == group["id"]
    assert group["components"] == [checkout.public_id]
    assert api.get(f"{base}/component-groups/{group['id']}.json").json() == group
    assert api.get(f"{base}/components/{loose.public_id}").json() == rows[1]
    assert api.get(f"{base}/components?per_page=1&page=2").json() == rows[1:]
    assert api.get(f"{base}/components?page=3&per_page=1").json() == []


@pytest.mark.parametrize("path", ["components/0000bcdfghjk", "incidents/0000bcdfghjk", "nothing"])
def test_what_is_not_there_is_not_found(api: Client, base: str, path: str) -> None:
    assert api.get(f"{base}/{path}").status_code == 404


def test_addresses_that_are_not_kept_here_are_not_found_in_json(api: Client, base: str) -> None:
    for path in (f"{base}/metrics", "/v1/organizations/x/users.json"):
        answer = api.get(path)
        assert (answer.status_code, answer.json()["error"]) == (404, "There is no such address.")


@pytest.mark.parametrize("is_form", [False, True])
def test_a_status_is_set_as_on_the_dashboard(
    api: Client, base: str, checkout: Component, is_form: bool
) -> None:
    path = f"{base}/components/{checkout.public_id}.json"
    if is_form:
        answer = posted(api, "patch", path, "component[status]=partial_outage")
    else:
        fields = {"status": "partial_outage", "showcase": True, "automation_email": None}
        answer = sent(api, "put", path, component=fields)

    assert (answer.status_code, answer.json()["status"]) == (200, "partial_outage")
    checkout.refresh_from_db()
    assert checkout.status == Status.PARTIAL_OUTAGE
    assert Broadcast.objects.get().stage == "status_changed"


def test_name_description_and_group_of_a_component_are_changed(
    api: Client, base: str, checkout: Component
) -> None:
    path = f"{base}/components/{checkout.public_id}"

    fields = {"name": "Pay", "description": "", "group_id": None, "status": ""}
    found = sent(api, "patch", path, component=fields).json()

    assert (found["name"], found["description"], found["group_id"]) == ("Pay", None, None)


def test_components_are_added_and_removed(api: Client, base: str, checkout: Component) -> None:
    group = checkout.group
    assert group is not None
    fields = {"name": "Search", "group_id": group.public_id, "status": "degraded_performance"}
    made = sent(api, "post", f"{base}/components", component=fields)

    assert made.status_code == 201
    assert (made.json()["group_id"], made.json()["status"]) == (
        group.public_id,
        "degraded_performance",
    )
    assert api.delete(f"{base}/components/{made.json()['id']}.json").status_code == 204
    assert Component.objects.get() == checkout


# ---- incidents -----------------------------------------------------------------------------------


def test_a_script_opens_follows_and_resolves_an_incident(
    api: Client, base: str, checkout: Component
) -> None:
    opened = sent(
        api,
        "post",
        f"{base}/incidents.json",
        incident={
            "name": "Payments fail",
            "status": "investigating",
            "message": "We look **at it**.",
            "components": {checkout.public_id: "major_outage"},
            "deliver_notifications": True,
            "wants_twitter_update": False,
            "metadata": {"jira": {"id": "X-1"}},
        },
    )

    assert opened.status_code == 201, opened.content
    made = opened.json()
    assert public_ids.is_valid(made["id"])
    assert (made["status"], made["impact"]) == ("investigating", "critical")
    assert made["incident_updates"][0]["body"] == "We look <strong>at it</strong>."
    assert [one["status"] for one in made["components"]] == ["major_outage"]
    chip = made["incident_updates"][0]["affected_components"][0]
    assert (chip["code"], chip["name"]) == (checkout.public_id, "Shop - Checkout")
    path = f"{base}/incidents/{made['id']}.json"
    noted = posted(api, "patch", path, "incident[body]=Found it.&incident[status]=identified")
    assert [one["status"] for one in noted.json()["incident_updates"]] == [
        "identified",
        "investigating",
    ]
    over = sent(api, "patch", path, incident={"status": "resolved"}).json()
    assert (over["status"], over["incident_updates"][0]["body"]) == ("resolved", "Resolved.")
    assert over["resolved_at"] is not None
    checkout.refresh_from_db()
    assert checkout.status == Status.OPERATIONAL
    assert [row.stage for row in Broadcast.objects.order_by("id")] == [
        "incident_created",
        "incident_identified",
        "incident_resolved",
    ]
    assert api.get(path).json() == over
    row = Incident.objects.get()
    assert row.author is not None
    assert row.origin == "api"
    entry = AuditEntry.objects.filter(object_pk=str(row.pk)).latest("id")
    assert "token “CI”" in str(entry.actor_name)


def test_a_form_with_brackets_says_the_same(api: Client, base: str, checkout: Component) -> None:
    other = build.component()
    form = (
        "incident[name]=Slow&incident[status]=identified&incident[impact_override]=minor"
        f"&incident[components][]={checkout.public_id}&incident[components][]={other.public_id}"
        "&incident[deliver_notifications]=f&incident[body]=It+is+slow."
    )

    made = posted(api, "post", f"{base}/incidents.json", form).json()

    assert (made["status"], made["impact"]) == ("identified", "minor")
    assert {one["status"] for one in made["components"]} == {"degraded_performance"}
    assert not made["incident_updates"][0]["deliver_notifications"]
    assert not Broadcast.objects.exists()
    form = f"incident[components][{other.public_id}]=operational"
    changed = posted(api, "put", f"{base}/incidents/{made['id']}", form).json()
    statuses = {one["id"]: one["status"] for one in changed["components"]}
    assert statuses == {checkout.public_id: "degraded_performance", other.public_id: "operational"}


def test_component_ids_are_all_that_are_affected(
    api: Client, base: str, checkout: Component
) -> None:
    other = build.component()
    row = build.incident(components={checkout: None, other: None}, impact=Impact.MAJOR)

    path = f"{base}/incidents/{row.public_id}"
    found = sent(api, "patch", path, incident={"component_ids": [other.public_id]}).json()

    statuses = {one["id"]: one["status"] for one in found["components"]}
    assert statuses == {checkout.public_id: "operational", other.public_id: "partial_outage"}
    nothing = sent(api, "patch", path, incident={"metadata": {}}).json()
    assert len(nothing["incident_updates"]) == 2, "what is left aside is no update"


def test_a_title_is_corrected_without_an_update(api: Client, base: str) -> None:
    row = build.incident(title="Teh site")

    found = sent(api, "patch", f"{base}/incidents/{row.public_id}", incident={"name": "The site"})

    assert found.json()["name"] == "The site"
    assert len(found.json()["incident_updates"]) == 1


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "title"),
        ({"name": "X", "status": "down"}, "status has to be one of"),
        ({"name": "X", "status": "postmortem"}, "status has to be one of"),
        ({"name": "X", "impact_override": "huge"}, "impact_override has to be one of"),
        ({"name": "X", "components": {"0000bcdfghjk": "operational"}}, "no component"),
        ({"name": "X", "components": "all"}, "components has to be"),
        ({"name": "X", "component_ids": "all"}, "components has to be"),
        ({"name": {"a": 1}}, "name has to be text"),
        ({"name": "X", "deliver_notifications": "perhaps"}, "true or false"),
        ({"name": "X", "scheduled_for": "tomorrow"}, "scheduled_for has to be a time"),
        ({"name": "X", "scheduled_for": "9999-12-31T23:30:00Z"}, "between 1990 and 2100"),
        ({"name": "X", "backfilled": True, "backfill_date": "0001-01-01"}, "between 1990 and 2100"),
        ({"name": "X", "status": "scheduled"}, "scheduled_for is required"),
        ({"name": "X", "status": "completed"}, "scheduled or in_progress"),
        ({"name": "X", "body": "x" * 30_000}, "20,000"),
    ],
)
def test_what_cannot_be_meant_is_a_sentence_and_nothing_is_saved(
    api: Client, base: str, fields: dict[str, Any], sentence: str
) -> None:
    answer = sent(api, "post", f"{base}/incidents", incident=fields)

    assert answer.status_code == 422
    assert sentence in answer.json()["error"]
    assert not Incident.objects.exists()
    assert not Maintenance.objects.exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("{", 400),
        ("[]", 400),
        ('{"incident": {"name": "\\u0000"}}', 400),
        ('{"incident": {"metadata": {"\\ud800": [1]}}}', 400),
        ("{}", 422),
        ('{"incident": 1}', 422),
        pytest.param('{"incident": ' + "[" * 600 + "]" * 600 + "}", 400, id="deep lists"),
        pytest.param('{"incident": ' * 600 + "1" + "}" * 600, 400, id="deep objects"),
    ],
)
def test_what_cannot_be_read_is_refused(api: Client, base: str, body: str, status: int) -> None:
    answer = api.post(f"{base}/incidents", body, content_type="application/json")
    assert answer.status_code == status
    assert answer.json()["message"]


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary="])
def test_a_form_without_its_boundary_is_refused(api: Client, base: str, kind: str) -> None:
    answer = api.post(f"{base}/incidents", b"--x\r\n", content_type=kind)
    assert answer.status_code == 400
    assert answer.json()["message"] == "The form cannot be read."


def test_an_incident_of_the_past_is_recorded_and_touches_nothing_now(
    api: Client, base: str, checkout: Component
) -> None:
    fields = {
        "name": "Was down",
        "backfilled": "t",
        "backfill_date": "2026-03-01",
        "components": {checkout.public_id: "major_outage"},
        "body": "It was down.",
    }

    made = sent(api, "post", f"{base}/incidents", incident=fields).json()

    assert (made["status"], made["resolved_at"]) == ("resolved", "2026-03-01T00:00:00.000Z")
    checkout.refresh_from_db()
    assert checkout.status == Status.OPERATIONAL
    assert not Broadcast.objects.exists()


def test_a_deleted_incident_is_gone_and_answers_what_it_was(api: Client, base: str) -> None:
    row = build.incident(title="Mistake")
    path = f"{base}/incidents/{row.public_id}.json"

    assert api.delete(path).json()["name"] == "Mistake"
    assert api.get(path).status_code == 404
    assert not Incident.objects.exists()


def test_the_text_of_an_update_is_corrected_and_nobody_is_told(api: Client, base: str) -> None:
    row = build.incident(notify=False)
    update = row.updates.get()
    path = f"{base}/incidents/{row.public_id}/incident_updates/{update.public_id}"

    fields = {"body": "Better words.", "wants_twitter_update": False}
    found = sent(api, "patch", f"{path}.json", incident_update=fields)

    assert (found.status_code, found.json()["body"]) == (200, "Better words.")
    moved = {"display_at": "2026-01-02T00:00:00Z"}
    assert sent(api, "patch", path, incident_update=moved).status_code == 422
    assert sent(api, "patch", f"{path}0", incident_update={}).status_code == 404
    assert not Broadcast.objects.exists()


# ---- maintenance ---------------------------------------------------------------------------------


def test_maintenance_is_an_incident_that_is_planned_begun_and_completed(
    api: Client, base: str, checkout: Component
) -> None:
    start = (timezone.now() + timedelta(days=1)).replace(second=0, microsecond=0)
    fields = {
        "name": "Disks",
        "status": "scheduled",
        "body": "We replace disks.",
        "scheduled_for": start.isoformat(),
        "scheduled_until": (start + timedelta(hours=2)).isoformat(),
        "scheduled_remind_prior": True,
        "component_ids": [checkout.public_id],
    }

    made = sent(api, "post", f"{base}/incidents", incident=fields)

    assert made.status_code == 201, made.content
    found = made.json()
    assert (found["status"], found["impact"]) == ("scheduled", "maintenance")
    assert found["scheduled_for"] == f"{start:%Y-%m-%dT%H:%M:%S}.000Z"
    assert not found["scheduled_auto_in_progress"], "as there, unless it is asked for"
    assert found["scheduled_remind_prior"] is True
    row = Maintenance.objects.get()
    assert list(row.reminders.values_list("lead_minutes", flat=True)) == [60]
    path = f"{base}/incidents/{found['id']}"
    later = sent(
        api,
        "patch",
        path,
        incident={"scheduled_until": (start + timedelta(hours=3)).isoformat(), "name": "New disks"},
    ).json()
    assert (later["name"], later["scheduled_for"]) == ("New disks", found["scheduled_for"])
    assert later["scheduled_until"] == f"{start + timedelta(hours=3):%Y-%m-%dT%H:%M:%S}.000Z"
    for word in ("in_progress", "verifying", "completed"):
        stepped = posted(api, "patch", path, f"incident[status]={word}&incident[body]=Now.")
        assert stepped.json()["status"] == word, stepped.content
    assert stepped.json()["incident_updates"][0]["status"] == "completed"
    assert sent(api, "patch", path, incident={"status": "resolved"}).status_code == 422
    assert api.delete(path).status_code == 200
    assert not Maintenance.objects.exists()


def test_a_token_for_incidents_alone_neither_sees_nor_plans_maintenance(
    base: str, checkout: Component
) -> None:
    row = build.maintenance(now=timezone.now(), components=[checkout])
    api = client(token("incidents:write"))
    planned = {"name": "Disks", "status": "in_progress", "component_ids": [checkout.public_id]}

    assert api.get(f"{base}/incidents").json() == []
    assert api.get(f"{base}/incidents/{row.public_id}").status_code == 403
    assert sent(api, "post", f"{base}/incidents", incident=planned).status_code == 403
    assert api.delete(f"{base}/incidents/{row.public_id}").status_code == 403


# ---- lists ---------------------------------------------------------------------------------------


def test_incidents_are_listed_newest_first_with_the_filters_there(
    api: Client, base: str, checkout: Component
) -> None:
    now = timezone.now()
    build.incident(title="Open", now=now - timedelta(hours=3))
    over = build.incident(title="Over", now=now - timedelta(hours=4))
    publishing.post_update(incident=over, state=State.RESOLVED, text="Over.", notify=False, now=now)
    build.maintenance(title="Ahead", now=now - timedelta(minutes=5), components=[checkout])
    running = build.maintenance(title="Runs", now=now - timedelta(hours=2), components=[checkout])
    Maintenance.objects.filter(pk=running.pk).update(state="in_progress", started_at=now)
    publishing.save_draft(
        report=publishing.Report(title="Draft"), notify=False, now=now - timedelta(minutes=1)
    )

    def names(what: str) -> list[str]:
        return [one["name"] for one in api.get(f"{base}/incidents{what}").json()]

    assert names(".json") == ["Ahead", "Runs", "Open", "Over"]
    assert names("/unresolved") == ["Open"]
    assert names("/scheduled.json") == ["Ahead", "Runs"]
    assert names("/upcoming") == ["Ahead"]
    assert names("/active_maintenance") == ["Runs"]
    assert names("?limit=2&page=2") == ["Open", "Over"]
    assert names("?q=ver") == ["Over"]
    assert api.get(f"{base}/incidents?limit=x").status_code == 422


def test_a_sub_page_has_its_own_part(api: Client, checkout: Component) -> None:
    other = build.component(name="Other")
    page = build.page(components=[checkout])
    build.incident(title="Here", components={checkout: None, other: None})
    build.incident(title="Elsewhere", components={other: None})
    own = f"/v1/pages/{page.public_id}"

    (found,) = api.get(f"{own}/incidents").json()

    assert (found["name"], found["page_id"]) == ("Here", page.public_id)
    assert [one["name"] for one in found["components"]] == ["Checkout"]
    assert "Other" not in api.get(f"{own}/components").content.decode()
    named = {"name": "X", "components": {other.public_id: "major_outage"}}
    assert sent(api, "post", f"{own}/incidents", incident=named).status_code == 422
    assert sent(api, "post", f"{own}/components", component={"name": "X"}).status_code == 422


def test_subscribers_are_listed_from_page_zero(api: Client, base: str, checkout: Component) -> None:
    build.subscriber(address="a@example.com", components=[checkout])
    build.subscriber(channel="sms", address="+4915123456789", state="waiting")
    build.subscriber(address="gone@example.com", state="ended")
    build.subscriber(address="other@example.com", page=build.page())

    sms, mail = api.get(f"{base}/subscribers.json?page=0").json()

    assert (mail["email"], mail["mode"], mail["state"]) == ("a@example.com", "email", "active")
    assert mail["components"] == [checkout.public_id]
    assert (sms["phone_number"], sms["state"]) == ("+4915123456789", "unconfirmed")
    assert sms["components"] is None
    assert api.get(f"{base}/subscribers?page=1").json() == []
    assert api.get(f"{base}/subscribers?type=sms&state=unconfirmed&q=4915").json() == [sms]


def test_a_list_costs_the_same_for_more_incidents(
    api: Client, base: str, checkout: Component, django_assert_max_num_queries: Any, now: datetime
) -> None:
    for hour in range(6):
        build.incident(components={checkout: None}, impact=Impact.MINOR, now=now)
        build.maintenance(components=[checkout], now=now + timedelta(days=hour))
    with django_assert_max_num_queries(32):
        assert len(api.get(f"{base}/incidents").json()) == 12
