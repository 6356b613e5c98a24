"""Addresses that belong to one node: made new, or taken over, with how often a job calls its own."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from django.db import transaction

from monitoring import inventory, tokens
from monitoring.models import Node, Token, TokenKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A new address: its token row, its path on this host, and a secret that goes in a header."""

    token: Token
    path: str
    bearer: str = ""


def open_address(
    *,
    node: Node,
    kind: TokenKind,
    now: datetime,
    secret: str = "",
    key: str = "",
    label: str = "",
    ping_every_s: int | None = None,
    grace_s: float | None = None,
) -> Opened:
    """Give the node an address of its own; with a secret, the one that callers have already.

    `ping_every_s` and `grace_s` are for pings of jobs. Raises ValidationError with nothing saved.
    """
    with transaction.atomic():
        if kind is TokenKind.PING and ping_every_s is not None:
            set_timing(node=node, ping_every_s=ping_every_s, grace_s=grace_s, now=now)
        if secret:
            token = tokens.adopt(kind=kind, secret=secret, node=node, now=now, key=key, label=label)
        else:
            token, secret = tokens.create(kind=kind, node=node, now=now, key=key, label=label)
    is_external = kind is TokenKind.EXTERNAL_ENDPOINT
    return Opened(
        token=token,
        path=path_of(kind=kind, secret=secret, key=token.key),
        bearer=secret if is_external else "",
    )


def set_timing(*, node: Node, ping_every_s: int, grace_s: float | None, now: datetime) -> Node:
    """Say how often a job pings and how late it may be; it counts from its next ping."""
    return inventory.change_node(
        node=node, now=now, ping_every_s=ping_every_s, silent_after_s=grace_s
    )


def path_of(*, kind: TokenKind, secret: str, key: str = "") -> str:
    """The path that callers use; that of an external endpoint holds no secret."""
    match kind:
        case TokenKind.PING:
            return f"/ping/{secret}"
        case TokenKind.EXTERNAL_ENDPOINT:
            return f"/api/v1/endpoints/{quote(key)}/external"
        case _:
            return f"/api/push/{quote(secret, safe='')}"
