"""Secrets of programs that report to us: make, find and revoke them.

Only digests are stored. A token is 256 random bits, so SHA-256 without salt is enough (E1).
"""

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import models, transaction

from common import auditing
from monitoring import heard
from monitoring.models import Location, Node, Token, TokenKind

PREFIXES = {
    TokenKind.REPORTER: "rpt_",
    TokenKind.LOCAL: "loc_",
    TokenKind.MANAGER: "mgr_",
    TokenKind.API: "api_",
}
LIVE_AT_ONCE = 2
# Often enough to see that a token is in use, and no write with every report.
USE_NOTED_EVERY = timedelta(minutes=1)


def create(
    *,
    kind: TokenKind,
    now: datetime,
    node: Node | None = None,
    location: Location | None = None,
    label: str = "",
) -> tuple[Token, str]:
    """Make a token; the second value is its text, which cannot be had again.

    Raises ValidationError when two of the same scope are live: one to replace, one to replace it.
    """
    secret = PREFIXES[kind] + secrets.token_urlsafe(32)
    token = Token(
        kind=kind,
        node=node,
        location=location,
        label=label,
        digest=digest(secret),
        created_at=now,
    )
    token.full_clean()
    with transaction.atomic():
        if node is not None:  # of two people at once the second sees what the first one made
            Node.objects.select_for_update().get(pk=node.pk)
        if live().filter(kind=kind, node=node, location=location).count() >= LIVE_AT_ONCE:
            raise ValidationError(
                "Two tokens of this kind are in use already. Revoke the one you are replacing."
            )
        token.save()
    return token, secret


def revoke(*, token: Token, now: datetime) -> None:
    """Refuse the token from now on."""
    if Token.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=now):
        auditing.record(subject=token, before={}, after={"revoked_at": now}, now=now)


def live() -> models.QuerySet[Token]:
    """Tokens that are not revoked."""
    return Token.objects.filter(revoked_at__isnull=True)


def digest(secret: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def find(*, digests: Collection[str], kinds: Collection[TokenKind]) -> dict[str, Token]:
    """The live tokens of these kinds by digest."""
    rows = live().filter(digest__in=digests, kind__in=kinds).select_related("location")
    return {token.digest: token for token in rows}


def verify(*, secret: str, kinds: Collection[TokenKind]) -> Token | None:
    """The live token with this text, if it is of one of these kinds."""
    wanted = digest(secret)
    return find(digests=[wanted], kinds=kinds).get(wanted)


def note_use(*, token: Token, address: str | None, now: datetime) -> None:
    """Remember that a token was used and from where, at most once a minute."""
    if token.last_used_at is not None and now - token.last_used_at < USE_NOTED_EVERY:
        return
    unnoted = models.Q(last_used_at__isnull=True) | models.Q(
        last_used_at__lte=now - USE_NOTED_EVERY
    )
    Token.objects.filter(unnoted, pk=token.pk).update(last_used_at=now, last_used_from=address)
    if token.location is not None:
        heard.note(location=token.location.slug, now=now)
