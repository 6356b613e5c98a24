"""Request clean-up that every view relies on: the client's address, the policy header, who acts."""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext

from accounts import sessions
from accounts.models import User
from common import auditing, client_address
from common.auditing import Actor
from components import page_requests

_FORWARDING = (
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_FORWARDED",
)

_OF_MAIN_HOST = (
    "/admin/",
    "/setup/",
    "/join/",
    "/manager/",
    "/hooks/",
    "/v1/pages",
    "/api/manage/",
)

type_of_view = Callable[[HttpRequest], HttpResponse]


class TrustedProxyMiddleware:
    """Put the client's address into REMOTE_ADDR and drop the headers a client can forge.

    Only the entry that our own proxies wrote counts: TRUSTED_PROXY_HOPS from the right
    (reliability G1). What cannot be read leaves the address of the peer in place.
    """

    def __init__(self, get_response: type_of_view) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.META["REMOTE_ADDR"] = client_address.of(
            request.META, hops=settings.TRUSTED_PROXY_HOPS
        )
        for name in _FORWARDING:
            request.META.pop(name, None)
        return self.get_response(request)


class MainHostMiddleware:
    """Answer the console, invitations and hooks on the main host alone; elsewhere there is no such page.

    The front refuses them too, before Django is entered; this holds under any other server.
    """

    def __init__(self, get_response: type_of_view) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_of_main_host = request.path_info.startswith(_OF_MAIN_HOST)
        if is_of_main_host and not page_requests.is_main_host(request):
            raise Http404
        return self.get_response(request)


class ContentSecurityPolicyMiddleware:
    """One constant policy for every dynamic answer; published files get the same from the front."""

    def __init__(self, get_response: type_of_view) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", settings.SECURE_CSP)
        return response


class SessionLimitsMiddleware:
    """End a session that was idle for 8 hours or has lasted 7 days; remember who was seen.

    Pieces of a page that fetch themselves again and again are nobody being there.
    """

    def __init__(self, get_response: type_of_view) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and isinstance(request.user, User):
            now = timezone.now()
            if sessions.is_over(request.session, now=now):
                logout(request)
            elif request.method == "POST" or "HX-Request" not in request.headers:
                sessions.note_seen(request.session, user=request.user, now=now)
        return self.get_response(request)


class ActorMiddleware:
    """Whatever the request writes is its member's in the audit log, with the trusted address.

    The member is asked for only when something is written. A view that knows better, as one that
    took a token, says so with `auditing.act_as`.
    """

    def __init__(self, get_response: type_of_view) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with auditing.acting(lambda: _actor(request)):
            return self.get_response(request)


def _actor(request: HttpRequest) -> Actor:
    address = request.META["REMOTE_ADDR"] or None
    user = request.user
    if isinstance(user, User):
        return Actor(name=user.get_username(), user_id=user.pk, address=address)
    return Actor(name=gettext("not signed in"), address=address)
