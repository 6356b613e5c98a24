"""Write templates and announcements of a plan."""

from functools import partial

from importing import plans
from importing.run import NotTaken, Run
from incidents import announcements, templating, texts
from incidents.lifecycle import Impact
from incidents.models import Announcement, EventTemplate
from incidents.models.templates import Kind
from incidents.templating import Written

_NAME_MAX = 100
_TEXT_MAX = 5000


def write_templates(run: Run) -> None:
    """Write the templates; one of a name that is here already stays as it is."""
    for template in run.plan.templates:
        run.take(
            kind="template",
            key=template.key,
            name=template.name,
            thing=template,
            write=partial(_write_template, run, template),
        )


def write_announcements(run: Run) -> None:
    """Write the announcements that are shown now or later."""
    for one in run.plan.announcements:
        run.take(
            kind="announcement",
            key=one.key,
            name=one.title,
            thing=one,
            write=partial(_write_announcement, run, one),
        )


def _write_template(run: Run, said: plans.Template) -> EventTemplate:
    name = run.short(said.name, _NAME_MAX, what=f"Name of the template {said.name}")
    if EventTemplate.objects.filter(kind=said.kind, name=name).exists():
        raise NotTaken("a template of this name is here already")
    return templating.add(
        written=Written(
            kind=Kind(said.kind),
            name=name,
            title=run.short(said.title, texts.TITLE_LIMIT, what=f"Title of {said.name}"),
            text=run.fitting(said.text, _TEXT_MAX, what=f"Message of {said.name}"),
            impact=Impact(said.impact),
            component_ids=[row.pk for row in run.components(said.components).values()],
        ),
        now=run.now,
    )


def _write_announcement(run: Run, said: plans.Announcement) -> Announcement:
    if said.ends_at is not None and said.ends_at <= run.now:
        raise NotTaken("it is over: nobody would see it")
    return announcements.publish(
        title=run.short(said.title, texts.TITLE_LIMIT, what=f"Title of {said.title}"),
        text=run.fitting(said.text, _TEXT_MAX, what=f"Text of {said.title}"),
        starts_at=said.starts_at,
        ends_at=said.ends_at,
        now=run.now,
    )
