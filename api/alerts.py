"""The webhook of Alertmanager: `POST /api/alertmanager` with its own body and a token.

Alertmanager tries again after 5xx and gives up after 4xx. So what is read is answered 200, also when
no rule of the operators knows what to do with it; the answer lists that, for whoever tries it out. An
alert that fires and finds no room is worth another try.
"""

import time
from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from api import alert_bodies, auth
from api.fronting import address
from api.throttling import Buckets
from monitoring import outside_alerts, tokens
from monitoring.models import TokenKind
from monitoring.outside_alerts import Told

# Alertmanager groups what it tells; more than this is a loop somewhere.
_buckets = Buckets(per_s=5, burst=60)
_FULL_WAIT_S = 60


@csrf_exempt
@never_cache
def receive(request: HttpRequest) -> HttpResponse:
    """Take in a message."""
    if request.method != "POST":
        return _told("Use POST.", HTTPStatus.METHOD_NOT_ALLOWED, Allow="POST")
    secret = auth.secret_of(request.headers.get("Authorization", ""))
    token = tokens.verify(secret=secret, kinds=[TokenKind.ALERTS]) if secret else None
    if token is None:
        return _told(
            "Send a token for Alertmanager, as Bearer or as the password of Basic.",
            HTTPStatus.UNAUTHORIZED,
            **{"WWW-Authenticate": 'Bearer realm="Alertmanager"'},
        )
    if wait_s := _buckets.take(token.digest, at_s=time.monotonic()):
        return _told(
            "Come back later.", HTTPStatus.SERVICE_UNAVAILABLE, **{"Retry-After": str(wait_s)}
        )
    now = timezone.now()
    tokens.note_use(token=token, address=address(request.META), now=now)
    try:
        told, ignored = alert_bodies.read(request.body, now=now)
    except alert_bodies.BodyInvalid as error:
        return _told(str(error), HTTPStatus.BAD_REQUEST)
    except RequestDataTooBig:
        return _told("The body is too large.", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return _taken(told, ignored, now)


def _taken(told: Sequence[Told], ignored: int, now: datetime) -> HttpResponse:
    try:
        unmapped = outside_alerts.receive(told=told, now=now)
    except outside_alerts.NoRoom as error:
        return _told(
            str(error), HTTPStatus.SERVICE_UNAVAILABLE, **{"Retry-After": str(_FULL_WAIT_S)}
        )
    return JsonResponse(
        {
            "received": len(told),
            "ignored": ignored,
            "not_mapped": [
                {"fingerprint": one.fingerprint, "alertname": one.name, "reason": one.reason}
                for one in unmapped
            ],
        }
    )


def _told(sentence: str, status: HTTPStatus, **headers: str) -> HttpResponse:
    return JsonResponse({"error": sentence}, status=status, headers=headers)
