"""The REST API of eStatus: who may, what it lists, and that the page follows."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts import access_tokens
from accounts.models import AuditEntry, User
from accounts.roles import Role
from api import estatus_urls
from components.models import Component
from components.status import Status
from incidents.models import Incident, Maintenance
from monitoring import tokens
from monitoring.models import TokenKind
from public_pages.publishing import Publisher
from tests import build

pytestmark = pytest.mark.django_db

BASE = "/admin/api/v1"
LIST = f"{BASE}/service/services/list/"


@pytest.fixture
def api() -> Client:
    """A program with a token."""
    _, secret = tokens.create(kind=TokenKind.API, now=timezone.now(), label="deploy")
    return Client(headers={"Authorization-Token": secret})


@pytest.fixture
def service() -> Component:
    return build.component(name="Checkout", description="Pays", group=build.group(name="Shop"))


def put(api: Client, service: Component, status: str, verb: str = "put") -> Any:
    return getattr(api, verb)(f"{BASE}/service/put/{service.public_id}/{status}/")


@pytest.mark.req("P1", "P2")
@pytest.mark.parametrize(
    "path",
    [
        "/service/services/list/",
        "/service/put/x/operational/",
        "/incident/incidents/list/",
        "/incident/post/",
        "/incident/put/x/",
        "/maintenance/list/",
        "/maintenance/post/",
    ],
)
def test_every_path_wants_the_token_in_its_header(path: str, service: Component) -> None:
    owner = Client()
    owner.force_login(build.operator())
    _, manager = tokens.create(kind=TokenKind.MANAGER, now=timezone.now())
    askers = (
        Client(),
        owner,  # a cookie is no token
        Client(headers={"Authorization-Token": "api_wrong"}),
        Client(headers={"Authorization-Token": manager}),
        Client(headers={"Authorization": "Bearer api_wrong"}),
    )
    for asker in askers:
        for verb in ("get", "post", "put"):
            answer = getattr(asker, verb)(f"{BASE}{path}")
            assert answer.status_code == 401
            assert answer.json() == {
                "error": "Send a valid token in the header Authorization-Token."
            }


@pytest.mark.req("P2")
def test_a_revoked_token_opens_nothing() -> None:
    token, secret = tokens.create(kind=TokenKind.API, now=timezone.now())
    asker = Client(headers={"Authorization-Token": secret})
    assert asker.get(LIST).status_code == 200

    tokens.revoke(token=token, now=timezone.now())

    assert asker.get(LIST).status_code == 401


@pytest.mark.req("P3", "B6")
def test_services_are_listed_with_their_ids_and_statuses(api: Client, service: Component) -> None:
    answer = api.get(LIST)

    assert answer.json() == [
        {
            "id": service.public_id,
            "name": "Checkout",
            "status": "operational",
            "description": "Pays",
            "group": "Shop",
        }
    ]
    assert api.get(LIST.rstrip("/")).status_code == 200


@pytest.mark.req("P4", "P6", "AMB-10")
@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("operational", Status.OPERATIONAL),
        ("Degraded", Status.DEGRADED_PERFORMANCE),
        ("degraded-performance", Status.DEGRADED_PERFORMANCE),
        ("PARTIAL_OUTAGE", Status.PARTIAL_OUTAGE),
        ("Major%20Outage", Status.MAJOR_OUTAGE),
        ("maintenance", Status.UNDER_MAINTENANCE),
    ],
)
def test_a_status_is_set_by_its_name_in_any_spelling(
    api: Client, service: Component, word: str, status: Status
) -> None:
    for verb in ("put", "post"):
        answer = put(api, service, word, verb)

        assert (answer.status_code, answer.json()["status"]) == (200, status.value)
    service.refresh_from_db()
    assert service.shown_status is status
    assert AuditEntry.objects.filter(actor_name="token “deploy”").exists() or status is (
        Status.OPERATIONAL
    )


@pytest.mark.req("P4")
def test_the_public_page_follows(api: Client, service: Component, tmp_path: Path) -> None:
    put(api, service, "major_outage")
    build.page(components=[service])

    assert Publisher(tmp_path, slice_s=60).publish_if_due(now=timezone.now())

    assert "Major outage" in (tmp_path / "index.html").read_text()


@pytest.mark.req("AMB-10")
def test_an_unknown_status_or_service_changes_nothing(api: Client, service: Component) -> None:
    unknown = put(api, service, "exploded")

    assert unknown.status_code == 400
    assert "Use operational, degraded" in unknown.json()["error"]
    service.refresh_from_db()
    assert service.shown_status is Status.OPERATIONAL
    assert api.put(f"{BASE}/service/put/nothing/operational/").status_code == 404


@pytest.mark.req("AMB-10")
def test_a_get_changes_a_status_only_where_it_was_allowed(
    api: Client, service: Component, settings: Settings
) -> None:
    for verb in ("get", "head"):
        answer = put(api, service, "major_outage", verb)
        assert (answer.status_code, answer.headers["Allow"]) == (405, "POST, PUT")
    assert Component.objects.get().shown_status is Status.OPERATIONAL

    settings.ESTATUS_GET_CHANGES = True

    answer = put(api, service, "major_outage", "get")
    assert answer.json()["status"] == "major_outage"
    assert "no-store" in answer.headers["Cache-Control"]
    assert put(Client(), service, "operational", "get").status_code == 401


@pytest.mark.req("P5")
def test_an_incident_is_opened_and_updated(api: Client, service: Component) -> None:
    body = {
        "title": "Payments fail",
        "message": "Looking.",
        "impact": "major",
        "services": [service.public_id],
        "notify": False,
    }
    answer = api.post(f"{BASE}/incident/post/", json.dumps(body), content_type="application/json")

    assert answer.status_code == 201
    row = Incident.objects.get(public_id=answer.json()["id"])
    assert (row.title, row.origin, row.is_draft) == ("Payments fail", "api", False)
    assert answer.json()["services"] == [service.public_id]
    said = api.post(
        f"{BASE}/incident/put/{row.public_id}/", {"status": "resolved", "message": "Fixed."}
    )
    assert said.json()["status"] == "resolved"
    listed = api.get(f"{BASE}/incident/incidents/list/").json()
    assert [one["id"] for one in listed] == [row.public_id]


@pytest.mark.req("P5")
@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("{", "not JSON"),
        ("[]", "a JSON object"),
        ('{"title": ""}', "title is required"),
        ('{"title": 7}', "title has to be text"),
        ('{"title": "A", "status": "gone"}', "status has to be one of: investigating"),
        ('{"title": "A", "impact": "huge"}', "impact has to be one of: none"),
        ('{"title": "A", "services": ["nothing"]}', "no such service"),
        ('{"title": "A", "services": 5}', "services has to be a list"),
        ('{"title": "A", "status": "postmortem"}', ""),
        ('{"title": "A", "notify": []}', "notify has to be true or false"),
        ('{"title": "A", "notify": {}}', "notify has to be true or false"),
        ('{"title": "A", "services": ["\\ud800"]}', "characters that cannot be stored"),
        ('{"title": "\\u0000"}', "characters that cannot be stored"),
        (json.dumps({"title": "A", "services": [str(n) for n in range(1001)]}), "1000 at most"),
    ],
)
def test_bad_input_gets_a_sentence_and_nothing_is_saved(
    api: Client, body: str, sentence: str
) -> None:
    answer = api.post(f"{BASE}/incident/post/", body, content_type="application/json")

    assert answer.status_code in {400, 404, 409}
    assert sentence in answer.json()["error"]
    assert not Incident.objects.exists()


@pytest.mark.req("P5")
def test_services_are_named_by_id_or_slug_and_read_at_once(api: Client) -> None:
    rows = [build.component() for _ in range(3)]
    # Its slug is the id of another one, and an id goes first.
    build.component(slug=rows[0].public_id)
    names = [rows[0].public_id, rows[1].slug, rows[2].public_id, rows[1].public_id]

    def opened(names: list[str]) -> tuple[set[str], int]:
        body = json.dumps({"title": "Slow", "message": "Looking.", "services": names})
        with CaptureQueriesContext(connection) as queries:
            answer = api.post(f"{BASE}/incident/post/", body, content_type="application/json")
        assert answer.status_code == 201, answer.content
        return set(answer.json()["services"]), len(queries)

    opened(names)  # What the first request alone reads.
    once, queries_once = opened(names)
    often, queries_often = opened(names * 500)

    assert once == often == {row.public_id for row in rows}
    assert queries_often == queries_once


@pytest.mark.req("P5")
def test_a_form_names_services_one_by_one(api: Client) -> None:
    rows = [build.component() for _ in range(2)]
    form = {"title": "Slow", "message": "Looking.", "services": [row.public_id for row in rows]}

    answer = api.post(f"{BASE}/incident/post/", form)

    assert set(answer.json()["services"]) == {row.public_id for row in rows}


@pytest.mark.req("P5")
def test_maintenance_is_planned(api: Client, service: Component) -> None:
    body = {
        "title": "New disk",
        "starts_at": "2027-03-01T03:00:00+01:00",
        "ends_at": "2027-03-01T04:30:00+01:00",
        "services": [service.slug],
    }
    answer = api.post(
        f"{BASE}/maintenance/post/", json.dumps(body), content_type="application/json"
    )

    assert answer.status_code == 201, answer.content
    row = Maintenance.objects.get()
    assert row.starts_at == datetime(2027, 3, 1, 2, tzinfo=UTC)
    assert row.ends_at == datetime(2027, 3, 1, 3, 30, tzinfo=UTC)
    assert [one["title"] for one in api.get(f"{BASE}/maintenance/list/").json()] == ["New disk"]
    for wrong in (
        {"ends_at": body["starts_at"]},
        {"starts_at": "tomorrow"},
        {"starts_at": "2027-03-01T03:00:00"},
        {"starts_at": "0001-01-01T00:00:00+14:00"},
        {"ends_at": "9999-12-31T23:59:59-14:00"},
    ):
        refused = api.post(
            f"{BASE}/maintenance/post/", json.dumps(body | wrong), content_type="application/json"
        )
        assert refused.status_code == 400


def member(role: Role = Role.RESPONDER, *scopes: str) -> tuple[Client, User]:
    """A program with an access token of a member."""
    owner = build.operator(role=role, first_name="Ada", last_name="Lovelace")
    now = timezone.now()
    _, secret = access_tokens.create(
        owner=owner, label="pager", scopes=scopes, expires_at=None, now=now
    )
    return Client(headers={"Authorization-Token": secret}), owner


def test_an_access_token_of_a_member_does_what_its_scopes_say(service: Component) -> None:
    api, owner = member(Role.RESPONDER, "components:write", "incidents:write", "maintenances:write")
    assert api.get(LIST).status_code == 200
    assert put(api, service, "degraded").json()["status"] == "degraded_performance"
    made = api.post(f"{BASE}/incident/post/", {"title": "Slow", "message": "Looking."})
    assert made.status_code == 201, made.content
    row = Incident.objects.get()
    assert (row.author, row.author_name, row.origin) == (owner, "Ada Lovelace", "api")
    path = f"{BASE}/incident/put/{row.public_id}/"
    assert api.post(path, {"message": "Over.", "status": "resolved"}).status_code == 200
    tomorrow = timezone.now() + timedelta(days=1)
    plan = {
        "title": "Disks",
        "starts_at": tomorrow.isoformat(),
        "ends_at": (tomorrow + timedelta(hours=1)).isoformat(),
        "services": service.public_id,
    }
    assert api.post(f"{BASE}/maintenance/post/", plan).status_code == 201
    assert Maintenance.objects.get().author == owner
    entry = AuditEntry.objects.filter(content_type__model="incident").latest("id")
    assert (entry.actor, entry.actor_name) == (owner, f"{owner.username} (token “pager”)")


def test_an_access_token_does_nothing_beyond_its_scopes_and_its_owners_role(
    service: Component, settings: Settings
) -> None:
    reader, _ = member(Role.OWNER, "components:read")
    assert reader.get(LIST).status_code == 200
    refused = put(reader, service, "degraded")
    assert refused.status_code == 403
    assert "components:write" in refused.json()["error"]
    viewer, _ = member(Role.VIEWER, "*:write")
    assert put(viewer, service, "degraded").status_code == 403
    for path in ("/incident/post/", "/maintenance/post/"):
        for api in (reader, viewer):
            assert api.post(BASE + path, {"title": "x", "message": "y"}).status_code == 403
    assert Component.objects.get(pk=service.pk).shown_status == Status.OPERATIONAL
    assert not Incident.objects.exists()
    settings.API_PER_MINUTE = 1
    late, _ = member(Role.OWNER, "components:read")
    assert late.get(LIST).status_code == 200
    waits = late.get(LIST)
    assert waits.status_code == 429
    assert 0 < int(waits.headers["Retry-After"]) <= 61


def test_a_token_of_a_program_has_its_requests_of_a_minute_as_well(
    api: Client, settings: Settings
) -> None:
    settings.API_PER_MINUTE = 2
    answers = [api.get(LIST) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 61
    _, other = tokens.create(kind=TokenKind.API, now=timezone.now(), label="other")
    assert Client(headers={"Authorization-Token": other}).get(LIST).status_code == 200


@pytest.mark.req("P1")
def test_maintenance_takes_its_steps_by_estatus_words() -> None:
    now = timezone.now()
    row = build.maintenance(now=now)
    address = f"/admin/api/v1/maintenance/put/{row.public_id}/"

    def put(**body: object) -> Any:
        return Client().put(
            address,
            body,
            content_type="application/json",
            headers={"authorization-token": secret},
        )

    _token, secret = tokens.create(kind=TokenKind.API, now=now)
    assert put(status="In Progress").json()["status"] == "in_progress"
    assert put(message="Half of it is done.").json()["status"] == "in_progress"
    assert put(status="Verification").json()["status"] == "verification"
    assert put(status="Complete", notify=False).json()["status"] == "completed"
    assert put(status="In Progress").status_code == 409
    assert put(status="sideways").status_code == 400
    assert row.updates.filter(text="Half of it is done.").count() == 1
    address = "/admin/api/v1/maintenance/put/nothing/"
    assert put(status="Complete").status_code == 404


@pytest.mark.req("P1", "P2")
def test_the_document_names_every_address_and_method_and_is_for_everybody(api: Client) -> None:
    told = Client().get(f"{BASE}/openapi.json").json()
    for path, operations in told["paths"].items():
        address = BASE + re.sub(r"{\w+}", "x", path)
        for method in operations:
            answer = api.generic(method.upper(), address)
            assert answer.status_code != 405, (method, path)
            assert answer.headers["Content-Type"] == "application/json", (method, path)
        assert api.generic("DELETE", address).status_code == 405, path
    assert len(told["paths"]) == len(estatus_urls.urlpatterns) - 1  # but for itself
