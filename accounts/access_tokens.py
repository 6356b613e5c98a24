"""Access tokens: a program acts for a member of the team, within scopes and within limits.

Only digests are stored. A token is 256 random bits, so SHA-256 without salt is enough (E1). What a
token may do is asked at every use, of its scopes and of its owner's role as it is then: somebody
who becomes a Viewer, or is deactivated, takes the tokens along.
"""

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from accounts import scopes as scope_rules
from accounts.models import AccessToken, User
from common import auditing
from common.auditing import Actor

PREFIX = "can_"
WINDOW = timedelta(minutes=1)
# Often enough to see that a token is in use.
USE_NOTED_EVERY = timedelta(minutes=1)
MOST_LIVE = 50
LONGEST = timedelta(days=3660)


class NotAllowed(Exception):
    """The token or its owner may not do that; the text says which of the two."""


class TooMany(Exception):
    """The token has had its requests of this minute; `retry_after_s` whole seconds to wait."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"retry after {retry_after_s} s")
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a token, and the member it acts for."""

    token: AccessToken
    user: User

    @property
    def name(self) -> str:
        """Whom events name as their author."""
        return self.user.get_full_name() or self.user.get_username()


def create(
    *,
    owner: User,
    label: str,
    scopes: Collection[str],
    expires_at: datetime | None,
    now: datetime,
) -> tuple[AccessToken, str]:
    """Make a token; the second value is its text, which cannot be had again.

    Raises ValidationError by field. `expires_at` None: it works until it is revoked.
    """
    if not scopes:
        raise ValidationError({"scopes": _("Choose at least one scope.")})
    if wrong := scope_rules.unknown(scopes):
        said = _("There is no scope “%(name)s”.") % {"name": wrong[0]}
        raise ValidationError({"scopes": said})
    if expires_at is not None and not now < expires_at <= now + LONGEST:
        raise ValidationError({"expires_at": _("Choose a moment within the next ten years.")})
    if live(owner=owner, now=now).count() >= MOST_LIVE:
        raise ValidationError(
            _("You have %(count)d tokens. Revoke one of them first.") % {"count": MOST_LIVE}
        )
    secret = PREFIX + secrets.token_urlsafe(32)
    row = AccessToken(
        owner=owner,
        label=label.strip(),
        scopes=[scope for scope in scope_rules.every() if scope in scopes],
        digest=_digest(secret),
        created_at=now,
        expires_at=expires_at,
    )
    row.full_clean()
    row.save(force_insert=True)
    return row, secret


def revoke(*, token: AccessToken, now: datetime) -> None:
    """Refuse the token from now on."""
    if AccessToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=now):
        auditing.record(subject=token, before={}, after={"revoked_at": now}, now=now)


def live(*, owner: User, now: datetime) -> models.QuerySet[AccessToken]:
    """The tokens of a member that work."""
    return AccessToken.objects.filter(_works(now), owner=owner)


def verify(*, secret: str, now: datetime) -> Caller | None:
    """Whom a token acts for; None for one that is unknown, revoked, too old, or without its owner."""
    found = (
        AccessToken.objects.filter(_works(now), digest=_digest(secret), owner__is_active=True)
        .select_related("owner")
        .first()
    )
    return Caller(token=found, user=found.owner) if found else None


def may(caller: Caller, *, scope: str, permission: str) -> None:
    """Let the caller go on, or raise NotAllowed with a sentence for whoever wrote the program."""
    if not scope_rules.cover(caller.token.scopes, scope):
        raise NotAllowed(f"This token lacks the scope {scope}.")
    if not caller.user.has_perm(permission):
        raise NotAllowed(f"The role of {caller.user.get_username()} does not allow this.")


def admit(*, caller: Caller, now: datetime, per_minute: int | None = None) -> int:
    """Count one request; how many are left of this minute. Raises TooMany.

    Counted in the database, by one conditional update, so the limit holds for all processes
    together and with the broker away. `per_minute` None: `CANDOR_API_PER_MINUTE`.
    """
    limit = settings.API_PER_MINUTE if per_minute is None else per_minute
    mine = AccessToken.objects.filter(pk=caller.token.pk)
    is_over = models.Q(window_at__isnull=True) | models.Q(window_at__lte=now - WINDOW)
    # A minute that lies ahead was begun by a clock that was put back since.
    is_over |= models.Q(window_at__gt=now)
    # What was read of the token says which of the two is worth trying; the database decides.
    began = caller.token.window_at
    may_be_over = began is None or not now - WINDOW < began <= now
    if may_be_over and mine.filter(is_over).update(window_at=now, window_count=1):
        return limit - 1
    if mine.filter(window_count__lt=limit).update(window_count=models.F("window_count") + 1):
        count = mine.values_list("window_count", flat=True).get()
        return max(0, limit - count)
    began = mine.values_list("window_at", flat=True).get()
    left = (began + WINDOW - now) if began else WINDOW
    raise TooMany(max(1, int(left.total_seconds()) + 1))


def note_use(*, caller: Caller, address: str | None, now: datetime) -> None:
    """Act as this caller from here on, and remember that the token was used and from where."""
    auditing.act_as(
        Actor(
            name=f"{caller.user.get_username()} (token “{caller.token}”)",
            user_id=caller.user.pk,
            address=address,
        )
    )
    token = caller.token
    if token.last_used_at is not None and now - token.last_used_at < USE_NOTED_EVERY:
        return
    AccessToken.objects.filter(pk=token.pk).update(last_used_at=now, last_used_from=address)


def _works(now: datetime) -> models.Q:
    still = models.Q(expires_at__isnull=True) | models.Q(expires_at__gt=now)
    return still & models.Q(revoked_at__isnull=True)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
