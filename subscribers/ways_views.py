"""Pages of the ways to subscribe: the code that was sent, a webhook's secret, a browser that moved."""

import json

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from notifications.channels.base import FieldInvalid
from subscribers import code_links, granting, hooking, pages, phones, pushing, subscribing, visits
from subscribers.models import State, Subscriber
from subscribers.subscribing import CodeRefused, TooManyRequests

_BODY_MAX = 8 * 1024


@pages.for_visitors
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest, who: str) -> HttpResponse:
    """Where a code is typed; the same page whether or not one was sent (A3)."""
    now = timezone.now()
    row = code_links.subscriber(who, now=now)
    if row is None or row.page_id != pages.door(request).page.pk or not granting.may_read(row):
        return pages.dead(request, is_known=True)
    if request.method != "POST":
        return _code(request, row)
    is_new = row.state == State.WAITING
    try:
        subscribing.confirm_by_code(subscriber=row, code=request.POST.get("code", ""), now=now)
    except CodeRefused as refused:
        return _code(request, row, error=str(refused))
    welcome = visits.welcome(request, subscriber=row, now=now, said="confirmed" if is_new else "")
    if not (is_new and row.channel == hooking.WEBHOOK):
        return welcome
    return _secret(request, row.secrets.get("secret", ""), welcome)


@pages.for_visitors
@require_POST
def secret(request: HttpRequest) -> HttpResponse:
    """A new signing secret for one's own webhook, shown this once (D7)."""
    now = timezone.now()
    row = visits.visitor(request, now=now)
    if row is None or row.channel != hooking.WEBHOOK or not row.is_active:
        where = pages.door(request).path("/subscriptions/mine")
        return HttpResponseRedirect(where, status=303)
    return _secret(request, hooking.rotate(subscriber=row, now=now), None)


@csrf_exempt  # a service worker has no token; who names the old address is that browser
@pages.for_visitors
@require_POST
def push_moved(request: HttpRequest) -> HttpResponse:
    """A browser was given another address by its push service."""
    try:
        pushing.admit(client=pages.client(request), now=timezone.now())
    except TooManyRequests as refused:
        headers = {"Retry-After": str(int(refused.after.total_seconds()))}
        return JsonResponse({"error": str(refused)}, status=429, headers=headers)
    try:
        told = json.loads(request.body[:_BODY_MAX])
        old, new = str(told["old"]), told["new"]
        fresh = pushing.entered({"endpoint": str(new["endpoint"]), **_texts(new["keys"])})
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, FieldInvalid):
        return JsonResponse({"error": "not a subscription"}, status=400)
    is_known = pushing.renew(old_endpoint=old, fresh=fresh)
    return JsonResponse({}, status=200 if is_known else 404)


def _texts(keys: dict[str, object]) -> dict[str, str]:
    return {str(name): str(value) for name, value in keys.items()}


def _code(request: HttpRequest, row: Subscriber, *, error: str = "") -> HttpResponse:
    is_phone = row.channel == "sms"
    context = {
        "is_phone": is_phone,
        "is_webhook": row.channel == hooking.WEBHOOK,
        "shown": phones.shown(row.address) if is_phone else row.address,
        "errors": {"code": error} if error else {},
    }
    status = 422 if error else 200
    return pages.page(request, "subscribers/ways/code.html", context, status=status)


def _secret(request: HttpRequest, shown: str, welcome: HttpResponse | None) -> HttpResponse:
    response = pages.page(request, "subscribers/ways/secret.html", {"secret": shown})
    if welcome is not None:
        response.cookies.update(welcome.cookies)
    return response
