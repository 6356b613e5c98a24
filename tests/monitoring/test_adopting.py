"""Secrets that other products gave out and that go on working here."""

import uuid
from datetime import datetime

import pytest
from django.core.exceptions import ValidationError

from monitoring import tokens
from monitoring.models import Mode, Node, Token, TokenKind
from tests import build

pytestmark = [pytest.mark.django_db, pytest.mark.req("E1", "E5")]

KUMA = "kL3mN5pQ7rS9tU1vW3xY5zA7bC9dE1fG"


@pytest.fixture
def node() -> Node:
    return build.node(component=build.component(slug="shop"), slug="jobs", mode=Mode.PUSH)


def test_an_adopted_secret_is_found_and_only_its_digest_is_kept(node: Node, now: datetime) -> None:
    token = tokens.adopt(kind=TokenKind.PUSH_URL, secret=KUMA, node=node, now=now, label="nightly")

    assert tokens.verify(secret=KUMA, kinds=[TokenKind.PUSH_URL]) == token
    assert tokens.verify(secret=KUMA, kinds=[TokenKind.REPORTER, TokenKind.PING]) is None
    assert KUMA not in str(Token.objects.values().get())


def test_adopting_again_changes_nothing(node: Node, now: datetime) -> None:
    secret = str(uuid.uuid4())

    first = tokens.adopt(kind=TokenKind.PING, secret=secret, node=node, now=now)
    again = tokens.adopt(kind=TokenKind.PING, secret=secret.upper(), node=node, now=now)

    assert first == again
    assert Token.objects.count() == 1


@pytest.mark.parametrize(
    ("kind", "secret", "key", "sentence"),
    [
        (TokenKind.PUSH_URL, "x" * 15, "", "too short"),
        (TokenKind.PUSH_URL, "x" * 201, "", "too long"),
        (TokenKind.PUSH_URL, KUMA, "core_ext", "Only an external endpoint"),
        (TokenKind.PING, KUMA, "", "UUID"),
        (TokenKind.EXTERNAL_ENDPOINT, KUMA, " ", "group_name"),
        (TokenKind.REPORTER, KUMA, "", "one node"),
        (TokenKind.ALERTS, KUMA, "", "one node"),
    ],
)
def test_what_cannot_be_adopted_is_refused_with_a_sentence(
    node: Node, now: datetime, *, kind: TokenKind, secret: str, key: str, sentence: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        tokens.adopt(kind=kind, secret=secret, node=node, now=now, key=key)

    assert sentence in " ".join(refused.value.messages)
    assert not Token.objects.exists()


def test_a_secret_of_another_node_or_a_revoked_one_is_refused(node: Node, now: datetime) -> None:
    other = build.node(component=node.component, slug="other", mode=Mode.PUSH)
    token = tokens.adopt(kind=TokenKind.PUSH_URL, secret=KUMA, node=node, now=now)

    with pytest.raises(ValidationError, match="something else"):
        tokens.adopt(kind=TokenKind.PUSH_URL, secret=KUMA, node=other, now=now)
    tokens.revoke(token=token, now=now)
    with pytest.raises(ValidationError, match="revoked"):
        tokens.adopt(kind=TokenKind.PUSH_URL, secret=KUMA, node=node, now=now)


def test_only_push_nodes_have_addresses_of_their_own(now: datetime) -> None:
    polled = build.node(component=build.component(slug="web"), slug="web", mode=Mode.POLL)

    with pytest.raises(ValidationError, match="push node"):
        tokens.adopt(kind=TokenKind.PUSH_URL, secret=KUMA, node=polled, now=now)
    with pytest.raises(ValidationError, match="push node"):
        tokens.create(kind=TokenKind.PING, now=now)


def test_external_endpoints_may_share_one_secret(node: Node, now: datetime) -> None:
    other = build.node(component=node.component, slug="other", mode=Mode.PUSH)

    for where, key in ((node, "core_a"), (other, "core_b")):
        tokens.adopt(kind=TokenKind.EXTERNAL_ENDPOINT, secret=KUMA, node=where, now=now, key=key)

    assert Token.objects.count() == 2


@pytest.mark.parametrize(
    ("group", "name", "key"),
    [
        ("Core", "Ext EP", "core_ext-ep"),
        ("", "a/b_c.d,e#f+g&h", "_a-b-c-d-e-f-g-h"),
        (" Ops ", " Läuft ", "ops_läuft"),
    ],
)
def test_an_endpoint_is_called_what_its_source_calls_it(group: str, name: str, key: str) -> None:
    assert tokens.endpoint_key_of(group=group, name=name) == key


def test_a_new_ping_address_has_a_period(node: Node, now: datetime) -> None:
    _, secret = tokens.create(kind=TokenKind.PING, node=node, now=now)

    node.refresh_from_db()
    assert node.ping_every_s == 86_400
    assert uuid.UUID(secret)
