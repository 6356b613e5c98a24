"""Entries from a list: looked at, then all taken or none; and written as a list that can be taken."""

import csv
import io
from datetime import datetime

import pytest

from accounts.models import AuditEntry
from catalog import access, csv_exporting, csv_importing, csv_rules, defining, entering
from catalog.csv_importing import Changed, Report, Verdict
from catalog.csv_rules import Column
from catalog.models import CatalogType, Entry
from catalog.values import Kind
from common.csv_text import NotReadable
from components import pages
from components.models import Page
from tests import build
from tests.catalog import made

pytestmark = pytest.mark.django_db


def sheet(type_: CatalogType, text: str) -> csv_rules.Sheet:
    return csv_rules.sheet(text, csv_importing.columns_of(type_.attributes.all()))


def look(type_: CatalogType, text: str, now: datetime) -> Report:
    return csv_importing.look(type=type_, sheet=sheet(type_, text), now=now)


def take(type_: CatalogType, text: str, now: datetime) -> Report:
    report = look(type_, text, now)
    return csv_importing.take(type=type_, sheet=sheet(type_, text), stamp=report.stamp, now=now)


@pytest.mark.req("R4")
def test_a_list_becomes_entries_with_their_pages(now: datetime) -> None:
    source = made.customers(now)
    web, api = build.component(name="Web shop", slug="web"), build.component(slug="api")
    text = (
        "Name;Key;Components;Domains\n"
        '"Acme; Inc.";acme;"Web shop; api";"acme.com; *.acme.com"\n'
        "Beta;;api;beta.example\n"
    )

    report = take(source.type, text, now)

    assert [one.verdict for one in report.lines] == [Verdict.ADDED, Verdict.ADDED]
    acme = Entry.objects.get(key="acme")
    page = made.page_of(acme)
    assert page.name == "Acme; Inc."
    assert pages.shown_ids(page) == {web.pk, api.pk}
    assert access.listed(page.pk).domains == {"acme.com", "*.acme.com"}
    assert made.page_of(Entry.objects.get(key="beta")).is_live


@pytest.mark.req("R4")
def test_a_second_list_changes_what_differs_and_leaves_the_rest(now: datetime) -> None:
    source = made.customers(now)
    build.component(slug="web")
    for name in ("Acme", "Beta", "Gamma"):
        made.entry(source, name, components="web", domains=f"{name.lower()}.example", now=now)
    text = "Key,Name,Domains\nacme,Acme AG,acme.example\nbeta,,\n"

    report = take(source.type, text, now)

    assert [one.verdict for one in report.lines] == [Verdict.CHANGED, Verdict.CHANGED]
    changes = [
        [(one.column, one.before, one.after) for one in line.differences] for line in report.lines
    ]
    assert changes == [[("Name", "Acme", "Acme AG")], [("Domains", "beta.example", "")]]
    pages_now = {page.slug: page for page in Page.objects.customers()}
    assert pages_now["acme"].name == "Acme AG"
    assert access.listed(pages_now["beta"].pk).domains == frozenset()
    assert access.listed(pages_now["gamma"].pk).domains == {"gamma.example"}
    assert len(pages.shown_ids(pages_now["beta"])) == 1  # without a column it stays


@pytest.mark.req("R4", "R10")
def test_faults_are_named_by_line_and_column_and_keep_the_whole_list_out(now: datetime) -> None:
    source = made.customers(now)
    made.entry(source, "Acme", domains="acme.com", now=now)
    made.entry(source, "Twin", now=now)
    made.entry(source, "Twin", now=now)
    text = (
        "Name,Key,Components,Domains\n"
        "Good,,,good.example\n"
        "Wrong,,nowhere,gmail.com\n"
        ",,,\n"
        ",,,x.example\n"
        "Acme,,,\n"
        "Acme,,,\n"
        "Twin,,,\n"
        "Odd,A key!,,\n"
        f"{'x' * 101},,,\n"
    )
    report = look(source.type, text, now)
    told = {
        (one.line.number, fault.column): fault.sentence
        for one in report.of(Verdict.WRONG)
        for fault in one.faults
    }
    assert set(told) == {
        (3, "Components"),
        (3, "Domains"),
        (5, "Name"),
        (7, "Name"),
        (8, "Name"),
        (9, "Key"),
        (10, "Name"),
    }
    assert "gmail.com: Anybody can get" in told[3, "Domains"]
    assert "line 6" in told[7, "Name"]
    assert not report.can_be_taken
    with pytest.raises(Changed):
        take(source.type, text, now)
    assert Entry.objects.count() == 3


def test_what_was_not_shown_is_not_written(now: datetime) -> None:
    source = made.customers(now)
    text = "Name,Domains\nAcme,acme.com\n"
    report = look(source.type, text, now)
    made.entry(source, "Acme", now=now)
    with pytest.raises(Changed):
        csv_importing.take(
            type=source.type, sheet=sheet(source.type, text), stamp=report.stamp, now=now
        )
    assert Entry.objects.get().values == {}


@pytest.mark.req("R4")
def test_an_export_can_be_imported_as_it_is(now: datetime) -> None:
    source = made.customers(now)
    region = made.bare_type(now)
    made.entry(region, "North", now=now)
    add = defining.add_attribute
    add(type=source.type, name="Region", kind=Kind.REFERENCE, target=region)
    add(type=source.type, name="Notes", kind=Kind.TEXTS)
    add(type=source.type, name="Target", kind=Kind.NUMBER)
    add(type=source.type, name="Gold", kind=Kind.YES_NO)
    add(type=source.type, name="Name", key="name_2", kind=Kind.TEXT)
    build.component(slug="web")
    entry = made.entry(
        source,
        "=HYPERLINK(1)",
        components="web",
        domains=["acme.com", "ann@acme.example"],
        region="north",
        notes=["@one", "two, three"],
        target="99.95",
        gold="no",
        name_2="+x",
        now=now,
    )

    text = "".join(csv_exporting.exported(type=source.type, now=now))

    (titles, cells) = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    assert titles == [
        "Name",
        "Key",
        "Components",
        "Domains",
        "Region",
        "Notes",
        "Target",
        "Gold",
        "name_2",
    ]
    assert cells[0] == "'=HYPERLINK(1)"  # F12
    assert cells[-1] == "'+x"
    assert cells[5] == "'@one; two, three"
    report = look(source.type, text, now)
    assert [one.verdict for one in report.lines] == [Verdict.SAME]
    assert not report.can_be_taken
    entering.remove(entry=entry, now=now)
    assert not [one.faults for one in look(source.type, text, now).of(Verdict.WRONG)]
    take(source.type, text, now)
    again = Entry.objects.present().get(type=source.type)
    entry.refresh_from_db()
    assert (again.name, again.key, again.values) == (entry.name, entry.key, entry.values)
    assert AuditEntry.objects.filter(changes__has_key="exported_entries").exists()


def test_a_list_says_what_it_does_not_understand() -> None:
    columns = [Column("domains", "Domains")]
    found = csv_rules.sheet("key,DOMAINS,Other\na,b,c\n", columns)
    assert found.keys == ("domains",)
    assert found.ignored == ("Other",)
    for text, sentence in [
        ("", "empty"),
        ("Domains\nacme.com\n", "name the columns"),
        ("Name,Domains\n", "no entry"),
        ("Name,name\na,b\n", "twice"),
        ('Name\n"a\n', "not closed"),
    ]:
        with pytest.raises(NotReadable) as caught:
            csv_rules.sheet(text, columns)
        assert sentence in str(caught.value)


@pytest.mark.req("R4")
def test_a_thousand_lines_make_a_thousand_pages_with_few_statements(
    now: datetime, django_assert_max_num_queries: object
) -> None:
    source = made.customers(now)
    for number in range(5):
        build.component(slug=f"c{number}")
    lines = (f"Customer {n},c{n % 5}; c{(n + 1) % 5},c{n}.example" for n in range(1_000))
    text = "\n".join(["Name,Components,Domains", *lines])
    with django_assert_max_num_queries(80):  # type: ignore[operator]  # pytest-django's fixture
        take(source.type, text, now)
    assert Page.objects.customers().live().count() == 1_000
    assert access.listed(Page.objects.get(name="Customer 7").pk).domains == {"c7.example"}
