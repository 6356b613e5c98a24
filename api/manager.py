"""Vigil's manager API: announcements, who is ill, and quiet for reminders (protocols M1-M6).

Same addresses, bodies and codes as Vigil; unlike there, what is announced or muted survives a
restart. Views of Django: unlike reports they are rare, and want a session of the database each.
"""

import json
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from api import auth
from common import auditing, client_address
from common.auditing import Actor
from incidents import announcements
from incidents.models import Announcement
from monitoring import muting, tokens
from monitoring.models import Replica, TokenKind
from probing.health import Health

REMINDERS_LIMIT_S = 65_535

Operation = Callable[..., HttpResponse]


class BodyInvalid(ValueError):
    """The body is not what the route takes: 400."""


def route(**operations: Operation) -> Callable[..., HttpResponse]:
    """A view that knows these methods; any other one is an unknown route to Vigil."""

    @csrf_exempt
    @never_cache
    def view(request: HttpRequest, **captured: Any) -> HttpResponse:
        operation = operations.get(request.method or "")
        if operation is None:
            return HttpResponse(status=HTTPStatus.NOT_FOUND)
        now = timezone.now()
        if refused := _refused(request, now):
            return refused
        try:
            return operation(request, now=now, **captured)
        except (BodyInvalid, ValidationError):
            return HttpResponse(status=HTTPStatus.BAD_REQUEST)
        except RequestDataTooBig:
            return HttpResponse(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)

    return view


def list_announcements(_request: HttpRequest, *, now: datetime) -> HttpResponse:
    rows = Announcement.objects.not_over(now=now)
    return JsonResponse([{"id": str(row.uuid), "title": row.title} for row in rows], safe=False)


def add_announcement(request: HttpRequest, *, now: datetime) -> HttpResponse:
    body = _body(request)
    title, text = body.get("title"), body.get("text")
    if not isinstance(title, str) or not isinstance(text, str):
        raise BodyInvalid
    row = announcements.publish(title=title, text=text, now=now)
    return JsonResponse({"id": str(row.uuid)})


def retract_announcement(_request: HttpRequest, *, now: datetime, ident: str) -> HttpResponse:
    del now
    try:
        row = Announcement.objects.filter(uuid=UUID(ident)).first()
    except ValueError:
        row = None
    if row is None or not announcements.retract(announcement=row):
        return HttpResponse(status=HTTPStatus.NOT_FOUND)
    return HttpResponse()


def list_alerts(_request: HttpRequest, *, now: datetime) -> HttpResponse:
    del now
    found: dict[str, list[dict[str, str]]] = {Health.DEAD: [], Health.SICK: []}
    rows = Replica.objects.filter(health__in=list(found)).select_related("node__component")
    for row in rows.order_by("node__component_id", "node_id", "position", "id"):
        node = row.node
        found[str(row.health)].append(
            {"probe": node.component.slug, "node": node.slug, "replica": row.address}
        )
    return JsonResponse(found)


def read_ignored(_request: HttpRequest, *, now: datetime) -> HttpResponse:
    left = muting.muted_for(now=now)
    return JsonResponse({"reminders_seconds": None if left is None else int(left.total_seconds())})


def set_ignored(request: HttpRequest, *, now: datetime) -> HttpResponse:
    for_s = _body(request).get("reminders_seconds")
    is_whole = isinstance(for_s, int) and not isinstance(for_s, bool)
    if for_s is not None and not (is_whole and 0 <= for_s <= REMINDERS_LIMIT_S):
        raise BodyInvalid
    muting.mute_reminders(for_s=for_s, now=now)
    return HttpResponse()


def _refused(request: HttpRequest, now: datetime) -> HttpResponse | None:
    """401 without readable Basic credentials, 403 with a wrong password, both asking for one."""
    header = request.headers.get("Authorization", "")
    secret = auth.secret_of(header) if header.strip().lower().startswith("basic") else None
    token = tokens.verify(secret=secret, kinds=[TokenKind.MANAGER]) if secret else None
    if token is not None:
        address = client_address.of(request.META, hops=settings.TRUSTED_PROXY_HOPS) or None
        tokens.note_use(token=token, address=address, now=now)
        auditing.act_as(Actor(name=f"token “{token}”", address=address))
        return None
    status = HTTPStatus.UNAUTHORIZED if secret is None else HTTPStatus.FORBIDDEN
    challenge = {"WWW-Authenticate": 'Basic realm="Reporter Token"'}
    return HttpResponse(status=status, headers=challenge)


def _body(request: HttpRequest) -> dict[str, Any]:
    """The JSON object of a body, whatever charset its type claims."""
    mime = request.META.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    if not mime.endswith(("/json", "+json")):
        raise BodyInvalid
    try:
        document = json.loads(request.body)
    except (ValueError, RecursionError):
        raise BodyInvalid from None
    if not isinstance(document, dict):
        raise BodyInvalid
    return document
