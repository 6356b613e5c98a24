"""Who may call an operation: a bearer token with its scope, whose owner's role allows it."""

from datetime import datetime

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from accounts import access_tokens
from accounts.access_tokens import Caller
from common import client_address


class ApiRequest(HttpRequest):
    """A request that was let in. `now` is the one moment of it; `left` requests this minute remain."""

    auth: Caller
    now: datetime
    left: int


class AccessTokenAuth(HttpBearer):
    """An access token of a member of the team, made on the console's screen "API tokens"."""

    def __init__(self, *, scope: str, permission: str) -> None:
        super().__init__()
        self.scope = scope
        self.permission = permission

    def authenticate(self, request: HttpRequest, token: str) -> Caller | None:
        """The caller, or None for no valid token. Raises NotAllowed and TooMany."""
        now = timezone.now()
        caller = access_tokens.verify(secret=token.strip(), now=now)
        if caller is None:
            return None
        request.left = access_tokens.admit(caller=caller, now=now)  # type: ignore[attr-defined]
        request.now = now  # type: ignore[attr-defined]
        access_tokens.may(caller, scope=self.scope, permission=self.permission)
        address = client_address.of(request.META, hops=settings.TRUSTED_PROXY_HOPS) or None
        access_tokens.note_use(caller=caller, address=address, now=now)
        return caller
