"""What is said of an event to those who asked, rendered once for each kind of channel.

`incidents.telling` fills a Content in the operators' transaction and the broadcast keeps it, so that
what was announced is what is sent, whatever is edited meanwhile.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from html import unescape
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.html import escape, strip_tags
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from components.status import Status
from notifications.messages import NOTE_HERE, Message, Tone, gap
from subscribers import mail_looks, sms_length
from subscribers.chart import Stage
from subscribers.mail_looks import Look

_TEMPLATE = "subscribers/emails/event.{part}"
# Of a title at least so many letters are left in a text message, should it become two.
_TITLE_MIN = 20
_PROBLEMS = frozenset({Status.DEGRADED_PERFORMANCE, Status.PARTIAL_OUTAGE, Status.MAJOR_OUTAGE})
# What is not among them is an update of its kind.
_TYPES: Mapping[str, str] = {
    Stage.INCIDENT_CREATED: "incident.created",
    Stage.INCIDENT_RESOLVED: "incident.resolved",
    Stage.INCIDENT_RECORDED: "incident.resolved",  # it was over when it was written
    Stage.POSTMORTEM_PUBLISHED: "incident.postmortem",
    Stage.MAINTENANCE_SCHEDULED: "maintenance.scheduled",
    Stage.MAINTENANCE_STARTED: "maintenance.started",
    Stage.MAINTENANCE_VERIFYING: "maintenance.verifying",
    Stage.MAINTENANCE_COMPLETED: "maintenance.completed",
    Stage.STATUS_CHANGED: "component.status_changed",
    Stage.STATUS_TOLD: "component.status_changed",
}
# Their word for verification, and for cancelled work, which they do not know.
_STATUSPAGE_STATES = {"verification": "verifying", "cancelled": "completed"}
_PREVIEW = 140  # letters that lists of mails show under the subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """A component that the event touches, and the status that visitors see of it."""

    name: str
    status: str
    id: str = ""  # what programs know the component by

    @property
    def word(self) -> str:
        return _(Status(self.status).label)


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One update of one event. Times are ISO 8601 in UTC, `when` and the like are words for people.

    `subject` is what a list of mails shows; empty: the word and the title.

    `kind` is "incident", "maintenance" or "component" (a status set by hand; its `facts` are the
    component as programs know it), `path` its public address, `word` the state or step, and
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
    subject: str = ""
    tone: str = Tone.PROBLEM.value
    touched: Sequence[Touched] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    entries: Sequence[Mapping[str, Any]] = ()
    page_id: str = ""

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
        host = urlsplit(settings.CANDOR_ORIGIN).netloc
        letter = {"incident": "i", "maintenance": "m"}.get(self.kind)
        return f"{host}/{letter}/{self.public_id}" if letter else f"{host}{self.path}"

    @property
    def is_problem(self) -> bool:
        return self.tone == Tone.PROBLEM

    @property
    def headline(self) -> str:
        return f"{self.word}: {self.title}"

    @property
    def event_type(self) -> str:
        """The type of our own webhooks (interop 6.4): what happened, in a word that stays."""
        if self.state == "cancelled" and self.stage == Stage.MAINTENANCE_CHANGED:
            return "maintenance.cancelled"
        return _TYPES.get(self.stage, f"{self.kind}.updated")

    @property
    def worst(self) -> Touched | None:
        """Of an open incident, the component that it does the worst to."""
        hit = [each for each in self.touched if Status(each.status) in _PROBLEMS]
        if not (self.is_problem and hit):
            return None
        return max(hit, key=lambda each: Status(each.status).rank)

    @property
    def look(self) -> Look:
        """What the state is drawn like: trouble as its worst, the rest as a plan or as over."""
        plain = {
            Tone.PROBLEM: Status.UNKNOWN,
            Tone.RECOVERY: Status.OPERATIONAL,
        }.get(Tone(self.tone), Status.UNDER_MAINTENANCE)
        return mail_looks.look(Status(self.worst.status) if self.worst else plain)

    @property
    def parts(self) -> list[tuple[Look, str]]:
        """The components with their statuses; of work that touches none yet, their names alone."""
        if self.is_ahead:
            look = mail_looks.look(Status.UNDER_MAINTENANCE)
            return [(look, each.name) for each in self.touched]
        return [
            (mail_looks.look(Status(each.status)), f"{each.name}: {each.word}")
            for each in self.touched
        ]

    @property
    def is_ahead(self) -> bool:
        """Whether this is a plan, or one that was given up: nobody notices anything of it."""
        is_touching = any(Status(each.status) != Status.OPERATIONAL for each in self.touched)
        return Tone(self.tone) is Tone.NOTICE and not is_touching

    @property
    def says_status(self) -> bool:
        """Whether the page's name says already that this is a status page."""
        return "status" in self.page_name.lower()

    @property
    def preview(self) -> str:
        """The first words of the text, for lists of mails."""
        words = " ".join(unescape(strip_tags(self.html.replace("<", " <"))).split())
        return Truncator(f"{words} {self.promise}".strip()).chars(_PREVIEW)


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
        subject=f"[{content.page_name}] {content.subject or content.headline}",
        text=render_to_string(_TEMPLATE.format(part="txt"), context),
        html=render_to_string(_TEMPLATE.format(part="html"), context),
        url=content.url,
        headers={
            "List-Id": f"<{host}>",
            # No mailto: nobody reads an address, and what comes back is taken for bounces only.
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
        lines.append("\n".join(f"{look.glyph} {words}" for look, words in content.parts))
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
        "type": content.event_type,
        "timestamp": content.at,
        "data": {
            "id": content.public_id,
            "update_id": content.update_id,
            "title": content.title,
            "state": content.state,
            "impact": content.impact,
            "text": content.text,
            "url": content.url,
            "components": _components(content),
            **content.facts,
        },
    }
    return Message(subject=content.headline, text=content.text, url=content.url, payload=payload)


def as_statuspage(content: Content) -> Message:
    """The body that receivers of Statuspage's webhooks know (interop 1.7)."""
    is_component = content.kind == "component"
    impact = "maintenance" if content.kind == "maintenance" else content.impact or "none"
    payload = {
        "meta": {
            "unsubscribe": gap("leave_url"),
            "documentation": settings.CANDOR_ORIGIN,
            "generated_at": _stamp(content.at),
        },
        "page": {
            "id": content.page_id,
            "status_indicator": impact,
            "status_description": content.word,
        },
        **(_statuspage_component(content) if is_component else _statuspage_incident(content)),
    }
    return Message(subject=content.headline, text=content.text, url=content.url, payload=payload)


def _statuspage_component(content: Content) -> dict[str, Any]:
    """A change of one component; nobody looked is no word of theirs."""
    facts = content.facts
    old, new = (
        Status.OPERATIONAL.value if facts[name] == Status.UNKNOWN else facts[name]
        for name in ("old_status", "new_status")
    )
    at = _stamp(content.at)
    return {
        "component_update": {
            "id": content.update_id,
            "component_id": content.public_id,
            "component_type": "Component",
            "old_status": old,
            "new_status": new,
            "created_at": at,
        },
        "component": {
            "id": content.public_id,
            "name": content.title,
            "status": new,
            "created_at": _stamp(facts["created_at"]),
            "updated_at": at,
            "position": facts["position"],
            "description": facts["description"] or None,
            "showcase": True,
            "page_id": content.page_id,
            "group_id": facts["group_id"],
        },
    }


def _statuspage_incident(content: Content) -> dict[str, Any]:
    """An event; maintenance is an incident there."""
    is_planned = content.kind == "maintenance"
    impact = "maintenance" if is_planned else content.impact or "none"
    facts = content.facts
    updates = [
        {
            "id": entry["id"],
            "incident_id": content.public_id,
            "body": "<br />".join(escape(entry["text"]).split("\n")),
            "status": _STATUSPAGE_STATES.get(entry["state"], entry["state"]),
            **dict.fromkeys(("created_at", "display_at", "updated_at"), _stamp(entry["at"])),
        }
        for entry in content.entries
    ]
    return {
        "incident": {
            "id": content.public_id,
            "name": content.title,
            "status": _STATUSPAGE_STATES.get(content.state, content.state),
            "impact": impact,
            "shortlink": content.url,
            "created_at": _stamp(content.entries[-1]["at"] if content.entries else content.at),
            "updated_at": _stamp(content.at),
            "resolved_at": _stamp(facts.get("resolved_at")),
            "scheduled_for": _stamp(facts.get("starts_at")),
            "scheduled_until": _stamp(facts.get("ends_at")),
            "incident_updates": updates,
            "components": _components(content),
        },
    }


def _components(content: Content) -> list[dict[str, str]]:
    return [{"id": one.id, "name": one.name, "status": one.status} for one in content.touched]


def _stamp(at: str | None) -> str | None:
    """The time with exactly three digits of a second: strict clients know no other form."""
    if at is None:
        return None
    instant = datetime.fromisoformat(at).astimezone(UTC)
    return f"{instant:%Y-%m-%dT%H:%M:%S}.{instant.microsecond // 1000:03}Z"


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
