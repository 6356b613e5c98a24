"""Incidents over the API: as on the console, by the same operations."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditEntry
from accounts.roles import Role
from components import catalogue, claims
from components.models import Component, DeclaredPeriod, PageKind
from components.status import Source, Status
from incidents.models import Incident, IncidentUpdate, WithdrawnEvent
from subscribers.models import Broadcast
from tests import build
from tests.management_api.calling import BASE, Caller

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def seen(component: Component) -> Status:
    return Component.objects.get(pk=component.pk).shown_status


def test_an_incident_is_reported_updated_and_resolved_as_on_the_console() -> None:
    api = Caller()
    checkout = build.component(name="Checkout")
    before = catalogue.page().revision
    made = api.post(
        "/incidents",
        {
            "title": "Payments fail",
            "text": "We look into it.",
            "impact": "major",
            "components": [{"id": checkout.public_id}],
        },
    )
    assert made.status_code == 201, made.content
    path = f"/incidents/{made.json()['id']}"
    assert made.headers["Location"] == BASE + path
    assert (made.json()["phase"], made.json()["origin"]) == ("open", "api")
    assert made.json()["components"] == [
        {
            "id": checkout.public_id,
            "name": "Checkout",
            "status": "partial_outage",
            "is_chosen": False,
        }
    ]
    assert api.get(path).json() == made.json()
    assert seen(checkout) == Status.PARTIAL_OUTAGE
    assert catalogue.page().revision > before
    assert Broadcast.objects.count() == 1

    posted = api.post(
        f"{path}/updates",
        {
            "state": "resolved",
            "text": "It is over.",
            "seen_update_id": made.json()["newest_update_id"],
        },
    )
    assert posted.status_code == 201, posted.content
    assert (posted.json()["state"], posted.json()["previous_state"]) == (
        "resolved",
        "investigating",
    )
    assert posted.json()["components"] == [
        {
            "id": checkout.public_id,
            "name": "Checkout",
            "previous": "partial_outage",
            "status": "operational",
        }
    ]
    assert seen(checkout) == Status.OPERATIONAL
    assert api.get(path).json()["phase"] == "past"
    assert Broadcast.objects.count() == 2
    texts = [row["text"] for row in api.get(f"{path}/updates").json()["data"]]
    assert texts == ["It is over.", "We look into it."]
    assert IncidentUpdate.objects.filter(author=api.owner).count() == 2
    named = AuditEntry.objects.filter(actor_name__contains="(token “test”)")
    assert named.filter(content_type__model="incident", actor=api.owner).exists()


def test_nobody_is_told_where_the_caller_says_so() -> None:
    api = Caller()
    made = api.post("/incidents", {"title": "Slow", "text": "Looking.", "notify": False})
    path = f"/incidents/{made.json()['id']}"
    assert api.post(f"{path}/updates", {"text": "Still.", "notify": False}).status_code == 201
    assert not Broadcast.objects.exists()
    assert [row["notifies"] for row in api.get(f"{path}/updates").json()["data"]] == [False] * 2


def test_a_draft_is_written_changed_published_once_or_discarded() -> None:
    api = Caller()
    checkout, search = build.component(), build.component()
    body = {"is_draft": True, "text": "What we know.", "components": [{"id": checkout.slug}]}
    made = api.post("/incidents", body)
    path = f"/incidents/{made.json()['id']}"
    assert made.json()["draft"] == {"text": "What we know.", "notify": True}
    assert (made.json()["phase"], made.json()["newest_update_id"]) == ("draft", None)
    assert api.post(f"{path}/updates", {"text": "More."}).status_code == 409
    assert api.post(f"{path}/publish").json()["errors"] == {"title": ["Write a title."]}

    changed = api.patch(
        path,
        {
            "title": "Search is down",
            "impact": "critical",
            "components": [{"id": search.public_id, "status": "degraded_performance"}],
        },
        if_match=made.headers["ETag"],
    )
    assert changed.status_code == 200, changed.content
    assert [row["id"] for row in changed.json()["components"]] == [search.public_id]
    assert changed.json()["draft"]["text"] == "What we know."
    assert api.patch(path, {"title": "x"}, if_match=made.headers["ETag"]).status_code == 412
    assert not Broadcast.objects.exists()

    assert api.post(f"{path}/publish").json()["phase"] == "open"
    assert seen(search) == Status.DEGRADED_PERFORMANCE
    assert Broadcast.objects.count() == 1
    assert api.post(f"{path}/publish").status_code == 409

    other = api.post("/incidents", {"is_draft": True}).json()["id"]
    assert api.delete(f"/incidents/{other}").status_code == 204
    assert not WithdrawnEvent.objects.exists()


def test_what_is_over_goes_straight_into_the_history() -> None:
    api = Caller()
    checkout, now = build.component(), timezone.now()
    body: dict[str, Any] = {
        "title": "It failed",
        "text": "A disk was full.",
        "impact": "critical",
        "components": [{"id": checkout.public_id}],
        "started_at": (now - 3 * HOUR).isoformat(),
        "resolved_at": (now - 2 * HOUR).isoformat(),
    }
    made = api.post("/incidents", body)
    assert made.status_code == 201, made.content
    assert (made.json()["phase"], made.json()["is_retroactive"]) == ("past", True)
    assert seen(checkout) == Status.OPERATIONAL
    assert DeclaredPeriod.objects.get().status == Status.MAJOR_OUTAGE
    assert not Broadcast.objects.exists()
    for wrong, field in (
        ({"is_draft": True}, "is_draft"),
        ({"state": "monitoring"}, "state"),
        ({"next_update_by": (now + HOUR).isoformat()}, "next_update_by"),
        ({"started_at": None}, "started_at"),
        ({"started_at": body["resolved_at"]}, "resolved_at"),
    ):
        refused = api.post("/incidents", body | wrong)
        assert (refused.status_code, [*refused.json()["errors"]]) == (422, [field])
    assert Incident.objects.count() == 1


def test_of_a_public_incident_the_title_and_the_start_are_corrected_and_nothing_else() -> None:
    api, now = Caller(), timezone.now()
    row = build.incident(now=now, notify=False)
    path = f"/incidents/{row.public_id}"
    start = now - HOUR
    changed = api.patch(path, {"title": "Payments failed", "started_at": start.isoformat()})
    assert changed.json()["title"] == "Payments failed"
    row.refresh_from_db()
    assert row.started_at == start
    assert not Broadcast.objects.exists()
    refused = api.patch(path, {"title": "x", "impact": "none", "text": "y"})
    assert refused.status_code == 422
    assert [*refused.json()["errors"]] == ["impact", "text"]
    late = api.patch(path, {"started_at": (now + HOUR).isoformat()})
    assert (late.status_code, [*late.json()["errors"]]) == (422, ["started_at"])
    row.refresh_from_db()
    assert (row.title, row.started_at) == ("Payments failed", start)


def test_who_has_not_read_the_newest_update_is_told_so() -> None:
    api = Caller()
    path = f"/incidents/{build.incident(notify=False).public_id}"
    known = api.get(path).json()["newest_update_id"]
    assert api.post(f"{path}/updates", {"text": "A.", "seen_update_id": known}).status_code == 201
    late = api.post(f"{path}/updates", {"text": "B.", "seen_update_id": known})
    assert late.status_code == 409
    assert "Somebody posted meanwhile" in late.json()["detail"]
    unknown = api.post(f"{path}/updates", {"text": "B.", "seen_update_id": "x" * 12})
    assert [*unknown.json()["errors"]] == ["seen_update_id"]
    assert IncidentUpdate.objects.count() == 2


def test_resolving_asks_again_while_probes_disagree() -> None:
    api = Caller()
    search = build.component(name="Search")
    claims.set_claim(
        component=search,
        source=Source.MONITOR,
        reference="monitors",
        claimed=Status.PARTIAL_OUTAGE,
        now=build.LONG_AGO,
    )
    row = build.incident(components={search: None}, notify=False)
    path = f"/incidents/{row.public_id}/updates"
    refused = api.post(path, {"state": "resolved", "text": "Over."})
    assert refused.status_code == 409
    assert "Probes still find trouble with Search" in refused.json()["detail"]
    assert Incident.objects.get().is_open
    sure = api.post(path, {"state": "resolved", "text": "Over.", "is_sure": True})
    assert sure.status_code == 201, sure.content
    assert seen(search) == Status.PARTIAL_OUTAGE


def test_states_that_cannot_follow_are_conflicts() -> None:
    api = Caller()
    row = build.incident(notify=False)
    path = f"/incidents/{row.public_id}/updates"
    refused = api.post(path, {"state": "postmortem", "text": "By hand."})
    assert refused.status_code == 409
    assert "publish the postmortem instead" in refused.json()["detail"]
    over = api.post("/incidents", {"title": "x", "text": "y", "state": "resolved"})
    assert over.status_code == 409
    assert IncidentUpdate.objects.count() == 1


def test_an_update_for_one_page_is_named_to_who_may_know_of_customers() -> None:
    api = Caller()
    shared = build.component()
    acme = build.page(components=[shared], kind=PageKind.CUSTOMER)
    row = build.incident(components={shared: None}, notify=False)
    path = f"/incidents/{row.public_id}/updates"
    posted = api.post(path, {"text": "For Acme.", "audience": acme.public_id})
    assert posted.status_code == 201, posted.content
    assert (posted.json()["is_for_one_page"], posted.json()["audience"]) == (True, acme.public_id)
    other = build.page(components=[build.component()])
    for wrong, field in (
        ({"audience": other.public_id}, "audience"),
        ({"audience": "x" * 12}, "audience"),
        ({"audience": acme.public_id, "state": "monitoring"}, "state"),
    ):
        refused = api.post(path, {"text": "No."} | wrong)
        assert (refused.status_code, [*refused.json()["errors"]]) == (422, [field])
    viewer = Caller(role=Role.VIEWER, scopes=["incidents:read"])
    newest = viewer.get(path).json()["data"][0]
    assert (newest["is_for_one_page"], newest["audience"]) == (True, None)


def test_the_text_of_an_update_is_corrected() -> None:
    api = Caller()
    row = build.incident(text="Serch is down.", notify=False)
    update = row.updates.get()
    path = f"/incidents/{row.public_id}/updates/{update.public_id}"
    read = api.get(path)
    fixed = api.patch(path, {"text": "Search is down."}, if_match=read.headers["ETag"])
    assert fixed.json()["text"] == "Search is down."
    assert fixed.json()["corrected_at"] is not None
    late = api.patch(path, {"text": "No."}, if_match=read.headers["ETag"])
    assert late.status_code == 412
    assert api.patch(path, {"text": " "}).json()["errors"] == {"text": ["Write a message."]}
    other = build.incident(notify=False)
    assert api.get(f"/incidents/{other.public_id}/updates/{update.public_id}").status_code == 404
    assert not Broadcast.objects.exists()


def test_a_deleted_incident_leaves_the_mark_that_it_was_withdrawn() -> None:
    api = Caller()
    row = build.incident(notify=False)
    path = f"/incidents/{row.public_id}"
    tag = api.get(path).headers["ETag"]
    api.post(f"{path}/updates", {"text": "More.", "notify": False})
    assert api.delete(path, if_match=tag).status_code == 412
    assert api.delete(path).status_code == 204
    assert WithdrawnEvent.objects.get().public_id == row.public_id
    assert api.get(path).status_code == 404
    assert api.post(f"{path}/updates", {"text": "More."}).status_code == 404


def test_the_list_is_narrowed() -> None:
    api, now = Caller(), timezone.now()
    checkout = build.component()
    first = build.incident(title="Old", now=now - 5 * HOUR, notify=False, impact="minor")
    api.post(f"/incidents/{first.public_id}/updates", {"text": "Over.", "state": "resolved"})
    build.incident(title="New", now=now, notify=False, components={checkout: None})
    api.post("/incidents", {"title": "Draft", "is_draft": True})

    def titles(query: str) -> list[str]:
        answer = api.get(f"/incidents{query}")
        assert answer.status_code == 200, answer.content
        return [row["title"] for row in answer.json()["data"]]

    assert titles("") == ["Draft", "New", "Old"]
    assert titles("?phase=open") == ["New"]
    assert titles("?phase=past") == ["Old"]
    assert titles("?phase=draft") == ["Draft"]
    assert titles("?impact=minor") == ["Old"]
    assert titles("?q=ne") == ["New"]
    assert titles(f"?component_id={checkout.public_id}") == ["New"]
    assert titles(f"?component_id={checkout.slug}") == ["New"]
    assert titles("?component_id=nothing") == []
    middle = (now - HOUR).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert titles(f"?since={middle}") == ["Draft", "New"]
    assert titles(f"?until={middle}") == ["Old"]
    for wrong in ("?phase=x", "?q=%00", "?since=tomorrow", "?component_id=%00"):
        assert api.get(f"/incidents{wrong}").status_code == 422


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"text": "No title."}, "title"),
        ({"title": "x", "components": [{"id": "nothing"}]}, "components"),
        ({"title": "x", "components": [{"id": "a"}, {"id": "a"}]}, "components"),
        ({"title": "x", "components": [{"id": "a", "status": "unknown"}]}, "components"),
        ({"title": "x", "impact": "huge"}, "impact"),
        ({"title": "x", "started_at": "2026-11-21T10:00:00"}, "started_at"),
        ({"title": "x", "started_at": "2099-11-21T10:00:00Z"}, "started_at"),
        ({"title": "x", "next_update_by": "2001-01-01T00:00:00Z"}, "next_update_by"),
        ({"title": "\ud800"}, "title"),
        ({"title": "x", "template_id": 2**31 - 1}, "template_id"),
        ({"title": "x", "template_id": 10**40}, "template_id"),
    ],
)
def test_what_is_wrong_is_said_by_field_and_nothing_is_saved(
    body: dict[str, object], field: str
) -> None:
    build.component(slug="a")
    answer = Caller().post("/incidents", body)
    assert answer.status_code == 422, answer.content
    assert {name.partition(".")[0] for name in answer.json()["errors"]} == {field}
    assert not Incident.objects.exists()


@pytest.mark.parametrize(
    "ask",
    [
        lambda api, path: api.post("/incidents", {"title": "x", "text": "y"}),
        lambda api, path: api.patch(path, {"title": "x"}),
        lambda api, path: api.post(f"{path}/updates", {"text": "x"}),
        lambda api, path: api.post(f"{path}/publish"),
        lambda api, path: api.delete(path),
    ],
    ids=["report", "revise", "update", "publish", "delete"],
)
def test_who_may_only_read_writes_nothing(ask: Callable[[Caller, str], Any]) -> None:
    row = build.incident(notify=False)
    path = f"/incidents/{row.public_id}"
    before = (Incident.objects.count(), IncidentUpdate.objects.count(), row.changed_at)
    viewer, reader = Caller(role=Role.VIEWER), Caller(scopes=["incidents:read", "components:write"])
    for api in (viewer, reader):
        assert api.get(path).status_code == 200
        assert ask(api, path).status_code == 403
    row.refresh_from_db()
    assert (Incident.objects.count(), IncidentUpdate.objects.count(), row.changed_at) == before


def test_a_repeated_report_is_one_incident() -> None:
    api, body = Caller(), {"title": "Slow", "text": "Looking."}
    first = api.post("/incidents", body, idempotency_key="pager-17")
    again = api.post("/incidents", body, idempotency_key="pager-17")
    assert (again.status_code, again.content) == (201, first.content)
    path = f"/incidents/{first.json()['id']}/updates"
    for _time in range(2):
        assert api.post(path, {"text": "More."}, idempotency_key="pager-18").status_code == 201
    assert (Incident.objects.count(), IncidentUpdate.objects.count()) == (1, 2)


def test_a_long_list_takes_no_more_queries_than_a_short_one() -> None:
    api = Caller()

    def queries(path: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            assert api.get(path).status_code == 200
        return len(found)

    row = build.incident(components={build.component(): None}, notify=False)
    updates = f"/incidents/{row.public_id}/updates"
    api.get(updates)
    few = (queries("/incidents"), queries(updates))
    for number in range(5):
        build.incident(components={build.component(): None}, notify=False)
        api.post(updates, {"text": f"{number}", "notify": False})
    assert (queries("/incidents"), queries(updates)) == few
