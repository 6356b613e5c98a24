"""What is said of an event to those who asked, and how much of it each page's subscribers may hear.

`incidents.telling` fills a Content in the operators' transaction and the broadcast keeps it, so that
what was announced is what is sent, whatever is edited meanwhile. `Content.on` cuts it to a page before
anything is rendered (reliability B8); the forms that it leaves in are made in `subscribers.content`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from html import unescape
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import translation
from django.utils.html import strip_tags
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from branding import brand_views
from branding.brand_views import BrandView
from components.status import Status
from notifications.messages import Tone
from subscribers import mail_looks
from subscribers.chart import Stage
from subscribers.mail_looks import Look
from subscribers.told_facts import NOTHING, ToldFacts
from subscribers.told_pages import ToldPage

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
_PREVIEW = 140  # letters that lists of mails show under the subject
# What is worded in a language and a time zone.
_WORDS = ("word", "when", "started", "promise", "brief", "subject")


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """A component that the event touches, and the status that visitors see of it.

    `public_id` is what programs that speak Statuspage's language know it by.
    `is_dedicated`: only some pages had chosen it when this was announced; it may be gone by now.
    """

    name: str
    status: str
    id: str = ""  # what programs know the component by
    public_id: str = ""
    is_dedicated: bool = False

    @property
    def word(self) -> str:
        return _(Status(self.status).label)


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One update of one event. Times are ISO 8601 in UTC, `when` and the like are words for people.

    `subject` is what a list of mails shows; empty: the word and the title.

    `said` holds the same words for pages of other languages and time zones, by `ToldPage.voice`.

    `kind` is "incident", "maintenance" or "component" (a status set by hand; its `facts` are the
    component as programs know it), `path` its public address, `word` the state or step, and
    `brief` the same with its time for a text message ("Resolved after 42 min").
    `html` is safe. `entries` are all entries of the event so far, newest first, for machines; one
    with a "page" is for that page alone. `has_lost`: the event spoke of a component, too, that only
    some pages had chosen and that was gone when this was announced. `page` is the page that it was cut to (`on`), else the main
    one as it was announced: what is stored is never sent as it is. `known` is read for programs.
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
    has_lost: bool = False
    said: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    page: ToldPage | None = None
    known: ToldFacts = NOTHING

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Content":
        """The content that `as_json` described; what an older version did not know is left out."""
        known = {name: value for name, value in stored.items() if name in cls.__dataclass_fields__}
        known["touched"] = [Touched(**each) for each in known.get("touched", [])]
        return cls(**known)

    def as_json(self) -> dict[str, Any]:
        not_stored = {"page", "known"}
        return {name: value for name, value in asdict(self).items() if name not in not_stored}

    def said_as(self, voice: str, other: "Content") -> "Content":
        """The same, with the words that `other` has for it kept for pages of that voice."""
        words = {name: getattr(other, name) for name in _WORDS}
        changed = {name: word for name, word in words.items() if word != getattr(self, name)}
        return replace(self, said={**self.said, voice: changed}) if changed else self

    def on(self, page: ToldPage) -> "Content":
        """What of it the subscribers of a page may hear, in the page's own words and name.

        Components that the page does not show are left out wherever they stand, and so are entries
        for another page.
        """
        words: Mapping[str, Any] = self.said.get(page.voice, {})
        touched = [one for one in self.touched if self._is_on(page, one)]
        return replace(
            self,
            **words,
            # Under the name that it was announced under; other pages have been read just now.
            page_name=self.page_name if page.is_main else page.name,
            page_id=page.uuid,
            touched=touched,
            impact=self.impact if self._holds_on(page) else "none",
            entries=[one for one in self.entries if one.get("page") in {None, page.id}],
            said={},
            page=page,
        )

    def _is_on(self, page: ToldPage, one: Touched) -> bool:
        """Whether a page names a component; one of every service none that only others had chosen."""
        return page.shows(one.id) and not (page.shows_all and one.is_dedicated)

    def _holds_on(self, page: ToldPage) -> bool:
        """Whether what the event says as a whole holds for the part of it that a page shows.

        It does for all of it, or when nothing is said of any component by itself; else it may speak
        of somebody else's (as on the pages: `public_pages.projecting`).
        """
        if not self.impact:
            return True
        if self.has_lost:
            return False
        own = [one for one in self.touched if one.is_dedicated]
        if page.is_whole and all(self._is_on(page, one) for one in own):
            return True
        said = [Status(one.status) for one in self.touched]
        return bool(said) and set(said) == {Status.OPERATIONAL}

    @property
    def home(self) -> str:
        """The address of the page, without a slash at its end."""
        return self.page.address.url("") if self.page else settings.CANDOR_ORIGIN

    @property
    def url(self) -> str:
        return f"{self.home}{self.path}"

    @property
    def short_url(self) -> str:
        """The short address as people read it, without a scheme; a customer page has none."""
        place = self.home.partition("://")[2]
        letter = {"incident": "i", "maintenance": "m"}.get(self.kind)
        if letter is None or (self.page and self.page.is_customer):
            return f"{place}{self.path}"
        return f"{place}/{letter}/{self.public_id}"

    @property
    def list_id(self) -> str:
        """What mail programs keep the mails of this page together by: a host name, or one below it."""
        if self.page is None:
            return urlsplit(settings.CANDOR_ORIGIN).hostname or "localhost"
        return self.page.list_id

    @property
    def brand(self) -> BrandView:
        return self.page.brand if self.page else brand_views.DEFAULT

    @property
    def logo_url(self) -> str:
        """The absolute address of the page's logo, if mail programs can show it; else empty."""
        logo = self.brand.mail_logo
        return f"{self.page.address.origin}{logo.url}" if self.page and logo else ""

    @property
    def language(self) -> str:
        """The language that it is rendered in."""
        return self.page.language if self.page else translation.get_language() or "en"

    @property
    def is_problem(self) -> bool:
        return self.tone == Tone.PROBLEM

    @property
    def open_impacts(self) -> list[str]:
        """The impact of an incident that is open with this, for the indicator of a page."""
        is_open = self.kind == "incident" and self.is_problem
        return [self.impact] if is_open and self.impact else []

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


def iso(at: datetime | None) -> str | None:
    """The time for machines."""
    return None if at is None else at.isoformat()
