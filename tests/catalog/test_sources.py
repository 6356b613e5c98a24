"""Pages are made from a type, old or new; a thousand at once; and no longer when that was ended."""

from datetime import datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog import access, defining, entering, sources
from catalog.generating import Choice
from catalog.models import Attribute, CatalogType, Entry, EntryPage
from catalog.values import Kind
from components import pages
from components.models import Page, PageComponent, PageKind
from tests import build
from tests.catalog import made

pytestmark = pytest.mark.django_db


def region(now: datetime) -> CatalogType:
    row = made.bare_type(now)
    defining.add_attribute(type=row, name="Title", kind=Kind.TEXT)
    defining.add_attribute(type=row, name="Services", kind=Kind.COMPONENTS)
    defining.add_attribute(type=row, name="Who", kind=Kind.DOMAINS)
    defining.add_attribute(type=row, name="Zone", kind=Kind.TEXT)
    return row


def choice(row: CatalogType, kind: PageKind = PageKind.SUB) -> Choice:
    found = {one.key: one for one in row.attributes.all()}
    return Choice(
        kind=kind,
        title=found["title"],
        components=found["services"],
        domains=found["who"] if kind == PageKind.CUSTOMER else None,
        time_zone=found["zone"],
    )


@pytest.mark.req("R4", "R2")
@pytest.mark.parametrize("kind", [PageKind.SUB, PageKind.CUSTOMER])
def test_pages_are_made_from_a_type_that_is_there(kind: PageKind, now: datetime) -> None:
    row = region(now)
    web = build.component(slug="web")
    made.entry(
        row,
        "North",
        title="Acme North",
        services="web",
        who="a.example",
        zone="Europe/Oslo",
        now=now,
    )
    made.entry(row, "South", now=now)

    sources.start(type=row, choice=choice(row, kind), now=now)

    north, south = Page.objects.filter(kind=kind).order_by("name")
    assert (north.name, north.time_zone, pages.shown_ids(north)) == (
        "Acme North",
        "Europe/Oslo",
        frozenset({web.pk}),
    )
    assert (south.name, south.time_zone, pages.shown_ids(south)) == ("South", "UTC", frozenset())
    made.entry(row, "West", now=now)
    assert Page.objects.filter(kind=kind).count() == 3


@pytest.mark.req("R4")
def test_one_type_can_have_both_kinds_of_pages_and_each_only_once(now: datetime) -> None:
    row = region(now)
    made.entry(row, "North", who="a.example", now=now)
    sources.start(type=row, choice=choice(row, PageKind.SUB), now=now)
    sources.start(type=row, choice=choice(row, PageKind.CUSTOMER), now=now)
    assert EntryPage.objects.count() == 2
    with pytest.raises(ValidationError, match="already"):
        sources.start(type=row, choice=choice(row, PageKind.SUB), now=now)


@pytest.mark.req("R4")
def test_other_attributes_change_every_page_at_once(now: datetime) -> None:
    row = region(now)
    entry = made.entry(row, "North", title="Acme North", now=now)
    source = sources.start(type=row, choice=choice(row), now=now)
    assert made.page_of(entry).name == "Acme North"
    assert sources.change(source=source, choice=Choice(kind=PageKind.SUB), now=now) == 1
    assert made.page_of(entry).name == "North"


def test_attributes_that_do_not_fit_are_refused(now: datetime) -> None:
    row, other = region(now), made.bare_type(now, "Other")
    strange = defining.add_attribute(type=other, name="Title", kind=Kind.TEXT)
    found = {one.key: one for one in row.attributes.all()}
    for wrong, field in [
        (Choice(kind=PageKind.SUB, title=strange), "title"),
        (Choice(kind=PageKind.SUB, title=found["services"]), "title"),
        (Choice(kind=PageKind.SUB, components=found["title"]), "components"),
        (Choice(kind=PageKind.CUSTOMER, components=found["services"]), "domains"),
    ]:
        with pytest.raises(ValidationError) as caught:
            sources.start(type=row, choice=wrong, now=now)
        assert list(caught.value.message_dict) == [field]
    assert not Page.objects.exclude(kind=PageKind.PUBLIC).exists()


@pytest.mark.req("R9")
def test_ended_pages_are_retired_and_start_again_as_they_were(now: datetime) -> None:
    row = region(now)
    entry = made.entry(row, "North", who="a.example", now=now)
    source = sources.start(type=row, choice=choice(row, PageKind.CUSTOMER), now=now)
    page = made.page_of(entry)

    assert sources.end(source=source, now=now) == 1
    page.refresh_from_db()
    assert not page.is_live
    assert access.listed(page.pk) == access.NOBODY
    made.entry(row, "South", who="b.example", now=now)
    assert Page.objects.customers().count() == 1

    sources.start(type=row, choice=choice(row, PageKind.CUSTOMER), now=now)
    page.refresh_from_db()
    assert page.is_live
    assert access.listed(page.pk).domains == {"a.example"}
    assert Page.objects.customers().live().count() == 2


@pytest.mark.req("R4")
def test_an_attribute_that_pages_are_made_from_cannot_be_removed(now: datetime) -> None:
    row = region(now)
    entry = made.entry(row, "North", title="Acme North", zone="UTC", now=now)
    source = sources.start(type=row, choice=choice(row), now=now)
    title = row.attributes.get(key="title")
    with pytest.raises(ValidationError, match="Pages are made from “Title”"):
        defining.remove_attribute(attribute=title, now=now)

    sources.end(source=source, now=now)
    defining.remove_attribute(attribute=title, now=now)
    entry.refresh_from_db()
    assert entry.values == {"zone": "UTC"}
    source.refresh_from_db()
    assert source.title is None


def test_a_renamed_attribute_keeps_what_entries_have(now: datetime) -> None:
    row = region(now)
    entry = made.entry(row, "North", title="Acme North", now=now)
    title = row.attributes.get(key="title")
    defining.change_attribute(attribute=title, name="Shown as")
    entry.refresh_from_db()
    assert entry.values == {"title": "Acme North"}
    assert title.key == "title"


def test_attributes_move_up_and_down(now: datetime) -> None:
    row = region(now)
    who = row.attributes.get(key="who")
    defining.move_attribute(attribute=who, by=-1)
    assert [one.key for one in row.attributes.all()] == ["title", "who", "services", "zone"]
    defining.move_attribute(attribute=row.attributes.get(key="title"), by=-1)
    defining.move_attribute(attribute=row.attributes.get(key="title"), by=1)
    assert [one.key for one in row.attributes.all()] == ["who", "title", "services", "zone"]


def test_what_an_attribute_may_not_be_called_or_lack(now: datetime) -> None:
    row = region(now)
    for fields, field in [
        ({"name": "Name", "kind": Kind.TEXT}, "name"),
        ({"name": "X", "key": "title", "kind": Kind.TEXT}, "__all__"),
        ({"name": "X", "kind": Kind.REFERENCE}, "target"),
        ({"name": "", "kind": Kind.TEXT}, "name"),
    ]:
        with pytest.raises(ValidationError) as caught:
            defining.add_attribute(type=row, **fields)  # type: ignore[arg-type]
        assert field in caught.value.message_dict
    assert row.attributes.count() == 4
    assert defining.add_attribute(type=row, name="日本", kind=Kind.TEXT).key == "attribute"


@pytest.mark.req("R9")
def test_a_removed_type_takes_entries_and_pages_along_and_brings_them_back(now: datetime) -> None:
    source = made.customers(now)
    entry = made.entry(source, "Acme", domains="acme.com", now=now)
    gone = made.entry(source, "Gone", now=now)
    entering.remove(entry=gone, now=now)
    page = made.page_of(entry)
    later = now + timedelta(days=1)

    defining.remove_type(type=source.type, now=later)
    page.refresh_from_db()
    assert not page.is_live
    assert access.listed(page.pk) == access.NOBODY
    entry.refresh_from_db()
    with pytest.raises(ValidationError, match="Bring back the type"):
        entering.restore(entry=entry, now=later)

    defining.restore_type(type=source.type, now=later)
    page.refresh_from_db()
    assert page.is_live
    assert list(Entry.objects.present()) == [entry]

    defining.remove_type(type=source.type, now=later)
    entering.forget(now=later + timedelta(days=30))
    assert not CatalogType.objects.exists()
    assert not Attribute.objects.exists()
    assert not Page.objects.customers().exists()


def test_a_type_that_another_refers_to_stays(now: datetime) -> None:
    row, other = region(now), made.bare_type(now, "Other")
    attribute = defining.add_attribute(type=other, name="Region", kind=Kind.REFERENCE, target=row)
    with pytest.raises(ValidationError, match="“Region” of Other"):
        defining.remove_type(type=row, now=now)
    defining.remove_attribute(attribute=attribute, now=now)
    defining.remove_type(type=row, now=now)


@pytest.mark.req("R4")
def test_ten_times_the_entries_take_no_more_statements(now: datetime) -> None:
    """Rows are written 500 a statement, and SQLite takes fewer of many columns; nothing else grows."""
    components = [build.component() for _ in range(5)]
    spent = []
    for count in (20, 200):
        row = region(now)
        Entry.objects.bulk_create(
            Entry(
                type=row,
                name=f"Customer {number}",
                key=f"customer-{number}",
                values={"services": [one.pk for one in components], "who": [f"c{number}.example"]},
                created_at=now,
            )
            for number in range(count)
        )
        with CaptureQueriesContext(connection) as asked:
            sources.start(type=row, choice=choice(row, PageKind.CUSTOMER), now=now)
        spent.append(len(asked))
    assert Page.objects.customers().count() == 220
    assert PageComponent.objects.count() == 1_100
    assert len(set(Page.objects.values_list("address", flat=True))) >= 220
    assert spent[1] - spent[0] < 20
