"""The postmortem of an incident: write, publish, take back, delete."""

from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated, Any

from ninja import Router
from pydantic import AfterValidator, Field

from common import moments
from incidents import postmortems, texts
from incidents.models import Incident, Postmortem
from incidents.postmortems import LINE_LIMIT, ROWS_AT_MOST, Action, Entry, Writing
from management_api import etags, operations
from management_api.guard import ApiRequest
from management_api.incidents import incident_of
from management_api.problems import Refused, not_found
from management_api.schemas import In, Moment, Out, PublicId

router = Router(tags=["postmortems"])
_SEEN: Any = {"scope": "postmortems:read", "permission": "incidents.view_postmortem"}
_CHANGED: Any = {"scope": "postmortems:write", "permission": "incidents.change_postmortem"}
_ONE = "/incidents/{incident_id}/postmortem"


Day = Annotated[date, AfterValidator(moments.sane_day)]


class TimelineEntryOut(Out):
    """One line of the report's timeline."""

    at: datetime
    text: str


class ActionOut(Out):
    """Something that is changed so that it does not happen again."""

    text: str
    owner: str
    due_on: date | None
    is_done: bool


class WritingOut(Out):
    """The texts of a report."""

    title: str
    summary: str
    impact_description: str
    root_cause: str
    entries: list[TimelineEntryOut]
    actions: list[ActionOut]


class PostmortemOut(WritingOut):
    """A report; a draft while `published_at` is null, and then on no page."""

    published_at: datetime | None
    author_name: str
    created_at: datetime
    changed_at: datetime


class TimelineEntryIn(In):
    """One line of the report's timeline; sorted by time when it is saved."""

    at: Moment
    text: str = Field(min_length=1, max_length=LINE_LIMIT)


class ActionIn(In):
    """Something that is changed so that it does not happen again."""

    text: str = Field(min_length=1, max_length=LINE_LIMIT)
    owner: str = Field("", max_length=100)
    due_on: Day | None = None
    is_done: bool = False


class PostmortemIn(In):
    """The whole report; its two lists replace those that are there. The long texts are Markdown."""

    title: str = Field(min_length=1, max_length=texts.TITLE_LIMIT)
    summary: str = Field("", max_length=texts.TEXT_LIMIT)
    impact_description: str = Field("", max_length=texts.TEXT_LIMIT)
    root_cause: str = Field("", max_length=texts.TEXT_LIMIT)
    entries: list[TimelineEntryIn] = Field([], max_length=ROWS_AT_MOST)
    actions: list[ActionIn] = Field([], max_length=ROWS_AT_MOST)


@operations.reads(router, _ONE, gives=PostmortemOut, **_SEEN)
def get_postmortem(request: ApiRequest, incident_id: PublicId) -> PostmortemOut:
    """Show the postmortem of an incident, published or not."""
    del request
    return _shown(_report_of(incident_of(incident_id)))


@operations.reads(
    router,
    f"{_ONE}/suggestion",
    scope="postmortems:read",
    permission="incidents.change_postmortem",
    gives=WritingOut,
)
def suggest_postmortem(request: ApiRequest, incident_id: PublicId) -> WritingOut:
    """Show what the console's editor starts with: the title, and what happened as a timeline."""
    del request
    writing = postmortems.prefilled(incident=incident_of(incident_id))
    return WritingOut(
        title=writing.title,
        summary=writing.summary,
        impact_description=writing.impact_description,
        root_cause=writing.root_cause,
        entries=[TimelineEntryOut(at=one.at, text=one.text) for one in writing.entries],
        actions=[],
    )


@operations.acts(router, _ONE, method="PUT", gives=PostmortemOut, **_CHANGED)
def write_postmortem(
    request: ApiRequest, incident_id: PublicId, body: PostmortemIn
) -> PostmortemOut:
    """Write the report of an incident that is resolved; a published one changes on the page at once."""
    row = incident_of(incident_id, is_held=True)
    report = Postmortem.objects.filter(incident=row).first()
    _check_seen(request, report)
    writing = Writing(
        title=body.title,
        summary=body.summary,
        impact_description=body.impact_description,
        root_cause=body.root_cause,
        entries=[Entry(at=one.at, text=one.text) for one in body.entries],
        actions=[Action(**one.model_dump()) for one in body.actions],
    )
    saved = postmortems.save_draft(
        incident=row, writing=writing, now=request.now, author=request.auth.user
    )
    return _shown(saved)


@operations.acts(router, f"{_ONE}/publish", gives=PostmortemOut, **_CHANGED)
def publish_postmortem(request: ApiRequest, incident_id: PublicId) -> PostmortemOut:
    """Publish the report; only subscribers who asked for postmortems are told.

    The incident's state becomes postmortem, and no more updates can be posted until it is taken back.
    """
    row = incident_of(incident_id, is_held=True)
    etags.check(request, _shown(_report_of(row)))
    return _shown(postmortems.publish(incident=row, now=request.now, author=request.auth.user))


@operations.acts(router, f"{_ONE}/unpublish", gives=PostmortemOut, **_CHANGED)
def unpublish_postmortem(request: ApiRequest, incident_id: PublicId) -> PostmortemOut:
    """Take the report off every page; it is a draft again, and the incident is resolved."""
    row = incident_of(incident_id, is_held=True)
    etags.check(request, _shown(_report_of(row)))
    return _shown(postmortems.unpublish(incident=row, now=request.now))


@operations.removes(
    router, _ONE, scope="postmortems:write", permission="incidents.delete_postmortem"
)
def delete_postmortem(request: ApiRequest, incident_id: PublicId) -> None:
    """Delete the report for good; a published one is taken off the pages first."""
    row = incident_of(incident_id, is_held=True)
    etags.check(request, _shown(_report_of(row)))
    postmortems.delete(incident=row, now=request.now)


def _report_of(incident: Incident) -> Postmortem:
    return Postmortem.objects.filter(incident=incident).first() or not_found("postmortem")


def _check_seen(request: ApiRequest, report: Postmortem | None) -> None:
    if report is not None:
        etags.check(request, _shown(report))
    elif request.headers.get("If-Match") is not None:
        raise Refused(HTTPStatus.PRECONDITION_FAILED, "There is no postmortem of it any more.")


def _shown(report: Postmortem) -> PostmortemOut:
    return PostmortemOut(
        title=report.title,
        summary=report.summary,
        impact_description=report.impact_description,
        root_cause=report.root_cause,
        entries=[
            TimelineEntryOut(at=one.at, text=one.text)
            for one in report.entries.order_by("at", "id")
        ],
        actions=[
            ActionOut(text=one.text, owner=one.owner, due_on=one.due_on, is_done=one.is_done)
            for one in report.actions.order_by("position", "id")
        ],
        published_at=report.published_at,
        author_name=report.author_name,
        created_at=report.created_at,
        changed_at=report.changed_at,
    )
