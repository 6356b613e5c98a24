"""Request clean-up that every view relies on: the true client address, and the policy header."""

import ipaddress
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

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
        hops = settings.TRUSTED_PROXY_HOPS
        forwarded = [
            part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        ]
        if hops and len(forwarded) >= hops and (address := _address(forwarded[-hops])):
            request.META["REMOTE_ADDR"] = address
        for name in _FORWARDING:
            request.META.pop(name, None)
        return self.get_response(request)


def _address(text: str) -> str | None:
    """The plain IP address in an X-Forwarded-For entry, without port or brackets."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        parsed = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(parsed)


class ContentSecurityPolicyMiddleware:
    """One constant policy for every dynamic answer; published files get the same from the front."""

    def __init__(self, get_response: type_of_view) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", settings.SECURE_CSP)
        return response
