"""Prepared texts of operators: add, change, remove, and use one (L1-L3).

Using a template returns a filled copy for a form; no event knows the template it came from.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from components import catalogue, pages
from components.models import Component
from incidents import placeholders, texts
from incidents.lifecycle import Impact
from incidents.models import EventTemplate
from incidents.models.templates import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a person writes into a template."""

    kind: Kind
    name: str
    title: str
    text: str
    impact: Impact = Impact.MINOR
    component_ids: Collection[int] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefill:
    """A template filled for a form."""

    title: str
    text: str
    impact: Impact
    component_ids: tuple[int, ...]


def add(*, written: Written, now: datetime) -> EventTemplate:
    """Add a template. Raises ValidationError by field, which names an unknown placeholder."""
    row = EventTemplate(created_at=now)
    _save(row, written)
    return row


def change(*, template: EventTemplate, written: Written) -> EventTemplate:
    """Change a template; events that came from it stay as they are. Raises as `add`."""
    _save(template, written)
    return template


def remove(*, template: EventTemplate) -> bool:
    """Remove a template; whether it was still there."""
    removed, _rows = EventTemplate.objects.filter(pk=template.pk).delete()
    return bool(removed)


def use(*, template: EventTemplate, component_ids: Collection[int], now: datetime) -> Prefill:
    """Return a filled copy for a form, about these components, or without any about its own.

    Times are in the zone of the page. A placeholder without a value stays as it is written. What is
    shown only where it was chosen is named only if every page that will read the text shows it.
    """
    own = template.components.values_list("id", flat=True)
    rows = Component.objects.filter(id__in=component_ids or list(own)).in_page_order()
    found = {row.id: row for row in rows}
    impact = Impact(template.impact)
    values = values_of(names=_names(list(found.values())), impact=impact, now=now)
    return Prefill(
        title=placeholders.fill(template.title, values),
        text=placeholders.fill(template.text, values),
        impact=impact,
        component_ids=tuple(found),
    )


def values_of(*, names: list[str], impact: Impact, now: datetime) -> dict[str, str]:
    """Return what each placeholder stands for, for components of these names at this moment."""
    page = catalogue.page()
    local = now.astimezone(ZoneInfo(page.time_zone))
    return {
        "component": names[0] if names else "",
        "components": in_words(names),
        "time": f"{local:%H:%M %Z}",
        "date": date_format(local, "j F Y"),
        "page": page.name,
        "impact": _(impact.label).lower(),
    }


def in_words(names: list[str]) -> str:
    """Return names as part of a sentence: "A", "A and B", "A, B and C"."""
    if len(names) < 2:
        return "".join(names)
    return _("%(some)s and %(last)s") % {"some": ", ".join(names[:-1]), "last": names[-1]}


def _names(components: Sequence[Component]) -> list[str]:
    """The names that all the pages of an event about these components may read."""
    dedicated = {row.pk for row in components if row.only_where_chosen}
    if len(components) < 2 or not dedicated:
        return [row.name for row in components]
    showing = pages.showing_by({row.pk: [row.pk] for row in components})
    every = set(chain.from_iterable(showing.values()))
    return [
        row.name for row in components if row.pk not in dedicated or every <= {*showing[row.pk]}
    ]


def _save(row: EventTemplate, written: Written) -> None:
    row.kind, row.impact = written.kind, written.impact
    row.name = texts.line(written.name, field="name", limit=100)
    row.title = texts.title(written.title)
    row.text = texts.body(written.text, is_required=True)
    for field in ("title", "text"):
        if names := placeholders.unknown(getattr(row, field)):
            raise ValidationError({field: _unknown(names)})
    row.full_clean()
    if len(row.text) > 5000:  # Django checks the length of a text in forms only
        raise ValidationError({"text": _("Shorten the message to 5,000 characters.")})
    with transaction.atomic():
        row.save()
        row.components.set(Component.objects.filter(id__in=written.component_ids))


def _unknown(names: list[str]) -> str:
    return _("There is no placeholder %(wrong)s. These can be used: %(known)s.") % {
        "wrong": placeholders.in_braces(names),
        "known": placeholders.in_braces(placeholders.MEANINGS),
    }
