"""The console's token screen."""

import re

import pytest
from django.test import Client

from monitoring import tokens
from monitoring.models import Mode, Token, TokenKind
from tests import build

pytestmark = [pytest.mark.django_db, pytest.mark.req("E5")]


@pytest.fixture
def console(client: Client) -> Client:
    client.force_login(build.operator())
    return client


def test_a_new_token_is_shown_once_and_can_be_revoked(console: Client) -> None:
    node = build.node(component=build.component(slug="landing"), slug="web", mode=Mode.PUSH)

    made = console.post(
        "/admin/tokens/", {"kind": "reporter", "node": node.pk, "label": "front end"}
    )

    match = re.search(r'id="new-token">(rpt_[^<]+)<', made.content.decode())
    assert match
    assert "no-store" in made.headers["Cache-Control"]
    token = tokens.verify(secret=match[1], kinds=[TokenKind.REPORTER])
    assert token is not None
    assert (token.node, token.label) == (node, "front end")
    shown = console.get("/admin/tokens/").content.decode()
    assert match[1] not in shown
    assert "landing/web" in shown

    console.post(f"/admin/tokens/{token.pk}/revoke/")

    assert tokens.verify(secret=match[1], kinds=[TokenKind.REPORTER]) is None


def test_a_third_token_of_a_scope_is_refused_on_the_form(console: Client) -> None:
    for _ in range(2):
        assert console.post("/admin/tokens/", {"kind": "reporter"}).status_code == 200
    refused = console.post("/admin/tokens/", {"kind": "reporter"})
    assert refused.status_code == 422
    assert "Two tokens" in refused.content.decode()
    assert Token.objects.count() == 2


def test_only_those_who_may_see_it(client: Client) -> None:
    client.force_login(build.operator(is_superuser=False))
    assert client.get("/admin/tokens/").status_code == 403
