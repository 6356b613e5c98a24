"""The words of a probe: what kind of target, what came out, and why.

Plain values that every module here and its callers share. A failed probe is a value, never an
exception; `ProbeFailed` only travels inside this package.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

Guard = Callable[[str], bool]
"""Asked with an IP address (text) before it is dialled: may we?"""

DETAIL_LIMIT = 200


class Kind(StrEnum):
    """What is probed, named as the scheme group of the target."""

    HTTP = "http"
    TCP = "tcp"
    ICMP = "icmp"
    DNS = "dns"


class Reason(StrEnum):
    """Why a probe came out as it did. `is_ours` tells causes that say nothing about the target."""

    OK = "ok"
    TIMEOUT = "timeout"
    NAME_NOT_FOUND = "name_not_found"
    DNS_FAILED = "dns_failed"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    RESET = "reset"
    TLS_FAILED = "tls_failed"
    CERTIFICATE_INVALID = "certificate_invalid"
    STATUS_UNEXPECTED = "status_unexpected"
    BODY_MISMATCH = "body_mismatch"
    TOO_MANY_REDIRECTS = "too_many_redirects"
    PROTOCOL_ERROR = "protocol_error"
    ANSWER_MISMATCH = "answer_mismatch"
    SILENT = "silent"
    REPORTED = "reported"
    TOLD = "told"
    ADDRESS_FORBIDDEN = "address_forbidden"
    CONFIGURATION_INVALID = "configuration_invalid"
    NOT_PERMITTED = "not_permitted"
    OWN_NETWORK = "own_network"
    INTERNAL = "internal"

    @property
    def is_ours(self) -> bool:
        """True when the cause is our own host or set-up, so the probe is inconclusive."""
        return self in _OURS

    @property
    def label(self) -> str:
        """A few English words for a person."""
        return _LABELS[self]


_OURS = frozenset(
    {
        Reason.ADDRESS_FORBIDDEN,
        Reason.CONFIGURATION_INVALID,
        Reason.NOT_PERMITTED,
        Reason.OWN_NETWORK,
        Reason.INTERNAL,
    }
)

_LABELS = {
    Reason.OK: "answered as expected",
    Reason.TIMEOUT: "no answer in time",
    Reason.NAME_NOT_FOUND: "name does not exist",
    Reason.DNS_FAILED: "name server failed",
    Reason.REFUSED: "connection refused",
    Reason.UNREACHABLE: "host unreachable",
    Reason.RESET: "connection reset",
    Reason.TLS_FAILED: "TLS handshake failed",
    Reason.CERTIFICATE_INVALID: "certificate not valid",
    Reason.STATUS_UNEXPECTED: "unexpected status code",
    Reason.BODY_MISMATCH: "unexpected content",
    Reason.TOO_MANY_REDIRECTS: "too many redirects",
    Reason.PROTOCOL_ERROR: "broken answer",
    Reason.ANSWER_MISMATCH: "unexpected DNS answer",
    Reason.SILENT: "no report in time",
    Reason.REPORTED: "reported by its daemon",
    Reason.TOLD: "told by its caller",
    Reason.ADDRESS_FORBIDDEN: "address may not be probed",
    Reason.CONFIGURATION_INVALID: "check is set up wrongly",
    Reason.NOT_PERMITTED: "not permitted on this host",
    Reason.OWN_NETWORK: "our own network is down",
    Reason.INTERNAL: "the probe itself failed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Phases:
    """Where the time of a probe went, in milliseconds; None for a phase that was not entered.

    Over several connections (redirects) each phase is the sum. `first_byte_ms` runs from the
    request being sent to the first byte of its answer; for ICMP it is the round trip. A phase in
    which the probe failed counts up to the failure.
    """

    dns_ms: float | None = None
    connect_ms: float | None = None
    tls_ms: float | None = None
    first_byte_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeOutcome:
    """What one probe found.

    `reachable` is None when the probe could not run (inconclusive): the target is unknown then,
    never dead. `latency_ms` is None unless reachable. `detail` is one plain sentence of at most
    200 characters without secrets. `address` is the IP address dialled last.
    `certificate_expires_at` is the earliest expiry of the certificates seen, verified or not.
    """

    reachable: bool | None
    latency_ms: float | None
    phases: Phases
    reason: Reason
    detail: str
    http_status: int | None = None
    address: str | None = None
    certificate_expires_at: datetime | None = None
    attempts: int = 1


class ProbeFailed(Exception):
    """An attempt ended early; `reason` and `detail` become the outcome's."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def shorten(text: str, limit: int = DETAIL_LIMIT) -> str:
    """The text on one line without control characters, cut with an ellipsis at `limit`."""
    if text.isprintable() and len(text) <= limit and "  " not in text and text == text.strip():
        return text  # as good as all of them
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
