"""The console's screen of a node's own addresses."""

import re
from datetime import datetime

import pytest
from django.test import Client

from api.receiving import Receiving
from monitoring import pings, tokens
from monitoring.job_runs import Call
from monitoring.models import Mode, Node, Token, TokenKind
from tests import build
from tests.api.callers import call

pytestmark = [pytest.mark.django_db, pytest.mark.req("E5", "C6")]

KUMA = "kL3mN5pQ7rS9tU1vW3xY5zA7bC9dE1fG"


@pytest.fixture
def node() -> Node:
    return build.node(component=build.component(slug="shop"), slug="jobs", mode=Mode.PUSH)


@pytest.fixture
def console(client: Client) -> Client:
    client.force_login(build.operator())
    return client


def _screen(node: Node) -> str:
    return f"/admin/monitors/nodes/{node.pk}/addresses/"


@pytest.mark.parametrize(("kind", "path"), [("push_url", "/api/push/psh_"), ("ping", "/ping/")])
def test_a_new_address_is_shown_once_and_works(
    console: Client, node: Node, kind: str, path: str
) -> None:
    made = console.post(_screen(node), {"kind": kind, "label": "nightly"})

    match = re.search(r'id="new-address"[^>]*>http://testserver([^<]+)<', made.content.decode())
    assert match
    assert match[1].startswith(path)
    assert "no-store" in made.headers["Cache-Control"]
    assert call(Receiving(lambda *_: []), "GET", match[1]).status == 200
    shown = console.get(_screen(node)).content.decode()
    assert match[1] not in shown
    assert "nightly" in shown


def test_an_endpoint_has_an_address_and_a_token(console: Client, node: Node) -> None:
    made = console.post(_screen(node), {"kind": "external", "key": "Core_Backup", "secret": KUMA})

    text = made.content.decode()
    assert "http://testserver/api/v1/endpoints/core_backup/external" in text
    assert KUMA in text
    assert Token.objects.get().key == "core_backup"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"kind": "push_url", "secret": "short"}, "too short"),
        ({"kind": "ping", "secret": KUMA}, "UUID"),
        ({"kind": "external"}, "group_name"),
        ({"kind": "reporter"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_is_said_at_the_form(
    console: Client, node: Node, typed: dict[str, str], sentence: str
) -> None:
    refused = console.post(_screen(node), typed)

    assert refused.status_code == 422
    assert sentence in refused.content.decode()
    assert not Token.objects.exists()


def test_the_period_of_a_job_is_set_and_checked(console: Client, node: Node, now: datetime) -> None:
    tokens.create(kind=TokenKind.PING, node=node, now=now)
    timing = f"/admin/monitors/nodes/{node.pk}/timing/"

    assert console.post(timing, {"ping_every_s": "30", "grace_s": "60"}).status_code == 422
    assert console.post(timing, {"ping_every_s": "3600", "grace_s": "60"}).status_code == 302

    node.refresh_from_db()
    assert (node.ping_every_s, node.ping_grace_s) == (3600, 60)


def test_what_a_job_printed_is_escaped_and_for_responders_not_for_viewers(
    client: Client, node: Node, now: datetime
) -> None:
    job = pings.Job(call=Call.FAIL, exit_status=3, body="<script>alert(1)</script>")
    pings.keep(node=node, job=job, at=now)
    client.force_login(build.operator(is_superuser=False, role="responder", username="robin"))
    text = client.get(_screen(node)).content.decode()
    assert "&lt;script&gt;alert(1)" in text
    assert "<script>alert" not in text
    assert "exit status 3" in re.sub(r"\s+", " ", text)
    assert "Make address" not in text
    assert client.post(_screen(node), {"kind": "push_url"}).status_code == 403
    monitors = client.get(f"/admin/monitors/?open={node.pk}").content.decode()
    assert f'href="{_screen(node)}"' in monitors

    client.force_login(build.operator(is_superuser=False, role="viewer", username="vera"))
    assert client.get(_screen(node)).status_code == 403


def test_a_node_that_is_polled_has_none(console: Client, now: datetime) -> None:
    polled = build.node(component=build.component(slug="web"), slug="web", mode=Mode.POLL)

    assert "Change how this one is watched first" in console.get(_screen(polled)).content.decode()
    assert console.post(_screen(polled), {"kind": "push_url"}).status_code == 422
