"""The one HTTP client for requests that leave the house: notifications, hooks, push.

Every address a name has is checked and exactly the checked ones are dialled (reliability F7,
appendix E). A redirect is an answer like any other: nobody is sent on to a place that was not
checked. One deadline ends the whole request, however slowly the other side drips.
"""

import concurrent.futures
import functools
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import certifi
import httpcore

from common.wording import gettext_noop
from probing import network
from probing.targets import NOT_WEB_PORTS

Guard = Callable[[str], bool]

BODY_MAX = 4096
# What a name may have at most (RFC 1035).
_HOST_MAX = 253
# A name server that does not answer must not hold more than these.
_lookups = concurrent.futures.ThreadPoolExecutor(max_workers=16, thread_name_prefix="lookup")
_making_tls = threading.Lock()


class UrlNotAllowed(ValueError):
    """The URL is no plain https address; the text, marked for translation, says what to do."""


class NotSent(Exception):
    """The request certainly did not leave: no name, no connection, no TLS, or a forbidden address."""


class NoAnswer(Exception):
    """The request left, in part at least, and no whole answer came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to send. `deadline_s` is for everything, from the look-up of the name to the answer.

    Of the answer's body at most `body_max` bytes are read.
    """

    url: str
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    deadline_s: float = 15.0
    body_max: int = BODY_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back: header names in lower case, and the beginning of the body (4 KB, or as asked)."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    def retry_after_s(self, *, now: datetime) -> float | None:
        """The seconds that Retry-After asks for (a number or a date, RFC 9110 10.2.3)."""
        raw = self.headers.get("retry-after", "").strip()
        if raw.isascii() and raw.isdigit():
            return float(raw[:9])
        try:
            return max(0.0, (parsedate_to_datetime(raw) - now).total_seconds())
        except (TypeError, ValueError):
            return None


def check_url(text: str, *, allow_http: bool) -> str:
    """The URL as it may be stored and called; host in lower case, no credentials, no fragment.

    Raises UrlNotAllowed.
    """
    text = text.strip()
    if not text.isascii() or any(char <= " " or char == "\x7f" for char in text):
        raise UrlNotAllowed(
            gettext_noop("The address may hold ASCII characters only, and no spaces.")
        )
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise UrlNotAllowed(
            gettext_noop("This is not a web address. Write https://example.com/path.")
        ) from None
    schemes = {"https", "http"} if allow_http else {"https"}
    if parts.scheme not in schemes or not parts.hostname or "\\" in text or "%" in parts.netloc:
        raise UrlNotAllowed(gettext_noop("Write a whole address that begins with https://."))
    if parts.username is not None or parts.password is not None:
        raise UrlNotAllowed(gettext_noop("Leave out the user name and password."))
    if len(text) > 2000 or len(parts.hostname) > _HOST_MAX:
        raise UrlNotAllowed(gettext_noop("The address is too long."))
    if port in NOT_WEB_PORTS:
        raise UrlNotAllowed(gettext_noop("This port belongs to a service that is no web server."))
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    netloc = host if port is None else f"{host}:{port}"
    return parts._replace(netloc=netloc, path=parts.path or "/", fragment="").geturl()


def send(request: Request, *, guard: Guard, before_sending: Callable[[], None]) -> Answer:
    """Send one request and read its answer, over a connection of its own.

    `before_sending` is called when the connection stands and nothing has been written yet; what it
    raises ends the sending, and the time it takes does not count. Proxies named in the environment are not used.

    Raises:
        NotSent, NoAnswer: see there.
    """
    wire = _Wire(guard=guard, deadline_s=request.deadline_s, before_sending=before_sending)
    headers = {
        "Host": urlsplit(request.url).netloc,
        "User-Agent": "Candor",
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "Connection": "close",
        "Content-Length": str(len(request.body)),
        **request.headers,
    }
    try:
        with httpcore.ConnectionPool(
            ssl_context=_tls(), network_backend=wire, max_connections=1
        ) as pool:
            return _exchange(pool, request, headers)
    except (OSError, httpcore.ProtocolError, httpcore.NetworkError) as error:
        reason = _reason(error)
        if wire.has_sent:
            raise NoAnswer(f"{wire.host} did not give a whole answer: {reason}") from error
        raise NotSent(f"{wire.host} cannot be reached: {reason}") from error


def _exchange(
    pool: httpcore.ConnectionPool, request: Request, headers: Mapping[str, str]
) -> Answer:
    with pool.stream(
        request.method, request.url, headers=list(headers.items()), content=request.body
    ) as response:
        status = response.status
        answered = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in response.headers
        }
        body = b""
        # The status is the answer; a body that breaks off or drips takes nothing from it.
        with suppress(OSError, httpcore.ProtocolError, httpcore.NetworkError):
            for part in response.iter_stream():
                body += part
                if len(body) >= request.body_max:
                    break
        return Answer(status=status, headers=answered, body=body[: request.body_max])


class _Wire(httpcore.NetworkBackend):
    """Looks names up, asks the guard, dials, and keeps the time of one request."""

    def __init__(
        self, *, guard: Guard, deadline_s: float, before_sending: Callable[[], None]
    ) -> None:
        self._guard = guard
        self._ends_at = time.monotonic() + deadline_s
        self._before_sending = before_sending
        self.has_sent = False
        self.host = "The host"

    def ask_to_send(self) -> None:
        """The caller's last word; how long it thinks is not the other side's fault."""
        asked_at = time.monotonic()
        self._before_sending()
        self._ends_at += time.monotonic() - asked_at
        self.has_sent = True

    def left_s(self) -> float:
        """What is left of the deadline; raises TimeoutError when nothing is."""
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError("no answer in time")
        return left

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> "_Stream":
        self.host = host
        addresses = self._addresses(host, port)
        failure: OSError = OSError("no address")
        for number, address in enumerate(addresses):
            dialled = socket.socket(
                socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM
            )
            try:
                # An address that swallows packets must leave time for the next one.
                dialled.settimeout(self.left_s() / (len(addresses) - number))
                dialled.connect((address, port))
                dialled.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError as error:
                dialled.close()
                failure = error
            else:
                return _Stream(dialled, self)
        raise failure

    def _addresses(self, host: str, port: int) -> list[str]:
        if is_address(host):
            found = [host]
        else:
            asked = _lookups.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
            try:
                answer = asked.result(timeout=self.left_s())
            except concurrent.futures.TimeoutError:
                asked.cancel()
                raise TimeoutError("its name was not found in time") from None
            except UnicodeError:
                raise OSError("its name is not valid") from None
            found = list(dict.fromkeys(str(entry[4][0]) for entry in answer))
        for address in found:
            if not self._guard(address):
                raise OSError(f"the address {address} may not be dialled")
        return list(network.to_dial(found))


class _Stream(httpcore.NetworkStream):
    """A socket whose every step ends with the request's deadline, whatever httpcore asks for."""

    def __init__(self, connected: socket.socket, wire: _Wire) -> None:
        self._socket = connected
        self._wire = wire

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._socket.settimeout(self._wire.left_s())
        return self._socket.recv(max_bytes)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if not self._wire.has_sent:
            self._wire.ask_to_send()
        self._socket.settimeout(self._wire.left_s())
        self._socket.sendall(buffer)

    def close(self) -> None:
        self._socket.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> "_Stream":
        try:
            self._socket.settimeout(self._wire.left_s())
            wrapped = ssl_context.wrap_socket(self._socket, server_hostname=server_hostname)
        except BaseException:
            self.close()
            raise
        return _Stream(wrapped, self._wire)

    def get_extra_info(self, info: str) -> Any:
        return None


def _tls() -> ssl.SSLContext:
    """The one context; loading the authorities costs 20 ms, also with many threads at the start."""
    with _making_tls:
        return _new_tls()


@functools.cache
def _new_tls() -> ssl.SSLContext:
    """Trusts the system's authorities (SSL_CERT_FILE included) and certifi's."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    # On from Python 3.13: refuses private authorities that every browser accepts.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def is_address(host: str) -> bool:
    """Whether the host is an IP address rather than a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _reason(error: Exception) -> str:
    """The error in a few words, without anything of the request."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not right ({error.verify_message})"
    if isinstance(error, ssl.SSLError):
        return "TLS failed"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, socket.gaierror):
        return "its name was not found"
    if isinstance(error, httpcore.ProtocolError):
        return "it does not speak HTTP"
    return str(getattr(error, "strerror", None) or error) or type(error).__name__
