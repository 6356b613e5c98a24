"""The forms in which what is said of an event leaves: rendered once for each page and kind of channel.

What is said, and how it is cut to a page, stands in `subscribers.spoken`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import escape
from django.utils.translation import gettext as _

from components.status import Status
from notifications.messages import NOTE_HERE, Message, Tone, gap
from subscribers import sms_length
from subscribers.spoken import Content, Touched, iso

__all__ = ["Content", "Touched", "form_of", "iso", "rendered", "samples"]

_TEMPLATE = "subscribers/emails/event.{part}"
# Of a title at least so many letters are left in a text message, should it become two.
_TITLE_MIN = 20
# Their word for verification, and for cancelled work, which they do not know.
_STATUSPAGE_STATES = {"verification": "verifying", "cancelled": "completed"}


def as_mail(content: Content) -> Message:
    """The mail, with gaps for what is each recipient's own."""
    context = {
        "content": content,
        "manage_url": gap("manage_url"),
        "leave_url": gap("leave_url"),
        "note_here": NOTE_HERE,
    }
    return Message(
        subject=f"[{content.page_name}] {content.subject or content.headline}",
        text=render_to_string(_TEMPLATE.format(part="txt"), context),
        html=render_to_string(_TEMPLATE.format(part="html"), context),
        url=content.url,
        headers={
            "List-Id": f"<{content.list_id}>",
            # No mailto: nobody reads an address, and what comes back is taken for bounces only.
            "List-Unsubscribe": f"<{gap('leave_url')}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            # All mails of one event refer to the same mail that never was: clients thread by it.
            "References": f"<{content.kind}-{content.public_id}@{content.list_id}>",
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
            "documentation": content.home,
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
    """The message of this form, in the language of the page that the content was cut to."""
    with translation.override(content.language):
        return _FORMS[form](content)


def samples(content: Content) -> dict[str, Message]:
    """What a mail, a text message and a chat would show, for the author before posting."""
    links = dict.fromkeys(("manage_url", "leave_url"), _("(a link of their own)"))
    return {form: rendered(content, form=form).filled(links) for form in ("mail", "sms", "post")}
