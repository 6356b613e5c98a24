"""Read what mail servers send back: delivery reports (RFC 3464) and complaints (RFC 5965).

Pure rule over bytes from anybody: what cannot be understood says nothing. Which mail a report is
about is not decided here, only under which return paths it says so.
"""

import email
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email import policy
from email.message import Message
from enum import StrEnum

# The report stands before the copy of the mail, so that what is cut off is not missed.
READ_MAX = 256 * 1024
# Each level of nesting has a content type; a report has three or four in all.
_TYPES_MAX = 40
_TYPE = re.compile(rb"(?i)content-type\s*:")
_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_ADDRESSED = ("Delivered-To", "X-Original-To", "Envelope-To", "To")
_ABUSE = {"abuse", "fraud", "virus"}
_NOTE_MAX = 300


class Kind(StrEnum):
    """What a report says about the mail."""

    NOTHING = "nothing"
    HARD = "hard"  # nobody is there
    SOFT = "soft"  # it did not arrive, and says nothing about the address
    COMPLAINT = "complaint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report, the return paths it may be about, the most trusted first, and its own words."""

    kind: Kind = Kind.NOTHING
    return_paths: tuple[str, ...] = ()
    error: str = ""


def read(raw: bytes) -> Report:
    """What a mail reports; nothing for every other mail, out-of-office answers among them."""
    raw = raw[:READ_MAX]
    if len(_TYPE.findall(raw)) > _TYPES_MAX:
        return Report()
    mail = email.message_from_bytes(raw, policy=policy.compat32)
    if mail.get_content_type() != "multipart/report" or not mail.is_multipart():
        return Report()
    parts = {part.get_content_type(): part for part in _children(mail)}
    addressed = [value for name in _ADDRESSED for value in mail.get_all(name, [])]
    if complaint := parts.get("message/feedback-report"):
        return _complaint(complaint, parts, addressed)
    if status := parts.get("message/delivery-status"):
        return _delivery_report(status, addressed)
    return Report()


def _delivery_report(status: Message, addressed: Sequence[str]) -> Report:
    """Ours are for one recipient each: what is said of several must agree."""
    blocks = [block for block in _children(status) if block.get("Action")]
    failed = [block for block in blocks if _word(block, "Action") == "failed"]
    if not failed or len(failed) < len(blocks):
        return Report()  # delayed, relayed, expanded: not the end
    is_hard = all(
        says_nobody_is_there(_word(block, "Status"), _word(block, "Diagnostic-Code"))
        for block in failed
    )
    words = _word(failed[0], "Diagnostic-Code") or _word(failed[0], "Status")
    return Report(
        kind=Kind.HARD if is_hard else Kind.SOFT,
        return_paths=_addresses(addressed),
        error=f"Came back: {words}"[:_NOTE_MAX],
    )


def says_nobody_is_there(*texts: str) -> bool:
    """Whether a status (RFC 3463) says so; not that the mail was unwelcome, too large or late."""
    for text in texts:
        for level, subject, detail in _STATUS.findall(text):
            if level != "5":
                return False
            if (subject, detail) == ("0", "0"):
                continue  # says nothing: the server's own words may
            if subject == "1":
                return detail not in {"7", "8"}  # those two are about the sender
            return (subject, detail) == ("2", "1")
    return False


def plain(text: str) -> str:
    """What a stranger wrote as one line of printable characters."""
    line = " ".join(text.split())
    return "".join(letter for letter in line if letter.isprintable())[:_NOTE_MAX]


def _complaint(report: Message, parts: dict[str, Message], addressed: Sequence[str]) -> Report:
    fields = next(_children(report), None) or email.message_from_string(_text(report))
    kind = _word(fields, "Feedback-Type").lower()
    if kind not in _ABUSE:
        return Report()
    about: list[str] = [str(fields.get("Original-Mail-From", ""))]
    for name in ("message/rfc822", "text/rfc822-headers"):
        if part := parts.get(name):
            copy = next(_children(part), None) or email.message_from_string(_text(part))
            about += copy.get_all("Return-Path", [])
    return Report(
        kind=Kind.COMPLAINT,
        return_paths=_addresses([*about, *addressed]),
        error=f"Complaint: {kind}",
    )


def _children(mail: Message) -> Iterator[Message]:
    """The parts right below; none of a part that is only text."""
    payload = mail.get_payload()
    if isinstance(payload, list):
        yield from (part for part in payload if isinstance(part, Message))


def _text(part: Message) -> str:
    payload = part.get_payload()
    return payload if isinstance(payload, str) else ""


def _word(block: Message, name: str) -> str:
    return plain(str(block.get(name, "")))


def _addresses(values: Sequence[object]) -> tuple[str, ...]:
    """What looks like a return path of ours in these fields."""
    found = [
        address
        for value in values
        for address in re.findall(
            r"\bb-[0-9]{1,19}-[A-Za-z2-7]{16}@[A-Za-z0-9.-]{1,255}", str(value)[:2000]
        )
    ]
    return tuple(dict.fromkeys(found))[:5]
