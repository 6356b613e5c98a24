"""The configuration file over the network."""

import pytest

from accounts.roles import Role
from components.models import Component, Page
from tests import build
from tests.management_api.calling import Caller

pytestmark = pytest.mark.django_db

FILE = """
page: {name: Acme}
components:
  - {name: Basket, slug: basket}
"""
SECRET = """
components: []
alerts:
  channels:
    slack:
      - {url: {env: PATH}}
"""


def test_a_file_is_tried_and_then_applied() -> None:
    api = Caller()
    tried = api.post("/apply", {"document": FILE, "dry_run": True})
    assert tried.status_code == 200, tried.content
    assert {"added", "changed"} >= {step["action"] for step in tried.json()["steps"]}
    assert not Component.objects.exists()
    done = api.post("/apply", {"document": FILE})
    assert done.json()["steps"] == tried.json()["steps"]
    assert Component.objects.get().name == "Basket"
    assert api.post("/apply", {"document": FILE}).json()["steps"] == []


def test_mistakes_are_told_by_path_and_line_and_nothing_is_changed() -> None:
    build.component(name="Stays")
    wrong = FILE + "  - {name: Other, slug: 'no slug'}\n  - {nam: Third}\n"
    answer = Caller().post("/apply", {"document": wrong})
    assert answer.status_code == 422
    errors = answer.json()["errors"]
    assert any(key.startswith("components[1].slug (line 5") for key in errors), errors
    assert any(key.startswith("components[2]") for key in errors)
    assert [row.name for row in Component.objects.all()] == ["Stays"]
    assert Page.objects.get(id=1).name != "Acme"


def test_only_an_owners_token_for_everything_may_apply() -> None:
    for caller in (
        Caller(role=Role.RESPONDER),
        Caller(scopes=["page:write"]),
        Caller(scopes=["page:write", "components:write", "*:read"]),
    ):
        assert caller.post("/apply", {"document": FILE}).status_code == 403
    assert not Component.objects.exists()


def test_a_file_from_elsewhere_reads_no_secret_of_the_host() -> None:
    answer = Caller().post("/apply", {"document": SECRET})
    assert answer.status_code == 422
    assert "reads no variables" in answer.content.decode()
