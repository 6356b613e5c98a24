"""Who would be told, asked before anything is posted."""

import pytest

from accounts.roles import Role
from subscribers.models import Broadcast
from tests import build
from tests.management_api.calling import Caller

pytestmark = pytest.mark.django_db


def test_it_counts_who_would_hear_of_the_next_update_of_an_incident() -> None:
    api = Caller(role=Role.VIEWER, scopes=["incidents:read"])
    search, basket = build.component(), build.component()
    build.subscriber()
    build.subscriber(components=[search])
    build.subscriber(components=[basket])
    row = build.incident(components={search: None}, notify=False)
    path = f"/incidents/{row.public_id}/forecast"
    told = api.get(path)
    assert told.status_code == 200, told.content
    assert (told.json()["people"], told.json()["programs"]) == (2, 0)
    (mail,) = told.json()["channels"]
    assert (mail["channel"], mail["told"], mail["not_told"]) == ("email", 2, {"other_services": 1})
    assert api.get(f"{path}?state=resolved").json()["people"] == 2
    refused = api.get(f"{path}?state=postmortem")
    assert (refused.status_code, [*refused.json()["errors"]]) == (422, ["state"])
    assert not Broadcast.objects.exists()


def test_it_counts_who_would_hear_of_a_draft_and_of_a_step_of_maintenance() -> None:
    api = Caller()
    build.subscriber()
    draft = api.post("/incidents", {"is_draft": True}).json()["id"]
    assert api.get(f"/incidents/{draft}/forecast").json()["people"] == 1
    row = build.maintenance(notify=False)
    path = f"/maintenances/{row.public_id}/forecast"
    assert api.get(path).json()["people"] == 1
    assert api.get(f"{path}?state=in_progress").json()["people"] == 1
    refused = api.get(f"{path}?state=completed")
    assert (refused.status_code, [*refused.json()["errors"]]) == (422, ["state"])
    assert api.get(f"/maintenances/{'x' * 12}/forecast").status_code == 404
