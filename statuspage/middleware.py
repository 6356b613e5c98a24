"""Request clean-up that every view relies on: the client's address, the policy header, who acts."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext

from accounts.models import User
from common import auditing, client_address
from common.auditing import Actor

_FORWARDING = (
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_FORWARDED",
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


class ContentSecurityPolicyMiddleware:
    """One constant policy for every dynamic answer; published files get the same from the front."""

    def __init__(self, get_response: type_of_view) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", settings.SECURE_CSP)
        return response


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
