"""Announcements over the API."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.roles import Role
from components import catalogue, pages
from components.models import PageKind
from incidents import announcements
from incidents.models import Announcement
from tests import build
from tests.management_api.calling import BASE, Caller

pytestmark = pytest.mark.django_db

NOTE = {"title": "New office hours", "text": "From **Monday** on."}


def test_an_announcement_is_posted_read_changed_and_retracted() -> None:
    api = Caller()
    before = catalogue.page().revision
    made = api.post("/announcements", NOTE)
    assert made.status_code == 201, made.content
    path = f"/announcements/{made.json()['id']}"
    assert made.headers["Location"] == BASE + path
    assert (made.json()["state"], made.json()["pages"]) == ("shown", [])
    assert catalogue.page().revision > before
    read = api.get(path)
    assert read.json() == made.json()
    changed = api.patch(path, {"title": "Hours"}, if_match=read.headers["ETag"])
    assert changed.json() == made.json() | {"title": "Hours"}
    assert api.patch(path, {"title": "x"}, if_match=read.headers["ETag"]).status_code == 412
    ends_at = (timezone.now() + timedelta(days=1)).isoformat()
    assert api.patch(path, {"ends_at": ends_at}).json()["ends_at"] is not None
    assert api.patch(path, {"ends_at": None}).json()["ends_at"] is None
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404


def test_an_announcement_is_on_chosen_pages_and_customers_are_named_to_who_may_know() -> None:
    api = Caller()
    sub, acme = build.page(), build.page(kind=PageKind.CUSTOMER)
    both = sorted([sub.public_id, acme.public_id])
    made = api.post("/announcements", NOTE | {"pages": both})
    path = f"/announcements/{made.json()['id']}"
    assert (made.json()["is_for_some"], made.json()["pages"]) == (True, both)
    viewer = Caller(role=Role.VIEWER, scopes=["announcements:read"])
    assert viewer.get(path).json()["pages"] == [sub.public_id]
    assert api.patch(path, {"title": "Same pages"}).json()["pages"] == both
    pages.retire(page=sub, now=timezone.now())
    assert api.patch(path, {"pages": both}).status_code == 200
    gone = api.post("/announcements", NOTE | {"pages": [sub.public_id]})
    assert (gone.status_code, [*gone.json()["errors"]]) == (422, ["pages"])
    assert api.patch(path, {"pages": []}).json()["is_for_some"] is False


def test_the_list_tells_which_are_shown() -> None:
    api, now = Caller(), timezone.now()
    for number in range(3):
        announcements.publish(
            title=f"Note {number}", text="x", starts_at=now - timedelta(hours=3 - number), now=now
        )
    later = (now + timedelta(days=1)).isoformat()
    api.post("/announcements", NOTE | {"starts_at": later})
    listed = api.get("/announcements").json()["data"]
    assert [(row["title"], row["state"]) for row in listed] == [
        ("New office hours", "planned"),
        ("Note 2", "shown"),
        ("Note 1", "shown"),
        ("Note 0", "displaced"),
    ]
    current = api.get("/announcements?current=true&limit=2").json()
    assert [row["title"] for row in current["data"]] == ["Note 2", "Note 1"]
    rest = api.get(f"/announcements?current=true&cursor={current['next']}").json()["data"]
    assert [row["title"] for row in rest] == ["Note 0"]

    def queries(limit: int) -> int:
        with CaptureQueriesContext(connection) as found:
            api.get(f"/announcements?limit={limit}")
        return len(found)

    assert queries(1) == queries(100)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "\ud800"}, "title"),
        ({"text": "x" * 5001}, "text"),
        ({"ends_at": "2001-01-01T00:00:00Z"}, "ends_at"),
        ({"starts_at": "soon"}, "starts_at"),
        ({"pages": ["x" * 12]}, "pages"),
        ({"pages": ["\ud800"]}, "pages"),
    ],
)
def test_what_is_wrong_is_said_by_field_and_nothing_is_saved(
    wrong: dict[str, object], field: str
) -> None:
    answer = Caller().post("/announcements", NOTE | wrong)
    assert answer.status_code == 422, answer.content
    assert {name.partition(".")[0] for name in answer.json()["errors"]} == {field}
    assert not Announcement.objects.exists()


@pytest.mark.parametrize(
    "ask",
    [
        lambda api, path: api.post("/announcements", NOTE),
        lambda api, path: api.patch(path, {"title": "x"}),
        lambda api, path: api.delete(path),
    ],
    ids=["post", "change", "retract"],
)
def test_who_may_only_read_writes_nothing(ask: Callable[[Caller, str], Any]) -> None:
    path = f"/announcements/{Caller().post('/announcements', NOTE).json()['id']}"
    scoped = Caller(scopes=["announcements:read", "incidents:write"])
    for api in (Caller(role=Role.VIEWER), scoped):
        before = api.get("/announcements")
        assert before.status_code == 200
        assert ask(api, path).status_code == 403
        assert api.get("/announcements").content == before.content
