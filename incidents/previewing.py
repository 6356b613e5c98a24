"""What visitors, mail and text messages would say of an incident that is being written.

Reads, saves nothing; called by the composers for every preview.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from common import markdown
from components import catalogue, status
from components.status import Status
from incidents import affecting, audience, lifecycle, placeholders, sms, texts
from incidents.affecting import Consequence
from incidents.audience import Audience
from incidents.lifecycle import Impact, State
from incidents.models import Incident


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the author has written so far, complete or not; times are aware.

    `ended_at` is for what is over already; otherwise "resolved" means now.
    """

    title: str
    text: str
    state: State
    impact: Impact
    chosen: Mapping[int, Status | None]
    started_at: datetime
    next_update_by: datetime | None
    public_id: str = ""
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The same words in every form they leave in. `code` is the two letters of the state's colour.

    `sms` is empty for an update that no text message is sent for; `unfilled` names placeholders
    that are still to be written out.
    """

    title: str
    html: SafeString
    state: State
    code: str
    started_at: datetime
    next_update_by: datetime | None
    consequences: tuple[Consequence, ...]
    told: Audience
    subject: str
    mail: str
    sms: str
    sms_length: int
    sms_parts: int
    unfilled: str

    @property
    def changes(self) -> list[Consequence]:
        return [one for one in self.consequences if one.is_change]

    @property
    def names_nobody(self) -> bool:
        """Whether no component is named, so that only subscribers of everything are told (AMB-15)."""
        return not self.consequences


def build(*, said: Said, incident: Incident | None, now: datetime) -> Preview:
    """Return what would be said; `incident` is None for one that is not public yet."""
    title = " ".join(said.title.split())[: texts.TITLE_LIMIT]
    text = said.text[: texts.TEXT_LIMIT].strip()
    consequences = affecting.consequences(
        incident=incident, impact=said.impact, chosen=said.chosen, is_open=said.state.is_open
    )
    claimed = [one or lifecycle.claimed_status(said.impact) for one in said.chosen.values()]
    worst = status.worst([one for one in claimed if one is not None])
    page = catalogue.page().name
    link = _link(incident.public_id if incident else said.public_id)
    is_told_by_sms = incident is None or not said.state.is_open or not incident.is_open
    message = _sms(said, page=page, title=title, link=link, now=now) if is_told_by_sms else ""
    length, parts = sms.length(message)
    return Preview(
        title=title,
        html=markdown.render(text),
        state=said.state,
        code=_code(said, worst),
        started_at=said.started_at,
        next_update_by=said.next_update_by if said.state.is_open else None,
        consequences=tuple(consequences),
        told=audience.of(component_ids=said.chosen.keys()),
        subject=f"[{page}] {_(said.state.label)}: {title}",
        mail=_mail(said, title=title, text=text, consequences=consequences, link=link),
        sms=message,
        sms_length=length,
        sms_parts=parts,
        unfilled=placeholders.in_braces(
            dict.fromkeys(placeholders.unfilled(title) + placeholders.unfilled(text))
        ),
    )


def lasting(start: datetime, end: datetime) -> str:
    """How long something took: "42 min", "1 h 19 min"."""
    hours, minutes = divmod(max(0, int((end - start).total_seconds())) // 60, 60)
    if hours:
        return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes}
    return _("%(count)d min") % {"count": minutes}


def _code(said: Said, worst: Status) -> str:
    if not said.state.is_open:
        return Status.OPERATIONAL.code
    return Status.UNDER_MAINTENANCE.code if worst == Status.OPERATIONAL else worst.code


def _link(public_id: str) -> str:
    host = urlsplit(settings.CANDOR_ORIGIN).netloc
    return f"{host}/i/{public_id}"


def _sms(said: Said, *, page: str, title: str, link: str, now: datetime) -> str:
    """One part where the title allows; the title is cut, the link never."""
    if said.state.is_open:
        head, tail = f"{page}: ", f". {_(said.state.label)}."
        if said.next_update_by is not None:
            tail += " " + _("Next update by %(time)s.") % {"time": _clock(said.next_update_by)}
    else:
        took = lasting(said.started_at, said.ended_at or now)
        head = _("%(page)s: %(state)s after %(time)s: ") % {
            "page": page,
            "state": _(said.state.label),
            "time": took,
        }
        tail = "."
    tail += f" {link}"
    if said.state.is_open:
        tail += " " + _("Reply STOP to end")
    room = max(20, sms.ONE_PART - len(head) - len(tail))
    return f"{head}{sms.shortened(title, room=room)}{tail}"


def _mail(said: Said, *, title: str, text: str, consequences: list[Consequence], link: str) -> str:
    started = _("Started %(time)s.") % {"time": _clock(said.started_at)}
    blocks = [f"{_(said.state.label).upper()}\n{title}\n{started}", text]
    named = [one for one in consequences if one.component_id in said.chosen]
    if named:
        lines = [f"- {one.name}: {_(one.after.label).lower()}" for one in named]
        blocks.append("\n".join([_("Affected"), *lines]))
    end = _("Follow: %(link)s") % {"link": f"{urlsplit(settings.CANDOR_ORIGIN).scheme}://{link}"}
    if said.next_update_by is not None and said.state.is_open:
        promise = _("Next update by %(time)s.") % {"time": _clock(said.next_update_by)}
        end = f"{promise}\n{end}"
    return "\n\n".join(block for block in [*blocks, end] if block)


def _clock(at: datetime) -> str:
    return f"{timezone.localtime(at):%H:%M %Z}"
