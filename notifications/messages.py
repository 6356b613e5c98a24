"""What a message is: subject, text, optional HTML, a link, mail headers, and data for machines.

Pure. Whoever tells somebody something makes one and hands it to `outbox`; a channel takes from it
what it can carry. Text from people is cleaned here, once, so that no channel can be tricked by it.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from html import escape
from typing import Any

SUBJECT_MAX = 200
# RFC 5322 allows 998 bytes a line; a leading dot is doubled on the wire.
LINE_MAX_BYTES = 990
_HEADER_MAX = 900

_BREAKS = re.compile("\r\n|[\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f]")
_BIDI_OVERRIDES = re.compile("[\u202a-\u202e\u2066-\u2069]")
_SURROGATES = re.compile("[\ud800-\udfff]")
# A gap that each recipient's own part fills: "{candor:manage_url}". Parts are addresses, so that they
# mean the same in text, in HTML and in a header.
_GAP = re.compile(r"\{candor:([a-z_]{1,40})\}")
_PART = re.compile(r"[A-Za-z0-9:/._~?=%+@-]{0,900}")
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
# What the channel itself says; anything else a message may add (List-Unsubscribe, Reply-To).
_RESERVED = frozenset(
    {
        "auto-submitted",
        "bcc",
        "cc",
        "date",
        "from",
        "message-id",
        "mime-version",
        "return-path",
        "sender",
        "subject",
        "to",
        "x-delivery-id",
    }
)


class HeaderNotAllowed(ValueError):
    """The header belongs to the channel, has no valid name, or would not fit on one line."""


class PartNotAllowed(ValueError):
    """A recipient's own part holds characters that would not mean the same everywhere."""


class Tone(StrEnum):
    """What a message is about, for channels that treat these differently."""

    NOTICE = "notice"
    PROBLEM = "problem"
    RECOVERY = "recovery"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message, the same for every channel.

    Cleaned when it is made (reliability D3): the subject is one line of at most 200 characters
    without control characters or bidi overrides; the text has plain line ends and no line that a
    mail server would refuse. `url` is where to read more. `headers` go into mail only.

    `tone`, `alert_key` and `is_urgent` are for pagers: a recovery closes what the problem with the
    same key opened, and an urgent message may wake somebody. `payload` is the whole JSON body of a
    webhook; without one the webhook channel makes a body of its own. What no database or receiver
    would take of it (control characters, half surrogate pairs, NaN) is taken out. With `is_ordered`
    its keys keep their order in the database, too, for receivers that have only seen one.

    Raises:
        HeaderNotAllowed: see there.
    """

    subject: str
    text: str
    html: str = ""
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    tone: Tone = Tone.NOTICE
    alert_key: str = ""
    is_urgent: bool = False
    payload: Mapping[str, Any] = field(default_factory=dict)
    is_ordered: bool = False

    def __post_init__(self) -> None:
        cleaned = {
            "subject": _shortened(one_line(self.subject)),
            "text": "\n".join(_wrapped_lines(_many_lines(self.text))),
            "html": _many_lines(self.html),
            "url": one_line(self.url),
            "headers": dict(_headers(self.headers)),
            "alert_key": one_line(self.alert_key),
            "payload": _plain(self.payload),
        }
        for name, value in cleaned.items():
            object.__setattr__(self, name, value)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Message":
        """The message that `as_json` described; what an older version left out is empty."""
        return cls(
            subject=stored.get("subject", ""),
            text=stored.get("text", ""),
            html=stored.get("html", ""),
            url=stored.get("url", ""),
            headers=stored.get("headers", {}),
            tone=Tone(stored.get("tone", Tone.NOTICE)),
            alert_key=stored.get("alert_key", ""),
            is_urgent=stored.get("is_urgent", False),
            payload=stored.get("payload") or json.loads(stored.get("payload_text", "{}")),
            is_ordered="payload_text" in stored,
        )

    def as_json(self) -> dict[str, Any]:
        """The message as plain JSON values, without what is empty."""
        return {
            "subject": self.subject,
            "text": self.text,
            **({"html": self.html} if self.html else {}),
            **({"url": self.url} if self.url else {}),
            **({"headers": dict(self.headers)} if self.headers else {}),
            **({"tone": self.tone.value} if self.tone is not Tone.NOTICE else {}),
            **({"alert_key": self.alert_key} if self.alert_key else {}),
            **({"is_urgent": True} if self.is_urgent else {}),
            **self._stored_payload(),
        }

    def _stored_payload(self) -> dict[str, Any]:
        if not self.payload:
            return {}
        if self.is_ordered:  # PostgreSQL sorts the keys of what it stores as JSON
            return {"payload_text": json.dumps(self.payload, ensure_ascii=False)}
        return {"payload": dict(self.payload)}

    def with_subject(self, subject: str) -> "Message":
        """The same message under another subject."""
        return replace(self, subject=subject)

    def with_note(self, note: str) -> "Message":
        """The same message with a line in front of its text; in HTML at the mark `NOTE_HERE`."""
        html = self.html
        if html:
            paragraph = f"<p>{escape(note)}</p>"
            html = html.replace(NOTE_HERE, paragraph) if NOTE_HERE in html else paragraph + html
        return replace(self, text=f"{note}\n\n{self.text}", html=html)

    def filled(self, parts: Mapping[str, str]) -> "Message":
        """The message with each gap filled; one without its part stays empty."""
        return replace(
            self,
            text=fill(self.text, parts),
            html=fill(self.html, parts),
            url=fill(self.url, parts),
            headers={name: fill(value, parts) for name, value in self.headers.items()},
            payload=_filled(self.payload, parts),
        )


def gap(name: str) -> str:
    """The place in a shared message that the part of this name fills."""
    return f"{{candor:{name}}}"


def fill(text: str, parts: Mapping[str, str]) -> str:
    """The text with its gaps filled; one without its part stays empty."""
    return _GAP.sub(lambda found: parts.get(found[1], ""), text)


def _filled(value: Any, parts: Mapping[str, str]) -> Any:
    match value:
        case str():
            return fill(value, parts)
        case Mapping():
            return {key: _filled(each, parts) for key, each in value.items()}
        case list() | tuple():
            return [_filled(each, parts) for each in value]
    return value


def check_parts(parts: Mapping[str, str]) -> dict[str, str]:
    """The parts, if they are safe in text, HTML and headers alike. Raises PartNotAllowed."""
    for name, value in parts.items():
        if not _PART.fullmatch(value):
            raise PartNotAllowed(f"The part {name} may hold the characters of an address only.")
    return dict(parts)


# Where the HTML of a shared message takes a note about this very copy.
NOTE_HERE = "<!--note-->"
# What is left of a sensitive message once its end is known.
BLANK: Mapping[str, str] = {"subject": "", "text": ""}


def one_line(text: str) -> str:
    """Text from anywhere as one line: no breaks, control characters, bidi overrides or surrogates."""
    text = _CONTROLS.sub("", _BREAKS.sub(" ", text))
    text = _SURROGATES.sub("\ufffd", _BIDI_OVERRIDES.sub("", text))
    return re.sub(r"\s+", " ", text).strip()


def _many_lines(text: str) -> str:
    text = _CONTROLS.sub("", _BREAKS.sub("\n", text))
    return _SURROGATES.sub("\ufffd", text)


def _plain(value: Any) -> Any:
    """The JSON value, cleaned of what JSON itself or a database refuses."""
    match value:
        case str():
            return _many_lines(value)
        case float() if not math.isfinite(value):
            return None
        case Mapping():
            return {_many_lines(str(key)): _plain(each) for key, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
    return value


def _shortened(subject: str) -> str:
    if len(subject) <= SUBJECT_MAX:
        return subject
    return subject[: SUBJECT_MAX - 1].rstrip() + "…"


def _headers(headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name):
            raise HeaderNotAllowed(f"{name!r} is not a header name.")
        if name.lower() in _RESERVED or name.lower().startswith("content-"):
            raise HeaderNotAllowed(f"{name} is written by the channel itself.")
        cleaned = one_line(value)
        if len(cleaned.encode()) > _HEADER_MAX:
            raise HeaderNotAllowed(f"{name} is longer than {_HEADER_MAX} bytes.")
        yield name, cleaned


def _wrapped_lines(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        # A character has at most four bytes: short lines need no counting.
        if len(line) * 4 <= LINE_MAX_BYTES:
            yield line
        else:
            yield from _wrapped(line.encode())


def _wrapped(line: bytes) -> Iterator[str]:
    """Cut a line at spaces, or between two characters where there is none."""
    start = 0
    while len(line) - start > LINE_MAX_BYTES:
        end = start + LINE_MAX_BYTES
        space = line.rfind(b" ", start + 1, end + 1)
        if space > start:
            yield line[start:space].decode()
            start = space + 1
            continue
        while line[end] & 0xC0 == 0x80:  # inside a UTF-8 sequence
            end -= 1
        yield line[start:end].decode()
        start = end
    yield line[start:].decode()
