"""Sign in to X on behalf of the page: OAuth 2.0 with PKCE, and tokens that stay fresh (Q2).

https://docs.x.com/fundamentals/authentication/oauth-2-0/user-access-token
"""

import base64
import hashlib
import json
import secrets as randomness
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.utils.translation import gettext as _

from common import egress, guarded_http

SCOPES = "tweet.read tweet.write users.read offline.access"


class SignInFailed(Exception):
    """X did not sign us in; the text says why, for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """Where to send the operator, and what to remember until they come back."""

    url: str
    state: str
    verifier: str


def begin() -> Started:
    """Make a fresh state and verifier. Raises SignInFailed without an application of ours at X."""
    if not settings.X_CLIENT_ID:
        raise SignInFailed(_("Set CANDOR_X_CLIENT_ID first: the client id of your app at X."))
    state, verifier = randomness.token_urlsafe(24), randomness.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
    asked = {
        "response_type": "code",
        "client_id": settings.X_CLIENT_ID,
        "redirect_uri": callback_url(),
        "scope": SCOPES,
        "state": state,
        "code_challenge": challenge.rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    return Started(
        url=f"{settings.X_SIGN_IN_URL}?{urlencode(asked)}", state=state, verifier=verifier
    )


def callback_url() -> str:
    """The address that the app at X has to name as its callback."""
    return f"{settings.CANDOR_ORIGIN}/admin/integrations/x/callback/"


def finish(*, code: str, verifier: str, now: datetime) -> dict[str, str]:
    """The secrets to keep for the code that X sent back. Raises SignInFailed."""
    return _tokens(
        {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": callback_url(),
            "code_verifier": verifier,
        },
        now=now,
    )


def refresh(*, kept: Mapping[str, str], now: datetime) -> dict[str, str]:
    """Fresh secrets for those that run out. Raises SignInFailed."""
    asked = {"grant_type": "refresh_token", "refresh_token": kept.get("refresh_token", "")}
    return {**kept, **_tokens(asked, now=now)}


def runs_out_at(kept: Mapping[str, str]) -> datetime | None:
    """When the token runs out; None where it does not say."""
    return datetime.fromisoformat(kept["runs_out_at"]) if kept.get("runs_out_at") else None


def _tokens(asked: Mapping[str, str], *, now: datetime) -> dict[str, str]:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    if settings.X_CLIENT_SECRET:
        named = f"{settings.X_CLIENT_ID}:{settings.X_CLIENT_SECRET}".encode()
        headers["Authorization"] = "Basic " + base64.b64encode(named).decode()
    request = guarded_http.Request(
        url=f"{settings.X_URL}/2/oauth2/token",
        headers=headers,
        body=urlencode({**asked, "client_id": settings.X_CLIENT_ID}).encode(),
    )
    guard = egress.monitor_guard(allow_private=settings.ALLOW_PRIVATE_HOOKS)
    try:
        answer = guarded_http.send(request, guard=guard, before_sending=lambda: None)
        told = json.loads(answer.body)
    except (guarded_http.NotSent, guarded_http.NoAnswer, ValueError) as error:
        raise SignInFailed(_("X cannot be reached: %(why)s") % {"why": error}) from error
    if not answer.is_success or not isinstance(told, dict) or not told.get("access_token"):
        raise SignInFailed(_("X answered %(status)d.") % {"status": answer.status})
    lasts = timedelta(seconds=int(told.get("expires_in", 7200)))
    found = {"token": str(told["access_token"]), "runs_out_at": (now + lasts).isoformat()}
    if told.get("refresh_token"):
        found["refresh_token"] = str(told["refresh_token"])
    return found
