"""Integrations of the page: one shape, nothing while off, every event while on."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.apps import apps
from django.test import Client
from pytest_django import Settings

from incidents import publishing
from incidents.lifecycle import State
from notifications import delivering
from notifications.channels.x import POST_MAX, post_of
from notifications.messages import Message
from subscribers import fanout, integrations, x_sign_in
from subscribers.models import Integration
from tests import build, web

pytestmark = pytest.mark.django_db
Delivery = apps.get_model("notifications", "Delivery")


@pytest.fixture
def server(settings: Settings) -> Iterator[web.Server]:
    """Slack's hooks and X's API, as far as we use them."""
    tokens = iter(range(1, 100))

    def reply(got: web.Got) -> bytes:
        if got.path == "/2/oauth2/token":
            number = next(tokens)
            told = {"access_token": f"t{number}", "refresh_token": f"r{number}", "expires_in": 7200}
            return web.answer(200, json.dumps(told))
        return web.answer(201, '{"data": {"id": "1"}}')

    with web.server(reply) as running:
        settings.X_URL, settings.X_CLIENT_ID, settings.X_CLIENT_SECRET = running.url, "app", "s3"
        settings.SLACK_HOSTS = ["127.0.0.1"]
        settings.ALLOW_PRIVATE_HOOKS = True
        yield running


def _posts(server: web.Server, path: str) -> list[Any]:
    return [got.json for got in server.got if got.path == path]


def _set_up_both(server: web.Server, now: datetime) -> None:
    integrations.set_up(kind="slack", values={"url": f"{server.url}/slack"}, now=now)
    integrations.sign_in(kind="x", code="c", verifier="v", now=now)


@pytest.mark.req("Q1", "Q2", "Q3", "O5", "O6")
def test_each_gets_every_event_while_it_is_on_and_none_while_it_is_off(
    server: web.Server, now: datetime
) -> None:
    _set_up_both(server, now)
    incident = build.incident(title="First", now=now)
    fanout.expand(now=now)
    assert not Delivery.objects.exists()

    for kind in integrations.KINDS:
        integrations.switch(kind=kind, is_enabled=True, now=now)
    publishing.post_update(
        incident=incident, state=State.IDENTIFIED, text="Found.", notify=True, now=now
    )
    fanout.expand(now=now)
    delivering.drain(now=now)

    (slack,) = _posts(server, "/slack")
    assert slack["text"] == "Identified: First"
    (post,) = _posts(server, "/2/tweets")
    assert post["text"].startswith("Identified: First\nFound.")
    assert post["text"].endswith(incident.get_absolute_url())
    (sent,) = [got for got in server.got if got.path == "/2/tweets"]
    assert sent.headers["authorization"] == "Bearer t1"
    assert all(pane.last and pane.last.is_sent for pane in integrations.panes())


def test_a_test_goes_out_while_it_is_off_and_needs_a_set_up(
    server: web.Server, now: datetime
) -> None:
    with pytest.raises(integrations.NotSetUp):
        integrations.send_test(kind="slack", now=now)
    with pytest.raises(integrations.NotSetUp):
        integrations.switch(kind="slack", is_enabled=True, now=now)
    _set_up_both(server, now)
    integrations.send_test(kind="slack", now=now)
    delivering.drain(now=now)
    assert len(_posts(server, "/slack")) == 1


@pytest.mark.req("Q2")
def test_signing_in_to_x_proves_that_it_is_the_same_browser(
    server: web.Server, client: Client
) -> None:
    client.force_login(build.operator())
    began = client.get("/admin/integrations/x/sign-in/")
    asked = {name: value[0] for name, value in parse_qs(urlsplit(began["Location"]).query).items()}
    assert asked["code_challenge_method"] == "S256"
    assert "offline.access" in asked["scope"]

    client.get("/admin/integrations/x/callback/", {"code": "c", "state": "somebody-elses"})
    assert not Integration.objects.exists()

    began = client.get("/admin/integrations/x/sign-in/")
    state = parse_qs(urlsplit(began["Location"]).query)["state"][0]
    client.get("/admin/integrations/x/callback/", {"code": "c0de", "state": state})
    row = Integration.objects.get(kind="x")
    assert not row.is_enabled
    assert "access_token" not in row.sealed
    (got,) = server.got
    assert got.form["code"] == "c0de"
    assert got.form["redirect_uri"] == x_sign_in.callback_url()
    assert got.headers["authorization"].startswith("Basic ")
    # The code counts once: the session has forgotten the state.
    client.get("/admin/integrations/x/callback/", {"code": "c0de", "state": state})
    assert len(server.got) == 1


def test_tokens_are_renewed_in_time_and_a_lost_one_is_told(
    server: web.Server, now: datetime
) -> None:
    build.operator(email="owner@example.com")
    _set_up_both(server, now)
    integrations.switch(kind="x", is_enabled=True, now=now)
    assert integrations.keep_fresh(now=now + timedelta(minutes=10)) == 0
    assert integrations.keep_fresh(now=now + timedelta(minutes=31)) == 1
    assert server.got[-1].form["refresh_token"] == "r1"
    assert fanout.integration_secrets(Integration.objects.get(kind="x")) == {"token": "t2"}

    server.reply = web.answer(400, "{}")
    assert integrations.keep_fresh(now=now + timedelta(hours=2)) == 0
    assert Integration.objects.get(kind="x").is_enabled
    integrations.keep_fresh(now=now + timedelta(hours=3))
    assert not Integration.objects.get(kind="x").is_enabled
    assert Delivery.objects.filter(address="owner@example.com").exists()


@pytest.mark.req("Q2")
@pytest.mark.parametrize("letter", ["a", "汉", "🔥"])
def test_a_post_is_cut_as_x_counts_and_keeps_its_link(letter: str) -> None:
    url = "https://status.example.com/incidents/abc"
    post = post_of(Message(subject="Down @here", text=letter * 500, url=url))
    words = post.removesuffix(f"\n{url}")
    weight = sum(1 if ord(one) < 4352 or one == "\u200b" else 2 for one in words)
    assert post.endswith(f"…\n{url}")
    assert POST_MAX - 24 - 2 <= weight <= POST_MAX - 24
    assert "@here" not in post


def test_the_pane_shows_no_secret_and_only_owners_see_it(
    server: web.Server, client: Client, now: datetime
) -> None:
    _set_up_both(server, now)
    client.force_login(build.operator())
    shown = client.get("/admin/integrations/").content.decode()
    assert f"{server.url}/slack" not in shown
    assert "Switch on" in shown
    wrong = client.post("/admin/integrations/slack/", {"url": "https://evil.example/x"})
    assert wrong.status_code == 422
    done = client.post("/admin/integrations/slack/switch/", {"on": "1"})
    assert done.status_code == 302
    log = apps.get_model("accounts", "AuditEntry").objects.filter(object_repr="slack")
    assert any("is_enabled" in entry.changes for entry in log)
    assert not any(server.url in str(entry.changes) for entry in log)
    assert Integration.objects.get(kind="slack").is_enabled
    client.post("/admin/integrations/slack/forget/")
    assert not Integration.objects.filter(kind="slack").exists()
    client.force_login(build.operator(role="viewer"))
    assert client.get("/admin/integrations/").status_code == 403
