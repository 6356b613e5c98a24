"""What is said of an event to those who asked, rendered once for each kind of channel.

`incidents.telling` fills a Content in the operators' transaction and the broadcast keeps it, so that
what was announced is what is sent, whatever is edited meanwhile.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from components.status import Status
from notifications.messages import NOTE_HERE, Message, Tone, gap
from subscribers import sms_length

_TEMPLATE = "subscribers/emails/event.{part}"
# Of a title at least so many letters are left in a text message, should it become two.
_TITLE_MIN = 20
# Text glyphs of the design (2.1), for where there are no icons.
_GLYPHS = {
    Status.OPERATIONAL: "●",
    Status.DEGRADED_PERFORMANCE: "▲",
    Status.PARTIAL_OUTAGE: "◆",
    Status.MAJOR_OUTAGE: "■",
    Status.UNDER_MAINTENANCE: "◧",
    Status.UNKNOWN: "◌",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """A component that the event touches, and the status that visitors see of it."""

    name: str
    status: str

    @property
    def word(self) -> str:
        return _(Status(self.status).label)

    @property
    def glyph(self) -> str:
        return _GLYPHS[Status(self.status)]

    @property
    def code(self) -> str:
        return Status(self.status).code


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One update of one event. Times are ISO 8601 in UTC, `when` and the like are words for people.

    `kind` is "incident" or "maintenance", `path` its public address, `word` the state or step, and
    `brief` the same with its time for a text message ("Resolved after 42 min").
    `html` is safe. `entries` are all entries of the event so far, newest first, for machines.
    """

    kind: str
    public_id: str
    update_id: str
    page_name: str
    title: str
    word: str
    state: str
    stage: str
    path: str
    at: str
    when: str
    text: str = ""
    html: str = ""
    impact: str = ""
    started: str = ""
    promise: str = ""
    brief: str = ""
    tone: str = Tone.PROBLEM.value
    touched: Sequence[Touched] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    entries: Sequence[Mapping[str, Any]] = ()

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Content":
        """The content that `as_json` described; what an older version did not know is left out."""
        known = {name: value for name, value in stored.items() if name in cls.__dataclass_fields__}
        known["touched"] = [Touched(**each) for each in known.get("touched", [])]
        return cls(**known)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def url(self) -> str:
        return f"{settings.CANDOR_ORIGIN}{self.path}"

    @property
    def short_url(self) -> str:
        """The short address as people read it, without a scheme."""
        letter = "i" if self.kind == "incident" else "m"
        return f"{urlsplit(settings.CANDOR_ORIGIN).netloc}/{letter}/{self.public_id}"

    @property
    def is_problem(self) -> bool:
        return self.tone == Tone.PROBLEM

    @property
    def headline(self) -> str:
        return f"{self.word}: {self.title}"


def as_mail(content: Content) -> Message:
    """The mail, with gaps for what is each recipient's own."""
    context = {
        "content": content,
        "manage_url": gap("manage_url"),
        "leave_url": gap("leave_url"),
        "note_here": NOTE_HERE,
    }
    host = urlsplit(settings.CANDOR_ORIGIN).hostname or "localhost"
    return Message(
        subject=f"[{content.page_name}] {content.headline}",
        text=render_to_string(_TEMPLATE.format(part="txt"), context),
        html=render_to_string(_TEMPLATE.format(part="html"), context),
        url=content.url,
        headers={
            "List-Unsubscribe": f"<{gap('leave_url')}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            # All mails of one event refer to the same mail that never was: clients thread by it.
            "References": f"<{content.kind}-{content.public_id}@{host}>",
        },
    )


def as_sms(content: Content) -> Message:
    """One text message where the title allows: it is cut, the link never (DESIGN 6)."""
    page, link = content.page_name, content.short_url
    if content.is_problem:
        head, tail = f"{page}: ", f". {content.word}."
        if content.promise:
            tail += f" {content.promise}"
        tail += f" {link} {_('Reply STOP to end')}"
    else:
        head, tail = f"{page}: {content.brief or content.word}: ", f". {link}"
    room = max(_TITLE_MIN, sms_length.ONE_PART - len(head) - len(tail))
    text = f"{head}{sms_length.shortened(content.title, room=room)}{tail}"
    return Message(subject=content.headline, text=text, url=content.url)


def as_post(content: Content) -> Message:
    """What chats, browsers and X get: a headline, a text and a link."""
    lines = [content.text.strip()]
    if content.touched:
        lines.append(
            "\n".join(f"{each.glyph} {each.name}: {each.word}" for each in content.touched)
        )
    if content.promise:
        lines.append(content.promise)
    return Message(
        subject=content.headline,
        text="\n\n".join(line for line in lines if line),
        url=content.url,
        tone=Tone(content.tone),
        alert_key=f"{content.kind}-{content.public_id}",
    )


def as_native(content: Content) -> Message:
    """The body of our own webhooks."""
    payload = {
        "type": f"{content.kind}.{content.stage.partition('_')[2]}",
        "timestamp": content.at,
        "data": {
            "id": content.public_id,
            "update_id": content.update_id,
            "title": content.title,
            "state": content.state,
            "impact": content.impact,
            "text": content.text,
            "url": content.url,
            "components": [{"name": each.name, "status": each.status} for each in content.touched],
            **content.facts,
        },
    }
    return Message(subject=content.headline, text=content.text, url=content.url, payload=payload)


def as_statuspage(content: Content) -> Message:
    """The body that receivers of Statuspage's webhooks know; maintenance is an incident there."""
    updates = [
        {
            "id": entry["id"],
            "incident_id": content.public_id,
            "body": entry["text"],
            "status": entry["state"],
            "created_at": entry["at"],
            "display_at": entry["at"],
            "updated_at": entry["at"],
        }
        for entry in content.entries
    ]
    payload = {
        "meta": {"unsubscribe": "", "documentation": settings.CANDOR_ORIGIN},
        "page": {"id": "candor", "status_indicator": content.impact, "status_description": ""},
        "incident": {
            "id": content.public_id,
            "name": content.title,
            "status": content.state,
            "impact": content.impact or "none",
            "shortlink": content.url,
            "created_at": content.entries[-1]["at"] if content.entries else content.at,
            "updated_at": content.at,
            "resolved_at": content.facts.get("resolved_at"),
            "scheduled_for": content.facts.get("starts_at"),
            "scheduled_until": content.facts.get("ends_at"),
            "incident_updates": updates,
        },
    }
    return Message(subject=content.headline, text=content.text, url=content.url, payload=payload)


_FORMS = {
    "mail": as_mail,
    "sms": as_sms,
    "post": as_post,
    "native": as_native,
    "statuspage": as_statuspage,
}


def form_of(*, channel: str, options: Mapping[str, Any]) -> str:
    """The name of the form that a subscriber on this channel gets."""
    if channel == "webhook":
        return "statuspage" if options.get("payload") == "statuspage" else "native"
    return {"email": "mail", "sms": "sms"}.get(channel, "post")


def rendered(content: Content, *, form: str) -> Message:
    """The message of this form."""
    return _FORMS[form](content)


def samples(content: Content) -> dict[str, Message]:
    """What a mail, a text message and a chat would show, for the author before posting."""
    links = dict.fromkeys(("manage_url", "leave_url"), _("(a link of their own)"))
    return {form: _FORMS[form](content).filled(links) for form in ("mail", "sms", "post")}


def iso(at: datetime | None) -> str | None:
    """The time for machines."""
    return None if at is None else at.isoformat()
