"""How long somebody stays signed in, and how all sessions of one account end (reliability C6)."""

import secrets
from datetime import datetime, timedelta
from typing import Any, Protocol

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.sessions.models import Session

from accounts.models import User

ABSOLUTE = timedelta(seconds=settings.SESSION_COOKIE_AGE)
# Often enough to see who is there, and no write with every request.
SEEN_EVERY = timedelta(minutes=5)
_BEGAN, _SEEN = "began_at", "seen_at"


class Values(Protocol):
    """As much of Django's session as is needed here."""

    def get(self, key: str, /) -> Any: ...
    def __setitem__(self, key: str, value: Any, /) -> None: ...


def is_over(session: Values, *, now: datetime) -> bool:
    """Whether the session was left alone too long, or has lasted too long."""
    began, seen = session.get(_BEGAN), session.get(_SEEN)
    at = now.timestamp()
    if began is None or seen is None:
        return False
    idle: timedelta = settings.SESSION_IDLE
    return bool(at - seen > idle.total_seconds() or at - began > ABSOLUTE.total_seconds())


def note_seen(session: Values, *, user: User, now: datetime) -> None:
    """Remember in the session, and for the team's screen, that somebody is there."""
    at = now.timestamp()
    if session.get(_BEGAN) is None:
        session[_BEGAN] = at
    seen = session.get(_SEEN)
    if seen is None or at - seen >= SEEN_EVERY.total_seconds():
        session[_SEEN] = at
        User.objects.filter(pk=user.pk).update(last_seen_at=now)


def end_all(*, user: User) -> User:
    """End every session of the account; the caller may take its own along (update_session_auth_hash)."""
    user.session_stamp = secrets.token_hex(16)
    user.save(update_fields=["session_stamp"])
    return user


def forget_what_is_over(*, now: datetime) -> int:
    """Delete sessions that ended, and failed sign-ins that lock nothing any more; how many rows."""
    ended, _by_model = Session.objects.filter(expire_date__lte=now).delete()
    unlocked = now - settings.AXES_COOLOFF_TIME
    failed: int = AccessAttempt.objects.filter(attempt_time__lte=unlocked).delete()[0]
    return ended + failed
