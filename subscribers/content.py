"""The forms in which what is said of an event leaves: rendered once for each page and kind of channel.

What is said, and how it is cut to a page, stands in `subscribers.spoken`.
"""

from collections.abc import Mapping
from typing import Any

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from notifications.messages import NOTE_HERE, Message, Tone, gap
from subscribers import sms_length
from subscribers.spoken import Content, Touched, iso
from subscribers.statuspage_form import as_statuspage

__all__ = ["Content", "Touched", "as_statuspage", "form_of", "iso", "rendered", "samples"]

_TEMPLATE = "subscribers/emails/event.{part}"
# Of a title at least so many letters are left in a text message, should it become two.
_TITLE_MIN = 20


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


def _components(content: Content) -> list[dict[str, str]]:
    return [{"id": one.id, "name": one.name, "status": one.status} for one in content.touched]


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
