"""Request clean-up that every view relies on: the true client address, and the policy header."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from common import client_address

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
