"""What a person may set for a check, as plain values, and what is wrong with them in sentences."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from probing import patterns

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
MAX_REDIRECTS = 5
HEADERS_LIMIT = 32
HEADER_BYTES_LIMIT = 4096

# The probe sets these itself, or they would change how the connection is framed.
_RESERVED_HEADERS = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "expect",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+\Z")
_HEADER_VALUE = re.compile(r"[\x20-\x7e\t]*\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpOptions:
    """How an HTTP answer is asked for and judged.

    Healthy codes are the half-open range `status_min` <= code < `status_below` (C2). Content is
    looked for in the first 64 KB of the body as sent. With `follow_redirects` false a redirect is
    judged by its own code. Headers go to the target's own host only, never to another one a
    redirect names.
    """

    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    status_min: int = 200
    status_below: int = 400
    body_contains: str | None = None
    body_regex: str | None = None
    follow_redirects: bool = True
    max_redirects: int = MAX_REDIRECTS
    verify_tls: bool = True

    @property
    def needs_body(self) -> bool:
        """Whether the body is part of the judgement; it is not read otherwise."""
        return bool(self.body_contains or self.body_regex)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """When an answer is too slow, in seconds, and how often a dead attempt is repeated (D1-D3)."""

    sick_after_s: float
    dead_after_s: float
    retries: int


def problems(http: HttpOptions) -> list[tuple[str, str]]:
    """Everything wrong with the options: (field name, sentence) pairs, empty when they can be used.

    For forms and config files; a probe given such options comes out as CONFIGURATION_INVALID.
    """
    return [
        *_method_problems(http),
        *_range_problems(http),
        *(("headers", text) for text in _header_problems(http.headers)),
        *_body_problems(http),
    ]


def _method_problems(http: HttpOptions) -> Iterator[tuple[str, str]]:
    if http.method not in METHODS:
        yield "method", f"The method must be one of {', '.join(METHODS)}."
    if http.method == "HEAD" and http.needs_body:
        yield "method", "An answer to HEAD has no body to look into; use GET."


def _range_problems(http: HttpOptions) -> Iterator[tuple[str, str]]:
    if not 100 <= http.status_min < http.status_below <= 600:
        yield "status", "The healthy status codes must be a range inside 100 to 599."
    if not 0 <= http.max_redirects <= MAX_REDIRECTS:
        yield "max_redirects", f"At most {MAX_REDIRECTS} redirects are followed."


def _header_problems(headers: Mapping[str, str]) -> Iterator[str]:
    if len(headers) > HEADERS_LIMIT:
        yield f"At most {HEADERS_LIMIT} headers can be sent."
    if sum(len(name) + len(value) for name, value in headers.items()) > HEADER_BYTES_LIMIT:
        yield f"The headers are longer than {HEADER_BYTES_LIMIT} bytes."
    for name, value in headers.items():
        if not _HEADER_NAME.match(name):
            yield f"{name[:40]!r} is not a header name."
        elif name.lower() in _RESERVED_HEADERS or name.lower().startswith("proxy-"):
            yield f"The header {name} is set by the check itself."
        elif not _HEADER_VALUE.match(value) or value != value.strip():
            yield f"The value of the header {name} must be plain ASCII on one line."


def _body_problems(http: HttpOptions) -> Iterator[tuple[str, str]]:
    if http.body_contains and len(http.body_contains) > patterns.PATTERN_LIMIT:
        yield "body_contains", f"The text is longer than {patterns.PATTERN_LIMIT} characters."
    if http.body_regex:
        try:
            patterns.check_regex(http.body_regex)
        except patterns.PatternInvalid as error:
            yield "body_regex", str(error)
