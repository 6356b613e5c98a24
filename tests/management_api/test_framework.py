"""What every operation of the management API has in common, shown with components."""

import importlib
import inspect
import pkgutil
import re
import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from ninja import Schema
from pydantic import TypeAdapter
from pytest_django.fixtures import Settings

import management_api
from accounts import access_tokens
from accounts.models import AccessToken
from accounts.roles import Role
from components.models import Component
from management_api import idempotency, tasks, views
from management_api.api import api
from management_api.models import IdempotentRequest
from tests import build
from tests.management_api.calling import BASE, Caller

pytestmark = pytest.mark.django_db


def test_a_component_is_made_read_changed_and_removed() -> None:
    api = Caller()
    made = api.post("/components", {"name": "Checkout"})
    assert made.status_code == 201, made.content
    path = f"/components/{made.json()['id']}"
    assert made.headers["Location"] == BASE + path
    assert made.json()["slug"] == "checkout"
    shown = api.get(path)
    assert shown.json() == made.json()
    assert 'openapi.json>; rel="service-desc"' in shown.headers["Link"]
    changed = api.patch(path, {"description": "Where people pay"}, if_match=shown.headers["ETag"])
    assert changed.json() == made.json() | {"description": "Where people pay"}
    held = api.put(f"{path}/status", {"status": "partial_outage"})
    assert (held.json()["status"], held.json()["is_held"]) == ("partial_outage", True)
    freed = api.put(f"{path}/status", {"status": None})
    assert (freed.json()["status"], freed.json()["is_held"]) == ("operational", False)
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404
    assert not Component.objects.exists()


def test_without_a_valid_token_nothing_is_told() -> None:
    api = Caller()
    for header in ("", "Bearer", "Bearer can_unknown", f"Basic {api.secret}"):
        answer = Client().get(f"{BASE}/components", headers={"authorization": header})
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["status"] == 401
    access_tokens.revoke(token=api.token, now=timezone.now())
    assert api.get("/components").status_code == 401


def test_a_token_that_is_too_old_or_whose_owner_left_is_refused() -> None:
    api = Caller()
    AccessToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert api.get("/components").status_code == 401
    AccessToken.objects.update(expires_at=None)
    assert api.get("/components").status_code == 200
    api.owner.is_active = False
    api.owner.save()
    assert api.get("/components").status_code == 401


def test_a_token_does_what_its_scopes_say_and_never_more_than_its_owner_may_now() -> None:
    reader = Caller(scopes=["components:read"])
    assert reader.get("/components").status_code == 200
    refused = reader.post("/components", {"name": "Checkout"})
    assert refused.status_code == 403
    assert "components:write" in refused.json()["detail"]
    writer = Caller(scopes=["components:write"])
    assert writer.get("/components").status_code == 200
    assert writer.post("/components", {"name": "Checkout"}).status_code == 201
    writer.owner.role = Role.VIEWER
    writer.owner.save()
    assert writer.get("/components").status_code == 200
    assert writer.post("/components", {"name": "Search"}).status_code == 403
    assert Component.objects.count() == 1


def test_what_somebody_changed_meanwhile_is_not_overwritten() -> None:
    api = Caller()
    path = f"/components/{build.component(name='Checkout').public_id}"
    seen = api.get(path).headers["ETag"]
    assert api.patch(path, {"name": "Pay"}, if_match=seen).status_code == 200
    late = api.patch(path, {"name": "Buy"}, if_match=seen)
    assert late.status_code == 412
    assert api.delete(path, if_match=seen).status_code == 412
    assert Component.objects.get().name == "Pay"
    assert api.patch(path, {"name": "Buy"}, if_match="*").status_code == 200


def test_who_has_the_same_bytes_gets_none() -> None:
    api = Caller()
    path = f"/components/{build.component().public_id}"
    tag = api.get(path).headers["ETag"]
    again = api.get(path, if_none_match=tag)
    assert (again.status_code, again.content) == (304, b"")
    assert api.get("/components", if_none_match=tag).status_code == 200


def test_a_repeated_create_gets_the_first_answer() -> None:
    api = Caller()
    first = api.post("/components", {"name": "Checkout"}, idempotency_key="k1")
    again = api.post("/components", {"name": "Checkout"}, idempotency_key="k1")
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Idempotent-Replayed"] == "true"
    other = api.post("/components", {"name": "Search"}, idempotency_key="k1")
    assert other.status_code == 422
    assert Component.objects.count() == 1
    # Of another token the same key is another key.
    assert Caller().post("/components", {"name": "Search"}, idempotency_key="k1").status_code == 201


def test_what_failed_may_be_tried_again_under_its_key_and_old_keys_are_forgotten() -> None:
    api = Caller()
    assert api.post("/components", {"name": ""}, idempotency_key="k1").status_code == 422
    assert api.post("/components", {"name": "Checkout"}, idempotency_key="k1").status_code == 201
    assert api.post("/components", {"name": "x"}, idempotency_key="é").status_code == 400
    now = timezone.now()
    assert idempotency.forget(now=now) == 0
    assert idempotency.forget(now=now + timedelta(hours=24)) == 1


def test_the_hourly_task_forgets_keys_that_count_no_longer() -> None:
    api = Caller()
    for key in ("k1", "k2"):
        api.post("/components", {"name": "Checkout"}, idempotency_key=key)
    IdempotentRequest.objects.filter(key="k1").update(created_at=timezone.now() - timedelta(days=1))
    tasks.forget_what_is_over()
    assert [note.key for note in IdempotentRequest.objects.all()] == ["k2"]


@pytest.mark.django_db(transaction=True)
def test_of_two_equal_creates_at_once_one_creates() -> None:
    api = Caller()
    both = threading.Barrier(2)
    answers = []

    def create() -> None:
        both.wait()
        answers.append(api.post("/components", {"name": "Checkout"}, idempotency_key="k1"))
        connection.close()

    threads = [threading.Thread(target=create) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [201, 201]
    assert len({answer.content for answer in answers}) == 1
    assert Component.objects.count() == 1


def test_a_list_comes_in_pages_that_miss_nothing_when_rows_come() -> None:
    api = Caller()
    names = [build.component().public_id for _ in range(5)]
    first = api.get("/components?limit=2").json()
    build.component()
    second = api.get(f"/components?limit=2&cursor={first['next']}").json()
    third = api.get(f"/components?limit=100&cursor={second['next']}").json()
    seen = [row["id"] for page in (first, second, third) for row in page["data"]]
    assert seen[:5] == names
    assert len(seen) == 6
    assert third["next"] is None
    assert api.get("/components?cursor=nonsense").status_code == 400
    assert api.get("/components?limit=0").status_code == 422


def test_a_list_of_components_is_narrowed() -> None:
    api, group = Caller(), build.group()
    shop = build.component(name="Web shop", group=group)
    search = build.component(name="Search")
    api.put(f"/components/{search.public_id}/status", {"status": "major_outage"})
    for query, row in (
        (f"group_id={group.public_id}", shop),
        ("status=major_outage", search),
        ("q=SHOP", shop),
    ):
        found = api.get(f"/components?{query}").json()["data"]
        assert [each["id"] for each in found] == [row.public_id], query
    assert api.get("/components?q=%00").status_code == 422
    assert api.get("/components?status=fine").status_code == 422


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": 7}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "a\0b"}, ""),
        ({"name": "Checkout", "colour": "red"}, "colour"),
        ({"name": "Checkout", "slug": "no slug"}, "slug"),
        ([], ""),
    ],
)
def test_a_wrong_body_is_a_problem_that_names_the_field(body: object, field: str) -> None:
    answer = Caller().post("/components", body)
    assert answer.status_code == 422, answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert any(name.startswith(field) for name in answer.json()["errors"])
    assert not Component.objects.exists()


def test_what_is_not_json_and_what_is_not_there_are_problems_too() -> None:
    api = Caller()
    answer = Client().post(
        f"{BASE}/components",
        "{",
        content_type="application/json",
        headers={"authorization": f"Bearer {api.secret}"},
    )
    assert (answer.status_code, answer.json()["title"]) == (400, "Bad Request")
    for path in ("/components/nothing", "/no/such/address", "/"):
        answer = api.get(path)
        assert (answer.status_code, answer.json()["title"]) == (404, "Not Found")
    answer = api.ask("PUT", "/components")
    assert (answer.status_code, answer.json()["title"]) == (405, "Method Not Allowed")
    assert answer.headers["Allow"] == "GET, POST"


def test_a_token_has_so_many_requests_a_minute_and_the_database_counts_them(
    settings: Settings,
) -> None:
    settings.API_PER_MINUTE = 2
    api = Caller()
    left = [api.get("/components").headers["RateLimit-Remaining"] for _ in range(2)]
    assert left == ["1", "0"]
    refused = api.get("/components")
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 61
    assert Caller().get("/components").status_code == 200
    AccessToken.objects.update(window_at=timezone.now() - timedelta(seconds=61))
    assert api.get("/components").status_code == 200


def test_no_two_shapes_of_the_document_have_one_name() -> None:
    shapes: dict[str, dict[str, object]] = {}
    for module in pkgutil.iter_modules(management_api.__path__, "management_api."):
        for each in vars(importlib.import_module(module.name)).values():
            if isinstance(each, type) and issubclass(each, Schema):
                found = TypeAdapter(each).json_schema(ref_template="{model}")
                named = found.pop("$defs", {}) | {found.get("title", each.__name__): found}
                for name, shape in named.items():
                    assert shapes.setdefault(name, shape) == shape, name
    assert {"ComponentOut", "TimelineEntryOut", "EntryOut"} <= set(shapes)


def test_a_clock_that_is_put_back_locks_no_token_out() -> None:
    caller = access_tokens.verify(secret=Caller().secret, now=timezone.now())
    assert caller is not None
    now = timezone.now()
    for _ in range(3):
        access_tokens.admit(caller=caller, now=now, per_minute=3)
    assert access_tokens.admit(caller=caller, now=now - timedelta(hours=1), per_minute=3) == 2


def test_the_document_is_made_once_and_asked_for_again_by_its_tag() -> None:
    first = Client().get(f"{BASE}/openapi.json")
    assert first.json()["openapi"] == "3.1.0"
    assert "max-age=300" in first.headers["Cache-Control"]
    again = Client().get(f"{BASE}/openapi.json", headers={"if-none-match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert views._written() is views._written()


def test_every_operation_that_takes_an_entity_tag_looks_at_it() -> None:
    declared = [
        operation
        for router in api._get_bound_routers()
        for view in router.path_operations.values()
        for operation in view.operations
        if any(
            header["name"] == "If-Match"
            for header in (operation.openapi_extra or {}).get("parameters", [])
        )
    ]
    assert len(declared) > 30
    careless = [
        operation.operation_id
        for operation in declared
        # Some look through a helper of their module.
        if not re.search(
            r"etags\.check\(|_check_seen\(|_sub_page\(",
            inspect.getsource(inspect.unwrap(operation.view_func)),
        )
    ]
    assert careless == []
