"""One conversation with an SMTP server, step by step, so that we know how far it came.

smtplib raises the same exception for a connection lost before and after the final dot, and a
resend in the second case is a second copy (reliability, finding 3). Connecting, TLS and login stay
with Django's own backend.
"""

import heapq
import itertools
import logging
import re
import smtplib
import socket
import threading
import time
from contextlib import suppress

from django.core.mail.backends import smtp

from notifications.channels.base import (
    Blame,
    ChannelDown,
    DeliveryError,
    Handing,
    OutcomeUnknown,
)

_logger = logging.getLogger(__name__)

# The server wants a login that we do not have, or does not like ours: true of every message.
_LOGIN_CODES = frozenset({530, 534, 535, 538})
_TOO_LARGE = 552
QUIT_TIMEOUT_S = 5
_LOSSES_MAX = 3


class _ConnectionLost(Exception):
    """Before the final dot: nothing was delivered. `at_once`: the first command already failed."""

    def __init__(self, text: str, *, at_once: bool = False) -> None:
        super().__init__(text)
        self.at_once = at_once


class Conversation:
    """Keeps one connection and opens it again when the server closed it between two messages."""

    def __init__(self, *, backend: smtp.EmailBackend, deadline_s: float) -> None:
        self._backend = backend
        self._deadline_s = deadline_s
        self._losses = 0

    def submit(self, *, sender: str, recipient: str, data: bytes, handing: Handing) -> None:
        """Give the server one message (CRLF line ends) for one recipient; raises as `Session.send`."""
        was_kept = self._backend.connection is not None
        try:
            self._transact(sender, recipient, data, handing)
        except _ConnectionLost as lost:
            if not (was_kept and lost.at_once):
                raise self._lost(lost) from lost
            # Servers end kept connections after some time or number of messages: not this one's fault.
            try:
                self._transact(sender, recipient, data, handing)
            except _ConnectionLost as lost_again:
                raise self._lost(lost_again) from lost_again
        self._losses = 0

    def close(self) -> None:
        """Say goodbye. What the server answers changes nothing: its 250s were given before."""
        connection = self._backend.connection
        if connection is None:
            return
        try:
            if connection.sock is not None:
                connection.sock.settimeout(QUIT_TIMEOUT_S)
            with _Deadline(connection, QUIT_TIMEOUT_S):
                connection.quit()
        except OSError as error:
            _logger.debug("mail server lost at the goodbye: %s", error)
        finally:
            self._drop()

    def _transact(self, sender: str, recipient: str, data: bytes, handing: Handing) -> None:
        connection = self._opened()
        is_usable = False
        try:
            with _Deadline(connection, self._deadline_s) as deadline:
                _greet(connection, sender, size=len(data))
                try:
                    _announce(connection, recipient)
                    connection.send(data)
                except OSError as error:
                    raise _ConnectionLost(_told(error)) from error
                handing()
                _end(connection, deadline)
            is_usable = True
        except _Refused as refused:
            is_usable = refused.code != 421 and _reset(connection)
            self._losses = 0
            raise refused.verdict from None
        finally:
            if not is_usable:
                self._drop()

    def _opened(self) -> smtplib.SMTP:
        if self._backend.connection is not None:
            return self._backend.connection
        try:
            self._backend.open()
            connection = self._backend.connection
            if connection is None or connection.sock is None:
                raise ConnectionError("no connection")
            with _Deadline(connection, self._deadline_s) as deadline:
                connection.ehlo_or_helo_if_needed()
                deadline.check()
            # The final dot is a packet of its own; it must not wait until the one before is confirmed.
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:  # smtplib's own errors are OSErrors too
            self._drop()
            with suppress(OSError):
                self._backend.close()  # a connection that came no further than login
            raise ChannelDown(f"The mail server cannot be used: {_told(error)}") from error
        return connection

    def _lost(self, lost: _ConnectionLost) -> DeliveryError:
        self._losses += 1
        kind = ChannelDown if self._losses >= _LOSSES_MAX else DeliveryError
        return kind(f"The mail server closed the connection: {lost}")

    def _drop(self) -> None:
        if self._backend.connection is not None:
            self._backend.connection.close()
        self._backend.connection = None


class _Deadline:
    """Cuts the connection at its end: a server that drips bytes meets no timeout of a single read."""

    def __init__(self, connection: smtplib.SMTP, seconds: float) -> None:
        self._socket = connection.sock
        self._seconds = seconds
        self._has_passed = False

    def __enter__(self) -> "_Deadline":
        _watch.add(self, at=time.monotonic() + self._seconds)
        return self

    def __exit__(self, *_: object) -> None:
        self._socket = None

    def check(self) -> None:
        """Raise TimeoutError when it has passed: an answer read until then was cut short."""
        if self._has_passed:
            raise TimeoutError("no whole answer in time")

    def cut(self) -> None:
        """End the connection, unless the conversation is over."""
        connected = self._socket
        if connected is None:
            return
        self._has_passed = True
        # Not the method of SSLSocket, which takes the TLS state away under the thread that reads.
        with suppress(OSError):
            socket.socket.shutdown(connected, socket.SHUT_RDWR)


class _Watch:
    """One thread for the deadlines of all connections: one for each mail would cost as much as the mail.

    Those that are over stay listed until their time, which is that of one send, and hold no socket.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._listed: list[tuple[float, int, _Deadline]] = []
        self._numbers = itertools.count()
        self._thread: threading.Thread | None = None

    def add(self, deadline: _Deadline, *, at: float) -> None:
        with self._changed:
            heapq.heappush(self._listed, (at, next(self._numbers), deadline))
            if self._thread is None or not self._thread.is_alive():  # also after a fork
                self._thread = threading.Thread(target=self._run, name="smtp-watch", daemon=True)
                self._thread.start()
            elif self._listed[0][2] is deadline:
                self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._listed or self._listed[0][0] > time.monotonic():
                    self._changed.wait(
                        self._listed[0][0] - time.monotonic() if self._listed else None
                    )
                _at, _number, due = heapq.heappop(self._listed)
            due.cut()


_watch = _Watch()


class _Refused(Exception):
    """The server answered, and not with yes."""

    def __init__(self, code: int, verdict: DeliveryError) -> None:
        super().__init__(code)
        self.code = code
        self.verdict = verdict


def _greet(connection: smtplib.SMTP, sender: str, *, size: int) -> None:
    """Begin a message: the first thing said on a kept connection, so it shows when that is gone."""
    options = [f"size={size}"] if connection.has_extn("size") else []
    try:
        code, answer = connection.mail(sender, options)
    except OSError as error:
        raise _ConnectionLost(_told(error), at_once=True) from error
    if code == 421:
        raise _ConnectionLost(f"{code} {_readable(answer)}", at_once=True)
    if code != 250:
        raise _Refused(code, _sender_verdict(code, answer))


def _announce(connection: smtplib.SMTP, recipient: str) -> None:
    """The recipient, and the server's go-ahead for the message itself."""
    code, answer = connection.rcpt(recipient)
    if code not in {250, 251}:
        raise _Refused(code, _recipient_verdict(code, answer))
    code, answer = connection.docmd("DATA")
    if code != 354:
        raise _Refused(code, _content_verdict(code, answer))


def _end(connection: smtplib.SMTP, deadline: _Deadline) -> None:
    """The final dot and the server's word that it has the message."""
    try:
        connection.send(b".\r\n")
        code, answer = connection.getreply()
        deadline.check()
    except OSError as error:
        raise OutcomeUnknown(
            f"The mail server did not answer after taking the message: {_told(error)}"
        ) from error
    if not 200 <= code < 600:  # rubbish, or an answer that broke off
        raise OutcomeUnknown(f"The mail server gave no SMTP answer: {code} {_readable(answer)}")
    if code >= 300:
        raise _Refused(code, _content_verdict(code, answer))


def wire_form(data: bytes) -> bytes:
    """A message with CRLF line ends as it goes over the wire, up to the final dot."""
    data = re.sub(rb"(?m)^\.", b"..", data)
    return data if data.endswith(b"\r\n") else data + b"\r\n"


def _sender_verdict(code: int, answer: bytes) -> DeliveryError:
    text = f"The mail server refuses our sender address: {code} {_readable(answer)}"
    if code == _TOO_LARGE:
        return DeliveryError(text, permanent=True, blame=Blame.CONTENT)
    if code >= 500:
        return ChannelDown(text)  # it is the sender of every message
    return DeliveryError(text)


def _recipient_verdict(code: int, answer: bytes) -> DeliveryError:
    text = f"The mail server refuses the recipient: {code} {_readable(answer)}"
    if code in _LOGIN_CODES:
        return ChannelDown(text)
    if code < 500:
        return DeliveryError(text)
    return DeliveryError(text, permanent=True, blame=_blame(answer, otherwise=Blame.ADDRESS))


def _content_verdict(code: int, answer: bytes) -> DeliveryError:
    text = f"The mail server refuses the message: {code} {_readable(answer)}"
    if code in _LOGIN_CODES:
        return ChannelDown(text)
    if code < 500:
        return DeliveryError(text)
    return DeliveryError(text, permanent=True, blame=_blame(answer, otherwise=Blame.CONTENT))


def _blame(answer: bytes, *, otherwise: Blame) -> Blame:
    """What the enhanced status code (RFC 3463) complains of, where the server gives one."""
    enhanced = re.match(rb"5\.(\d{1,3})\.(\d{1,3})\b", answer)
    if enhanced is None:
        return otherwise
    subject, detail = int(enhanced[1]), int(enhanced[2])
    is_bad_address = subject == 1 and detail not in {7, 8}  # those two are about the sender
    if is_bad_address or (subject, detail) == (2, 1):
        return Blame.ADDRESS
    return Blame.NOTHING if otherwise is Blame.ADDRESS else otherwise


def _reset(connection: smtplib.SMTP) -> bool:
    """Whether the connection is ready for the next message after a refusal."""
    try:
        return connection.rset()[0] == 250
    except OSError:
        return False


def _readable(answer: bytes) -> str:
    return " ".join(answer.decode(errors="replace").split())


def _told(error: OSError) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        answer = error.smtp_error
        text = answer if isinstance(answer, str) else _readable(answer)
        return f"{error.smtp_code} {text}"
    return str(error) or type(error).__name__
