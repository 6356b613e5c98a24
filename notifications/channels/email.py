"""E-mail, through whatever mail backend Django is set up with.

A real SMTP server is spoken to in our own steps (`smtp`), because we must know whether a message
that failed may have arrived. Any other backend (console, file, tests) is handed the message whole.
"""

import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from email.generator import BytesGenerator
from email.utils import formatdate, parseaddr
from urllib.parse import urlsplit

from django.conf import settings
from django.core import mail
from django.core.mail.backends import smtp as django_smtp
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import sanitize_address

from notifications import addresses, backoff, return_paths
from notifications.channels import smtp
from notifications.channels.base import (
    Blame,
    ChannelDown,
    DeliveryError,
    Field,
    FieldInvalid,
    Handing,
    Parcel,
    Recipient,
    Session,
)
from notifications.messages import Message


class EmailChannel:
    name = "email"
    title = "E-mail"
    has_many_hosts = False
    holds_incidents = False
    fields = (
        Field(name="recipients", label="Addresses", help_text="One on each line.", is_many=True),
    )
    schedule = backoff.MAIL
    # Receivers fold two mails with the same Message-ID (reliability 1.3).
    max_copies = 2

    @property
    def connections(self) -> int:
        is_smtp = settings.EMAIL_BACKEND.endswith("smtp.EmailBackend")
        return int(settings.EMAIL_CONNECTIONS) if is_smtp else 1

    @property
    def per_s(self) -> int:
        return int(settings.EMAIL_PER_S)

    @property
    def send_timeout(self) -> timedelta:
        return timedelta(seconds=settings.EMAIL_TIMEOUT or 30)

    def check(self, values: Mapping[str, str]) -> dict[str, str]:
        """Operators may live in the intranet; for subscribers call `addresses` yourself."""
        written = values.get("recipients", "").replace(",", "\n").splitlines()
        try:
            checked = [
                addresses.check_address(line.strip(), allow_single_label=True)
                for line in written
                if line.strip()
            ]
        except addresses.AddressInvalid as error:
            raise FieldInvalid("recipients", str(error)) from None
        if not checked:
            raise FieldInvalid("recipients", "Write at least one address.")
        return {"recipients": "\n".join(dict.fromkeys(checked))}

    def recipients(self, values: Mapping[str, str]) -> list[Recipient]:
        return [Recipient(address=line) for line in values.get("recipients", "").splitlines()]

    def destination(self, secrets: Mapping[str, str]) -> str:
        return ""

    @contextmanager
    def session(self) -> Iterator[Session]:
        backend = mail.get_connection()
        # A backend derived from Django's SMTP one may do anything in its own `send_messages`.
        if type(backend) is django_smtp.EmailBackend:
            conversation = smtp.Conversation(
                backend=backend, deadline_s=self.send_timeout.total_seconds()
            )
            try:
                yield _SmtpSession(conversation)
            finally:
                conversation.close()
        else:
            try:
                yield _WholeSession(backend)
            finally:
                backend.close()


class _SmtpSession:
    def __init__(self, conversation: smtp.Conversation) -> None:
        self._conversation = conversation
        self._sender = parseaddr(sanitize_address(settings.DEFAULT_FROM_EMAIL, "utf-8"))[1]
        self._molds: dict[str, Mold | None] = {}

    def send(self, *, parcel: Parcel, handing: Handing) -> None:
        recipient = _checked(parcel.address)
        mold = self._mold(parcel) if parcel.shared_as else None
        if mold is not None:
            data = mold.cast(parcel, recipient)
        else:
            message = parcel.filled.message
            composed = compose(address=recipient, message=message, delivery_id=parcel.delivery_id)
            data = smtp.wire_form(_as_bytes(composed))
        # A bounce comes back under an address of its own, so that it cannot be forged for another.
        back = return_paths.made(number=parcel.number, delivery_id=parcel.delivery_id)
        self._conversation.submit(
            sender=back or self._sender, recipient=recipient, data=data, handing=handing
        )

    def _mold(self, parcel: Parcel) -> "Mold | None":
        if parcel.shared_as not in self._molds:
            self._molds[parcel.shared_as] = Mold.of(parcel.message)
        return self._molds[parcel.shared_as]


class _WholeSession:
    def __init__(self, backend: BaseEmailBackend) -> None:
        self._backend = backend
        self._is_open = False

    def send(self, *, parcel: Parcel, handing: Handing) -> None:
        composed = compose(
            address=_checked(parcel.address),
            message=parcel.filled.message,
            delivery_id=parcel.delivery_id,
        )
        if not self._is_open:
            try:
                self._backend.open()
            except OSError as error:
                raise ChannelDown(f"The mail backend cannot be used: {error}") from error
            self._is_open = True
        handing()
        if not self._backend.send_messages([composed]):
            raise DeliveryError("The mail backend did not send the message.")


_GAP = re.compile(rb"\{candor:([a-z_]+)\}")
_LINE_MAX = 240  # characters; a line may have 998 bytes
_HIDES_GAPS = re.compile(rb"(?im)^content-transfer-encoding: *(quoted-printable|base64)")
_OWN = "candor-own-line"


@dataclass(frozen=True, slots=True)
class Mold:
    """A mail for many, ready for the wire but for what is each recipient's own.

    Building a mail costs milliseconds, filling the gaps of its bytes microseconds. `pieces` are bytes
    and, at every second place, the name of the part that goes between them.
    """

    pieces: tuple[bytes, ...]

    @classmethod
    def of(cls, message: Message) -> "Mold | None":
        """The mold of a message; None when its encoding hides a gap, as very long lines do."""
        composed = compose(address="", message=_short_lines(message), delivery_id=_OWN)
        data = _as_bytes(composed)
        if _HIDES_GAPS.search(data):
            return None
        kept = [line for line in data.split(b"\r\n") if not _is_own(line)]
        return cls(pieces=tuple(_GAP.split(smtp.wire_form(b"\r\n".join(kept)))))

    def cast(self, parcel: Parcel, recipient: str) -> bytes:
        """The whole mail for one recipient, as `compose` would have made it."""
        own = {
            "To": recipient,
            "Message-ID": f"<{parcel.delivery_id}@{_host()}>",
            "X-Delivery-Id": parcel.delivery_id,
            "Date": formatdate(parcel.now.timestamp(), usegmt=True),
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in own.items())
        filled = [
            parcel.parts.get(piece.decode(), "").encode() if index % 2 else piece
            for index, piece in enumerate(self.pieces)
        ]
        return head.encode("ascii") + b"".join(filled)


def _is_own(line: bytes) -> bool:
    return line.startswith(
        (b"Message-ID: <" + _OWN.encode(), b"X-Delivery-Id: " + _OWN.encode())
    ) or (line == b"Date: " + _OWN.encode())


def _short_lines(message: Message) -> Message:
    """The message with breaks at spaces in long lines of its HTML, where they mean the same."""
    if "<pre" in message.html or max(map(len, message.html.split("\n")), default=0) < _LINE_MAX:
        return message
    parts = re.split(r"(<[^>]*>)", message.html)
    broken = [part if part.startswith("<") else part.replace(" ", "\n") for part in parts]
    return replace(message, html="".join(broken))


def compose(*, address: str, message: Message, delivery_id: str) -> mail.EmailMultiAlternatives:
    """The mail for exactly one recipient; equal Message-ID for equal `delivery_id`."""
    composed = mail.EmailMultiAlternatives(
        # An encoded word in what a person typed would be decoded by the receiver: shown as typed.
        subject=message.subject.replace("=?", "= ?"),
        body=message.text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[address] if address else [],
        headers={
            **message.headers,
            **({} if address else {"Date": _OWN}),
            "Message-ID": f"<{delivery_id}@{_host()}>",
            "X-Delivery-Id": delivery_id,
            # No out-of-office answers, from well-behaved servers and from Exchange (RFC 3834).
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
        },
    )
    if message.html:
        composed.attach_alternative(message.html, "text/html")
    return composed


def _as_bytes(composed: mail.EmailMessage) -> bytes:
    written = io.BytesIO()
    # Lines that begin with "From " stay as they are: this is no mailbox file.
    BytesGenerator(written, mangle_from_=False).flatten(composed.message(), linesep="\r\n")
    return written.getvalue()


def _checked(address: str) -> str:
    try:
        return addresses.check_address(address, allow_single_label=True)
    except addresses.AddressInvalid as error:
        raise DeliveryError(str(error), permanent=True, blame=Blame.ADDRESS) from None


def _host() -> str:
    host = urlsplit(settings.CANDOR_ORIGIN).hostname or "localhost"
    return "localhost" if ":" in host else host  # an IPv6 address does not fit into a Message-ID
