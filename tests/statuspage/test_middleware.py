import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from statuspage.middleware import TrustedProxyMiddleware

SHAPES = [
    # hops, X-Forwarded-For, expected client, why
    (0, "198.51.100.7", "192.0.2.1", "no proxy is trusted: the header is the client's own word"),
    (1, "198.51.100.7", "198.51.100.7", "what our proxy wrote"),
    (1, "203.0.113.9, 198.51.100.7", "198.51.100.7", "the left entry was sent by the client"),
    (2, "203.0.113.9, 198.51.100.7", "203.0.113.9", "two of our proxies"),
    (2, "198.51.100.7", "192.0.2.1", "fewer entries than proxies: somebody came around them"),
    (1, "198.51.100.7:4711", "198.51.100.7", "with a port"),
    (1, "[2001:db8::7]:4711", "2001:db8::7", "IPv6 with brackets and port"),
    (1, "2001:db8::7", "2001:db8::7", "bare IPv6"),
    (1, "::ffff:198.51.100.7", "198.51.100.7", "IPv4 in IPv6"),
    (1, "unknown", "192.0.2.1", "garbage: the peer stays"),
    (1, "", "192.0.2.1", "empty"),
    (1, "198.51.100.7, ", "192.0.2.1", "an empty entry of our proxy"),
]


@pytest.mark.parametrize(
    ("hops", "header", "expected", "why"), SHAPES, ids=[shape[3] for shape in SHAPES]
)
def test_the_client_address_is_the_entry_that_our_own_proxy_wrote(
    settings: object, hops: int, header: str, expected: str, why: str
) -> None:
    settings.TRUSTED_PROXY_HOPS = hops  # type: ignore[attr-defined]
    seen: dict[str, object] = {}

    def view(request: HttpRequest) -> HttpResponse:
        seen.update(request.META)
        return HttpResponse()

    request = RequestFactory().get(
        "/", REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR=header, HTTP_X_FORWARDED_HOST="evil.test"
    )
    TrustedProxyMiddleware(view)(request)
    assert seen["REMOTE_ADDR"] == expected, why
    assert "HTTP_X_FORWARDED_FOR" not in seen
    assert "HTTP_X_FORWARDED_HOST" not in seen
