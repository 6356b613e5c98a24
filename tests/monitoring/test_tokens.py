"""Tokens: digests only, two at a time, and the command that makes them."""

from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from monitoring import tokens
from monitoring.models import Token, TokenKind
from tests import build

pytestmark = [pytest.mark.django_db, pytest.mark.req("E5")]


def manage(*arguments: str) -> str:
    out = StringIO()
    call_command("token", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_prints_a_token_as_its_last_word() -> None:
    secret = manage("create", "--kind", "reporter").split()[-1]

    assert secret.startswith("rpt_")
    assert tokens.verify(secret=secret, kinds=[TokenKind.REPORTER]) == Token.objects.get()
    assert tokens.verify(secret=secret, kinds=[TokenKind.MANAGER]) is None
    assert secret not in repr(Token.objects.values())


def test_a_token_may_be_for_one_node_or_location() -> None:
    node = build.node(component=build.component(slug="landing"), slug="web")
    manage("create", "--kind", "reporter", "--node", "landing/web", "--label", "front")
    manage("create", "--kind", "local", "--location", "Rack 4")

    assert Token.objects.get(kind="reporter").node == node
    listed = manage("list")
    assert "reporter  landing/web  live  last used never  front" in listed
    assert "local  rack-4  live" in listed
    with pytest.raises(CommandError, match="There is no node landing/other"):
        manage("create", "--node", "landing/other")


def test_two_tokens_of_a_scope_live_at_a_time(now: datetime) -> None:
    old, _ = tokens.create(kind=TokenKind.REPORTER, now=now)
    tokens.create(kind=TokenKind.REPORTER, now=now)
    tokens.create(kind=TokenKind.MANAGER, now=now)
    with pytest.raises(ValidationError, match="Two tokens"):
        tokens.create(kind=TokenKind.REPORTER, now=now)
    with pytest.raises(CommandError, match="Two tokens"):
        manage("create")

    manage("revoke", str(old.pk))

    tokens.create(kind=TokenKind.REPORTER, now=now)
    assert f"{old.pk}  reporter  page  revoked" in manage("list")
    with pytest.raises(CommandError, match="no token 999"):
        manage("revoke", "999")


def test_use_is_noted_at_most_once_a_minute(now: datetime) -> None:
    token, _ = tokens.create(kind=TokenKind.REPORTER, now=now)
    for seconds in (0, 30, 59):
        tokens.note_use(
            token=Token.objects.get(), address="192.0.2.1", now=now + timedelta(seconds=seconds)
        )
    assert Token.objects.get().last_used_at == now
    tokens.note_use(token=token, address="192.0.2.2", now=now + timedelta(seconds=61))
    assert Token.objects.get().last_used_from == "192.0.2.2"
