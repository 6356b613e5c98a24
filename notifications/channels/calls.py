"""What the channels that speak HTTP share: one request a message, and what its answer means.

A channel says which request a message becomes (`call`) and, where the far end has habits of its
own, how to read its answer (`judge`). Everything here is safe to use from several threads.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from common import egress, guarded_http
from notifications import backoff
from notifications.channels.base import (
    Blame,
    CannotAsk,
    ChannelDown,
    DeliveryError,
    Field,
    FieldInvalid,
    Handing,
    OutcomeUnknown,
    Parcel,
    Recipient,
    Session,
)

# The deadline of the request, and what noting its end may take on top.
DEADLINE_S = 15.0
JSON = {"Content-Type": "application/json"}
# Among the secrets of a letter: its address was given by a visitor, for whom less may be called.
FROM_VISITOR = "from_visitor"
_BUSY = {408, 425, 429}


class AddressForbidden(FieldInvalid):
    """The address is one of a network that is not called from here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to make; of the answer at most `answer_max` bytes are read."""

    url: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=lambda: JSON)
    method: str = "POST"
    answer_max: int = guarded_http.BODY_MAX


class HttpChannel:
    """One request a message; subclasses say which."""

    name: str
    title: str
    fields: Sequence[Field]
    schedule = backoff.CHAT
    # No key of ours is understood there: whether an unanswered message arrived cannot be told.
    max_copies: int | None = 1
    has_many_hosts = True
    connections = 4
    per_s = 0
    holds_incidents = False
    # One far end for everybody: while it is away, messages wait and their attempts do not count.
    waits_for_host = True
    send_timeout = timedelta(seconds=20)

    def check(self, values: Mapping[str, str]) -> dict[str, str]:
        checked = {each.name: values.get(each.name, "").strip() for each in self.fields}
        for each in self.fields:
            if each.is_many:
                checked[each.name] = "\n".join(lines(checked[each.name]))
            if each.is_required and not checked[each.name]:
                raise FieldInvalid(each.name, _("%(field)s is missing.") % {"field": each.label})
            if not each.is_many and not checked[each.name].isprintable():
                raise FieldInvalid(
                    each.name, _("%(field)s has to be one line.") % {"field": each.label}
                )
        return checked

    def recipients(self, values: Mapping[str, str]) -> list[Recipient]:
        return [Recipient(address=self.label(values), secrets=dict(values))]

    def label(self, secrets: Mapping[str, str]) -> str:
        """A name for the recipient that shows no secret and is another one for another secret."""
        return f"{self.title} {fingerprint(*(secrets.get(each.name, '') for each in self.fields))}"

    def destination(self, secrets: Mapping[str, str]) -> str:
        return host_of(self.address_of(secrets))

    def address_of(self, secrets: Mapping[str, str]) -> str:
        """The URL, or its beginning, that these secrets lead to."""
        raise NotImplementedError

    def call(self, parcel: Parcel) -> Call:
        raise NotImplementedError

    def judge(self, answer: guarded_http.Answer, parcel: Parcel) -> None:
        """Return when the message was taken; else raise DeliveryError."""
        if not answer.is_success:
            raise refusal(answer, parcel)

    def receipt(self, answer: guarded_http.Answer) -> str:
        """The name that the far end gave the message it took; empty where it gives none."""
        return ""

    @contextmanager
    def session(self) -> Iterator[Session]:
        yield _Calls(self)


class _Calls:
    def __init__(self, channel: HttpChannel) -> None:
        self._channel = channel

    def send(self, *, parcel: Parcel, handing: Handing) -> str:
        parcel = parcel.filled
        call = self._channel.call(parcel)
        may_be_private = _may_be_private(parcel)
        try:
            answer = _sent(call, may_be_private=may_be_private, handing=handing)
        except guarded_http.UrlNotAllowed as error:
            raise DeliveryError(str(error), permanent=True) from None
        except guarded_http.NotSent as error:
            if self._channel.waits_for_host:
                raise ChannelDown(str(error)) from error
            raise DeliveryError(str(error), is_unreachable=True) from error
        except guarded_http.NoAnswer as error:
            raise OutcomeUnknown(str(error), is_unreachable=True) from error
        self._channel.judge(answer, parcel)
        return self._channel.receipt(answer)


def ask(call: Call) -> guarded_http.Answer:
    """The answer to a question that changes nothing over there. Raises CannotAsk."""
    try:
        return _sent(call, may_be_private=bool(settings.ALLOW_PRIVATE_HOOKS), handing=lambda: None)
    except (guarded_http.UrlNotAllowed, guarded_http.NotSent, guarded_http.NoAnswer) as error:
        raise CannotAsk(str(error)) from error


def _sent(call: Call, *, may_be_private: bool, handing: Handing) -> guarded_http.Answer:
    """What was answered. Raises what `guarded_http.check_url` and `guarded_http.send` raise."""
    request = guarded_http.Request(
        url=guarded_http.check_url(call.url, allow_http=may_be_private),
        method=call.method,
        headers=call.headers,
        body=call.body,
        deadline_s=DEADLINE_S,
        body_max=call.answer_max,
    )
    guard = egress.monitor_guard(allow_private=may_be_private)
    return guarded_http.send(request, guard=guard, before_sending=handing)


def _may_be_private(parcel: Parcel) -> bool:
    """Whether private addresses may be dialled, and http without TLS."""
    if parcel.secrets.get(FROM_VISITOR):
        return bool(settings.ALLOW_PRIVATE_VISITOR_HOOKS)
    return bool(settings.ALLOW_PRIVATE_HOOKS)


def refusal(answer: guarded_http.Answer, parcel: Parcel, *, told: str = "") -> DeliveryError:
    """What an answer that is no success means; `told` is what the far end gave as a reason.

    Gone is gone for good, a busy or broken server is asked again, and so is one that redirects: its
    owner will notice. Everything else is refused, and would be again.
    """
    host = parcel.secrets.get("url") and host_of(parcel.secrets["url"])
    words = f"{host or 'The server'} answered {answer.status}."
    if told:
        words = f"{words[:-1]}: {told[:200]}"
    if answer.status in {404, 410}:
        return DeliveryError(words, permanent=True, blame=Blame.ADDRESS)
    if answer.status in _BUSY or answer.status >= 500 or answer.status < 400:
        return DeliveryError(words, retry_after_s=answer.retry_after_s(now=parcel.now))
    return DeliveryError(words, permanent=True)


def check_hook(name: str, text: str, *, hosts: Sequence[str]) -> str:
    """A hook address at one of these hosts (`*.example.com` stands for any name below).

    Raises FieldInvalid.
    """
    url = check_url(name, text)
    host = urlsplit(url).hostname or ""
    if not any(fnmatchcase(host, pattern) for pattern in hosts):
        said = _("The address has to be at %(hosts)s.")
        raise FieldInvalid(name, said % {"hosts": _(" or ").join(hosts)})
    return url


def check_url(name: str, text: str) -> str:
    """An address that may be called by now, as far as its text tells.

    Raises:
        FieldInvalid: what to write instead.
        AddressForbidden: not by us; the text names the setting, for operators.
    """
    try:
        url = guarded_http.check_url(text, allow_http=settings.ALLOW_PRIVATE_HOOKS)
    except guarded_http.UrlNotAllowed as error:
        raise FieldInvalid(name, _(str(error))) from None
    host = (urlsplit(url).hostname or "").strip("[]")
    guard = egress.monitor_guard(allow_private=settings.ALLOW_PRIVATE_HOOKS)
    if guarded_http.is_address(host) and not guard(host):
        said = _(
            "%(host)s may not be called. Private addresses need the setting CANDOR_ALLOW_PRIVATE_HOOKS."
        )
        raise AddressForbidden(name, said % {"host": host})
    return url


def host_of(url: str) -> str:
    """Host and port of a URL; empty when it is none."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2].lower()
    except ValueError:
        return ""


def fingerprint(*secrets: str) -> str:
    """Six characters that tell one secret from another and give neither away."""
    return hashlib.sha256("\0".join(secrets).encode()).hexdigest()[:6]


def lines(text: str) -> list[str]:
    """The values of a field with one on each line, without repeats."""
    written = (line.strip() for line in text.replace(",", "\n").splitlines())
    return list(dict.fromkeys(line for line in written if line))


def shortened(text: str, limit: int) -> str:
    """The text in at most `limit` characters."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def stored_hook(parcel: Parcel, *, hosts: Sequence[str]) -> str:
    """The hook address of a parcel, checked again: settings may be narrower than when it was stored.

    Raises DeliveryError.
    """
    try:
        return check_hook("url", parcel.secrets.get("url", ""), hosts=hosts)
    except FieldInvalid as error:
        raise DeliveryError(str(error), permanent=True) from None
