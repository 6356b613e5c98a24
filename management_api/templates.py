"""Templates of incidents and maintenance: prepared texts, and what one says filled in."""

from datetime import datetime
from typing import Annotated, Any

from django.db.models import Prefetch, QuerySet
from ninja import Query, Router, Schema
from pydantic import Field, WithJsonSchema

from components.models import Component
from incidents import templating, texts
from incidents.lifecycle import Impact
from incidents.models import EventTemplate
from incidents.models.templates import Kind
from incidents.templating import Written
from management_api import etags, operations, paging, touched
from management_api.guard import ApiRequest
from management_api.paging import Paging
from management_api.problems import not_found
from management_api.schemas import In, Listed, Out, RowId, left_out
from management_api.touched import ComponentRef

router = Router(tags=["templates"])
_SEEN: Any = {"scope": "templates:read", "permission": "incidents.view_eventtemplate"}
_WRITTEN = "templates:write"
_ONE = "/templates/{template_id}"
# The other enum called Kind is that of maintenance updates.
TemplateKind = Annotated[
    Kind, WithJsonSchema({"type": "string", "enum": [one.value for one in Kind]})
]
_PLACEHOLDERS = "Markdown; {component} and other placeholders are filled in at use."
_LONGEST = 5000


class TemplateOut(Out):
    """A template. Events that were written with it know nothing of it."""

    id: int
    kind: TemplateKind
    name: str
    title: str
    text: str
    impact: Impact
    component_ids: list[str]
    created_at: datetime


class TemplateIn(In):
    """A new template; visitors never see its name."""

    kind: TemplateKind = Kind.INCIDENT
    name: str = Field(min_length=1, max_length=100)
    title: str = Field(min_length=1, max_length=texts.TITLE_LIMIT)
    text: str = Field(min_length=1, max_length=_LONGEST, description=_PLACEHOLDERS)
    impact: Impact = Impact.MINOR
    component_ids: list[ComponentRef] = Field([], max_length=1000)


class TemplateChange(In):
    """What is to be different; what is left out stays."""

    kind: TemplateKind = left_out()
    name: str = left_out(max_length=100)
    title: str = left_out(max_length=texts.TITLE_LIMIT)
    text: str = left_out(max_length=_LONGEST, description=_PLACEHOLDERS)
    impact: Impact = left_out()
    component_ids: list[ComponentRef] = left_out(list, max_length=1000)


class TemplatesWanted(Schema):
    """What the list is narrowed to."""

    kind: TemplateKind | None = None


class AboutWanted(Schema):
    """What a template is filled in for."""

    component_id: list[ComponentRef] = Field(
        [], max_length=100, description="May stand there several times. None: the template's own."
    )


class FilledOut(Out):
    """What a template says now; a placeholder without a value stays as it is written."""

    title: str
    text: str
    impact: Impact
    component_ids: list[str]


@operations.reads(router, "/templates", gives=Listed[TemplateOut], **_SEEN)
def list_templates(
    request: ApiRequest, paging_: Query[Paging], wanted: Query[TemplatesWanted]
) -> Listed[TemplateOut]:
    """List templates, in the order of their making."""
    del request
    rows = _rows().filter(kind=wanted.kind) if wanted.kind else _rows()
    return paging.page(rows, paging_, by=["id"], show=_shown)


@operations.creates(
    router,
    "/templates",
    scope=_WRITTEN,
    permission="incidents.add_eventtemplate",
    gives=TemplateOut,
    at=lambda out: f"/templates/{out.id}",
)
def create_template(request: ApiRequest, body: TemplateIn) -> TemplateOut:
    """Add a template; an unknown placeholder is an error that lists those there are."""
    return _shown_again(templating.add(written=_written(body.model_dump()), now=request.now))


@operations.reads(router, _ONE, gives=TemplateOut, **_SEEN)
def get_template(request: ApiRequest, template_id: RowId) -> TemplateOut:
    """Show a template."""
    del request
    return _shown(_template_of(template_id))


@operations.reads(router, f"{_ONE}/filled", gives=FilledOut, **_SEEN)
def fill_template(request: ApiRequest, template_id: RowId, about: Query[AboutWanted]) -> FilledOut:
    """Show what a template would say now of these components; saves nothing."""
    ids = touched.ids_of(about.component_id, field="component_id")
    filled = templating.use(
        template=_template_of(template_id), component_ids=list(ids.values()), now=request.now
    )
    return FilledOut(
        title=filled.title,
        text=filled.text,
        impact=filled.impact,
        component_ids=touched.public_ids(filled.component_ids),
    )


@operations.changes(
    router,
    _ONE,
    scope=_WRITTEN,
    permission="incidents.change_eventtemplate",
    gives=TemplateOut,
)
def change_template(request: ApiRequest, template_id: RowId, body: TemplateChange) -> TemplateOut:
    """Change a template; events that came from it stay as they are."""
    row = _template_of(template_id, is_held=True)
    current = _shown(row)
    etags.check(request, current)
    written = _written(current.model_dump() | body.given())
    return _shown_again(templating.change(template=row, written=written))


@operations.removes(router, _ONE, scope=_WRITTEN, permission="incidents.delete_eventtemplate")
def delete_template(request: ApiRequest, template_id: RowId) -> None:
    """Remove a template; events that were written with it stay as they are."""
    row = _template_of(template_id, is_held=True)
    etags.check(request, _shown(row))
    templating.remove(template=row)


def _rows() -> "QuerySet[EventTemplate]":
    components = Component.objects.in_page_order()
    return EventTemplate.objects.prefetch_related(Prefetch("components", queryset=components))


def _template_of(number: int, *, is_held: bool = False) -> EventTemplate:
    rows = _rows()
    if is_held:
        rows = rows.select_for_update(of=("self",))
    return rows.filter(pk=number).first() or not_found("template")


def _written(fields: dict[str, Any]) -> Written:
    ids = touched.ids_of(fields["component_ids"], field="component_ids")
    return Written(
        kind=fields["kind"],
        name=fields["name"],
        title=fields["title"],
        text=fields["text"],
        impact=fields["impact"],
        component_ids=list(ids.values()),
    )


def _shown_again(row: EventTemplate) -> TemplateOut:
    return _shown(_template_of(row.pk))


def _shown(row: EventTemplate) -> TemplateOut:
    return TemplateOut(
        id=row.pk,
        kind=Kind(row.kind),
        name=row.name,
        title=row.title,
        text=row.text,
        impact=Impact(row.impact),
        component_ids=[one.public_id for one in row.components.all()],
        created_at=row.created_at,
    )
