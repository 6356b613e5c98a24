"""Whose token a caller of the eStatus API shows: that of a program, or an access token of a member.

Both stand in the header `Authorization-Token`, where eStatus has them. A program's token may do all
that this API can; an access token does what its scopes and its owner's role allow. Each has
`CANDOR_API_PER_MINUTE` requests a minute: access tokens over all processes together, as everywhere;
a program's token in each web process, for which its row needs no more columns.
"""

import functools
import time
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest

from accounts import access_tokens
from accounts.access_tokens import TooMany
from accounts.models import User
from api.throttling import Buckets
from common import auditing, client_address
from common.auditing import Actor
from monitoring import tokens
from monitoring.models import TokenKind


@dataclass(frozen=True, slots=True, kw_only=True)
class By:
    """Whom events name as their author; `user` None for a program of its own."""

    name: str
    user: User | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What an access token has to have for an operation."""

    scope: str
    permission: str


def by_token(request: HttpRequest, *, need: Need, now: datetime) -> By | None:
    """Who calls, acting as them from here on; None without a valid token.

    Raises NotAllowed and TooMany (`accounts.access_tokens`).
    """
    secret = request.headers.get("Authorization-Token", "").strip()
    if not secret:
        return None
    address = client_address.of(request.META, hops=settings.TRUSTED_PROXY_HOPS) or None
    token = tokens.verify(secret=secret, kinds=[TokenKind.API])
    if token is not None:
        if wait_s := _buckets(settings.API_PER_MINUTE).take(token.digest, at_s=time.monotonic()):
            raise TooMany(wait_s)
        tokens.note_use(token=token, address=address, now=now)
        by = By(name=f"token “{token}”")
        auditing.act_as(Actor(name=by.name, address=address))
        return by
    caller = access_tokens.verify(secret=secret, now=now)
    if caller is None:
        return None
    access_tokens.admit(caller=caller, now=now)
    access_tokens.may(caller, scope=need.scope, permission=need.permission)
    access_tokens.note_use(caller=caller, address=address, now=now)
    return By(name=caller.name, user=caller.user)


@functools.cache
def _buckets(per_minute: int) -> Buckets:
    """Those of this process; the setting is the same for as long as it runs."""
    return Buckets(per_s=per_minute / 60, burst=per_minute)
