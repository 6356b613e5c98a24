"""`/api/v2/subscribers.json`: subscribe and unsubscribe as Statuspage's status API has it (interop 1.1).

Asked by scripts of any site, without cookies. A GET changes nothing, so it is refused.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from common import request_bodies
from common.request_bodies import BodyInvalid
from common.statuspage import stamp
from subscribers import link_holders, links, pages, proofs, subscribing, v2_taking
from subscribers.models import Subscriber
from subscribers.offers import NotTaken
from subscribers.subscribing import NothingChosen, NotNow, TooManyRequests
from subscribers.v2_taking import Asker, Taken

_ALLOWED = "POST, DELETE, OPTIONS"
_MODES = {"email": "email", "sms": "sms"}


@csrf_exempt  # there is no cookie that a forged request could use
@pages.for_visitors
def subscribers(request: HttpRequest) -> HttpResponse:
    """Subscribe by POST; by DELETE unsubscribe, or be sent the link that does."""
    do = {"POST": _subscribe, "DELETE": _leave}.get(request.method or "")
    if do is None:
        refused = _error(_("Use POST or DELETE: a GET changes nothing."), 405)
        refused.headers["Allow"] = _ALLOWED
        return _open(refused)
    return _open(_answer(do, request))


def _answer(do: Callable[..., HttpResponse], request: HttpRequest) -> HttpResponse:
    try:
        return do(request, _fields(request), now=timezone.now())
    except BodyInvalid as error:
        return _error(str(error), error.status)
    except (NotTaken, NothingChosen) as refused:
        is_unknown = isinstance(refused, NotTaken) and refused.field == "id"
        return _error(str(refused), 404 if is_unknown else 422)
    except TooManyRequests as refused:
        response = _error(str(refused), HTTPStatus.TOO_MANY_REQUESTS)
        response.headers["Retry-After"] = str(int(refused.after.total_seconds()))
        return response
    except NotNow as refused:
        return _error(str(refused), HTTPStatus.SERVICE_UNAVAILABLE)


def _subscribe(request: HttpRequest, fields: Mapping[str, Any], *, now: datetime) -> HttpResponse:
    taken = v2_taking.take(fields=fields, asker=_asker(request), now=now)
    return JsonResponse({"subscriber": _asked(taken, now)}, status=HTTPStatus.CREATED)


def _leave(request: HttpRequest, fields: Mapping[str, Any], *, now: datetime) -> HttpResponse:
    """The token of an unsubscribe link ends the subscription; an id that POST gave mails that link."""
    ident = str(fields.get("id") or request.GET.get("subscriber[id]", ""))[:2000]
    row = link_holders.by_leave_token(ident) if links.is_token(ident) else None
    if row is not None:
        ended = subscribing.leave(subscriber=row, now=now)
        return JsonResponse({"subscriber": _ended(ended, ident)})
    taken = v2_taking.ask_for_link(ident=ident, asker=_asker(request), now=now)
    return JsonResponse({"subscriber": _asked(taken, now)}, status=HTTPStatus.ACCEPTED)


def _asked(taken: Taken, now: datetime) -> dict[str, Any]:
    """As theirs; quarantined until it is confirmed, and gone when nobody does."""
    return {
        "created_at": stamp(now),
        "skip_confirmation_notification": False,
        "quarantined_at": stamp(now),
        "id": taken.ident,
        "mode": taken.mode,
        "purge_at": stamp(now + proofs.LINK_LIVES),
        "email": None,
        **taken.own,
    }


def _ended(row: Subscriber, ident: str) -> dict[str, Any]:
    return {
        "created_at": stamp(row.created_at),
        "skip_confirmation_notification": False,
        "quarantined_at": None,
        "id": ident,
        "mode": _MODES.get(row.channel, "webhook"),
        "purge_at": None,
        "email": row.address if row.channel == "email" else None,
    }


def _fields(request: HttpRequest) -> Mapping[str, Any]:
    """What stands under `subscriber`; the names alone are understood, too. Raises BodyInvalid."""
    body = request_bodies.document(request)
    own = body.get("subscriber", body)
    if not isinstance(own, dict):
        raise BodyInvalid(_("subscriber has to be an object."))
    return own


def _asker(request: HttpRequest) -> Asker:
    return Asker(
        page=pages.door(request).page,
        language=translation.get_language() or settings.LANGUAGE_CODE,
        client=pages.client(request),
    )


def _error(sentence: str, status: int) -> HttpResponse:
    return JsonResponse({"error": sentence}, status=status)


def _open(response: HttpResponse) -> HttpResponse:
    """Let scripts of every site read the answer (as `public_pages.v2_front` does)."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = "ETag, Retry-After"
    return response
