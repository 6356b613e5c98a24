"""The way into Statuspage's manage API (interop 3): who asks, what for, and errors as they have them.

An access token of a member of the team, in the header `Authorization: OAuth <key>` or, for clients that
know nothing else, as `?api_key=`; never by a cookie. Every address says what it wants of a token.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from accounts import access_tokens, roles
from accounts.access_tokens import Caller, NotAllowed, TooMany
from common import client_address, request_bodies
from common.request_bodies import BodyInvalid
from components.models import Page
from incidents.holding import IncidentGone
from incidents.lifecycle import TransitionNotAllowed
from incidents.maintenance import MaintenanceGone
from incidents.windows import StepNotAllowed


class Refused(Exception):
    """A request that cannot be done; the text says what to do."""

    def __init__(self, sentence: str, status: HTTPStatus = HTTPStatus.UNPROCESSABLE_ENTITY) -> None:
        super().__init__(sentence)
        self.status = status


@dataclass(frozen=True, slots=True)
class Need:
    """A scope of the token, and the permission that its owner's role has to give."""

    scope: str
    permission: str


@dataclass(frozen=True)
class Door:
    """One request that was let in, at one moment."""

    request: HttpRequest
    caller: Caller
    now: datetime

    @cached_property
    def body(self) -> dict[str, Any]:
        """What was sent. Raises BodyInvalid."""
        return request_bodies.document(self.request)

    def can(self, need: Need) -> bool:
        """Whether the token may be used for this."""
        try:
            self.check(need)
        except NotAllowed:
            return False
        return True

    def check(self, need: Need) -> None:
        """Raises NotAllowed."""
        access_tokens.may(self.caller, scope=need.scope, permission=need.permission)

    def pages(self) -> list[Page]:
        """The pages that the owner of the token knows of, the main page first."""
        rows = Page.objects.live().order_by("id")
        may_name = self.caller.user.has_perm(roles.CUSTOMERS)
        return [row for row in rows if may_name or not row.is_customer]

    def page(self, ident: str) -> Page:
        """The page with this id. Raises Refused."""
        for row in self.pages():
            if row.public_id == ident:
                return row
        raise not_found("page")


Operation = Callable[..., HttpResponse]


def route(**operations: tuple[Operation, Sequence[Need]]) -> Callable[..., HttpResponse]:
    """A view that knows these methods; each with what it wants, one of which is enough to come in."""

    @csrf_exempt  # a cookie is no token here
    @never_cache
    def view(request: HttpRequest, **captured: Any) -> HttpResponse:
        now = timezone.now()
        try:
            caller = _caller(request, now)
            if caller is None:
                return error("Send a valid token: Authorization: OAuth <key>.", 401)
            found = operations.get("GET" if request.method == "HEAD" else request.method or "")
            if found is None:
                answer = error("Use another method here.", HTTPStatus.METHOD_NOT_ALLOWED)
                answer.headers["Allow"] = ", ".join(sorted(operations))
                return answer
            operation, needs = found
            door = Door(request, caller, now)
            if not any(door.can(need) for need in needs):
                door.check(needs[0])
            return _carried_out(lambda: operation(door, **captured))
        except NotAllowed as refused:
            return error(str(refused), HTTPStatus.FORBIDDEN)
        except TooMany as refused:
            answer = error("Too many requests with this token.", HTTPStatus.TOO_MANY_REQUESTS)
            answer.headers["Retry-After"] = str(refused.retry_after_s)
            return answer

    return view


def error(sentence: str, status: int) -> HttpResponse:
    """An error under both names that clients look for."""
    return JsonResponse({"error": sentence, "message": sentence}, status=status)


def not_found(what: str) -> Refused:
    """What to raise for an id of nothing."""
    return Refused(f"There is no such {what}.", HTTPStatus.NOT_FOUND)


def _caller(request: HttpRequest, now: datetime) -> Caller | None:
    """Whom the token acts for, counted and noted. Raises TooMany."""
    scheme, _, secret = request.headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() not in {"oauth", "bearer"}:
        secret = request.GET.get("api_key", "")
    caller = access_tokens.verify(secret=secret.strip(), now=now) if secret.strip() else None
    if caller is not None:
        access_tokens.admit(caller=caller, now=now)
        address = client_address.of(request.META, hops=settings.TRUSTED_PROXY_HOPS) or None
        access_tokens.note_use(caller=caller, address=address, now=now)
    return caller


def _carried_out(operation: Callable[[], HttpResponse]) -> HttpResponse:
    """The answer of an operation, or what is wrong in a sentence."""
    try:
        return operation()
    except Refused as refused:
        return error(str(refused), refused.status)
    except BodyInvalid as invalid:
        return error(str(invalid), invalid.status)
    except ValidationError as invalid:
        return error(" ".join(invalid.messages), HTTPStatus.UNPROCESSABLE_ENTITY)
    except (TransitionNotAllowed, StepNotAllowed) as refused:
        return error(str(refused), HTTPStatus.UNPROCESSABLE_ENTITY)
    except (IncidentGone, MaintenanceGone):
        return error("There is no such incident.", HTTPStatus.NOT_FOUND)
