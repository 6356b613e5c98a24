"""Prepared texts: their placeholders, and that nothing else in them means anything."""

import importlib
from datetime import datetime, timedelta

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError

from components import catalogue
from components.models import Component, PageKind
from incidents import placeholders, templating
from incidents.lifecycle import Impact
from incidents.models import EventTemplate
from incidents.models.templates import Kind
from incidents.templating import Written
from tests import build

F5_CORPUS = [
    "{{7*7}}",
    "{% include '/etc/passwd' %}",
    "${7*7}",
    "#{7*7}",
    "{incident.__class__}",
    "%(x)s",
    "{0}",
    "{component!r:>10}",
    "${page}",
    "{{component}}",
    "%{time}",
]


def written(**fields: object) -> Written:
    values: dict[str, object] = {
        "kind": Kind.INCIDENT,
        "name": "Slow",
        "title": "{component} is slow",
        "text": "Since {time}.",
    }
    return Written(**values | fields)  # type: ignore[arg-type]


@pytest.mark.req("F5")
@pytest.mark.parametrize("text", F5_CORPUS)
def test_what_looks_like_another_language_stays_as_it_is(text: str) -> None:
    values = dict.fromkeys([*placeholders.MEANINGS, "x", "incident"], "FILLED")
    assert placeholders.fill(text, values) == text
    assert placeholders.unknown(text) == []


@pytest.mark.req("F5")
def test_what_was_filled_in_is_not_read_again() -> None:
    values = {"component": "{page}", "page": "{component}"}
    assert placeholders.fill("{component} {page}", values) == "{page} {component}"


@pytest.mark.django_db
@pytest.mark.req("F5", "L2")
@pytest.mark.parametrize("text", F5_CORPUS)
def test_the_corpus_goes_through_a_template_literally(text: str, now: datetime) -> None:
    template = templating.add(written=written(title=text, text=f"{text} {{page}}"), now=now)
    page = catalogue.page()
    catalogue.change_page(page=page, name=text)

    prefill = templating.use(template=template, component_ids=[], now=now)

    assert (prefill.title, prefill.text) == (text, f"{text} {text}")


@pytest.mark.django_db
@pytest.mark.req("L1", "L2")
def test_every_placeholder_is_filled_in_the_zone_of_the_page(now: datetime) -> None:
    catalogue.change_page(page=catalogue.page(), name="Acme", time_zone="Europe/Paris")
    one, two, three = (build.component(name=name, position=0) for name in "ABC")
    template = templating.add(
        written=written(
            title="{component}",
            text="{components}|{time}|{date}|{page}|{impact}",
            impact=Impact.MAJOR,
        ),
        now=now,
    )

    prefill = templating.use(template=template, component_ids=[three.id, two.id, one.id], now=now)

    assert prefill.title == "A"
    assert prefill.text == "A, B and C|15:32 CET|19 November 2026|Acme|major"
    assert set(prefill.component_ids) == {one.id, two.id, three.id}
    assert set(placeholders.MEANINGS) == set(
        templating.values_of(names=["A"], impact=Impact.MINOR, now=now)
    )


@pytest.mark.django_db
@pytest.mark.req("L2")
def test_without_chosen_components_a_template_brings_its_own(now: datetime) -> None:
    component = build.component(name="Search")
    template = templating.add(written=written(component_ids=[component.id]), now=now)

    assert templating.use(template=template, component_ids=[], now=now).title == "Search is slow"


@pytest.mark.django_db
def test_a_placeholder_without_a_value_stays_to_be_seen(now: datetime) -> None:
    template = templating.add(written=written(), now=now)
    title = templating.use(template=template, component_ids=[], now=now).title
    assert title == "{component} is slow"
    assert placeholders.unfilled(title) == ["component"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wrong", "field", "says"),
    [
        ({"title": "{customer} is {slow}"}, "title", "{customer}, {slow}"),
        ({"text": "Dear {customer}"}, "text", "{customer}"),
        ({"name": " "}, "name", "Write"),
        ({"title": ""}, "title", "Write"),
        ({"text": ""}, "text", "Write"),
        ({"text": "x" * 5001}, "text", "5,000"),
        ({"name": "Taken"}, "__all__", "already exists"),
    ],
)
def test_a_template_that_cannot_work_is_refused_and_named(
    wrong: dict[str, object], field: str, says: str, now: datetime
) -> None:
    templating.add(written=written(name="Taken"), now=now)
    before = EventTemplate.objects.count()

    with pytest.raises(ValidationError, match=says) as refused:
        templating.add(written=written(**wrong), now=now)

    assert list(refused.value.message_dict) == [field]
    assert EventTemplate.objects.count() == before


@pytest.mark.django_db
@pytest.mark.req("L3")
def test_later_edits_change_no_event(now: datetime) -> None:
    component = build.component(name="Search")
    template = templating.add(written=written(), now=now)
    prefill = templating.use(template=template, component_ids=[component.id], now=now)
    incident = build.incident(title=prefill.title, text=prefill.text, now=now)

    templating.change(template=template, written=written(title="Other", text="Other"))
    templating.remove(template=template)

    incident.refresh_from_db()
    assert incident.title == "Search is slow"
    assert incident.updates.get().text == "Since 14:32 UTC."
    assert not templating.remove(template=template)


@pytest.mark.django_db
def test_a_fresh_installation_has_four_templates_that_could_be_saved_as_they_are(
    now: datetime,
) -> None:
    # Called again, as after a test that emptied the tables: it adds what is missing, and only that.
    importlib.import_module("incidents.migrations.0004_starter_templates").add(apps, None)
    rows = list(EventTemplate.objects.order_by("kind", "name"))
    assert [(row.kind, row.name) for row in rows] == [
        ("incident", "API errors"),
        ("incident", "Delayed jobs"),
        ("incident", "Slow performance"),
        ("maintenance", "Maintenance"),
    ]
    component = build.component(name="Search")
    for row in rows:
        templating.change(
            template=row,
            written=written(name=row.name, title=row.title, text=row.text, kind=Kind(row.kind)),
        )
        prefill = templating.use(
            template=row, component_ids=[component.id], now=now + timedelta(days=1)
        )
        assert not placeholders.unfilled(prefill.title + prefill.text)


@pytest.mark.django_db
@pytest.mark.req("R3")
def test_a_name_that_not_every_page_of_the_event_shows_is_not_filled_in(now: datetime) -> None:
    general = build.component(name="Checkout")
    first, second = (build.component(name=name, only_where_chosen=True) for name in ("A1", "B1"))
    for row in (first, second):
        name = row.name.lower()
        build.page(kind=PageKind.CUSTOMER, name=name, slug=name, components=[row], now=now)
    template = templating.add(written=written(title="x", text="{components}"), now=now)

    def filled(*rows: Component) -> str:
        ids = [row.pk for row in rows]
        return templating.use(template=template, component_ids=ids, now=now).text

    assert filled(first) == "A1"
    assert filled(general, first) == "Checkout"
    assert filled(first, second) == "{components}"
