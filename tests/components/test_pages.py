"""Pages and what each shows: adding, setting up, changing, retiring and bringing back."""

from datetime import datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from pytest_django import Settings

from accounts.models import AuditEntry
from components import catalogue, pages
from components.models import Page, PageHost, PageKind
from tests import build

pytestmark = pytest.mark.django_db


def sub_page(now: datetime, slug: str = "eu", **fields: object) -> Page:
    values = {"kind": PageKind.SUB, "name": slug.upper(), "slug": slug, "now": now} | fields
    return pages.add(**values)  # type: ignore[arg-type]  # by name


@pytest.mark.req("A1", "A2")
def test_setting_up_names_the_main_page_and_happens_once(now: datetime) -> None:
    assert catalogue.page().set_up_at is None
    before = catalogue.page().revision
    row = pages.set_up(name="Acme", slug="acme", time_zone="UTC", language="en", now=now)
    assert (row.name, row.slug, row.set_up_at) == ("Acme", "acme", now)
    later = now + timedelta(days=1)
    pages.set_up(name="Acme 2", slug="acme", time_zone="UTC", language="en", now=later)
    stored = Page.objects.get()
    assert (stored.name, stored.set_up_at) == ("Acme 2", now)
    assert stored.revision > before


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"name": ""}, "name"),
        ({"slug": "No Spaces"}, "slug"),
        ({"time_zone": "Mars"}, "time_zone"),
        ({"language": "tlh"}, "language"),
    ],
)
def test_what_is_wrong_in_setting_up_is_said_by_field_and_nothing_is_kept(
    now: datetime, fields: dict[str, str], wrong: str
) -> None:
    good = {"name": "Acme", "slug": "acme", "time_zone": "UTC", "language": "en"}
    with pytest.raises(ValidationError) as refused:
        pages.set_up(**(good | fields), now=now)
    assert set(refused.value.message_dict) == {wrong}
    assert catalogue.page().set_up_at is None


def test_a_slug_belongs_to_one_page_also_while_that_is_retired(now: datetime) -> None:
    row = sub_page(now)
    with pytest.raises(ValidationError, match="“EU” has this slug"):
        sub_page(now, name="Europe")
    pages.retire(page=row, now=now)
    with pytest.raises(ValidationError, match="Bring it back"):
        sub_page(now, name="Europe")
    assert Page.objects.filter(kind=PageKind.SUB).count() == 1


def test_a_slug_that_would_be_another_address_is_refused(now: datetime, settings: Settings) -> None:
    settings.CANDOR_ORIGIN = "https://status.acme.example"
    settings.CANDOR_SERVICE_DOMAIN = "acme.example"
    pages.set_up(name="Acme", slug="acme", time_zone="UTC", language="en", now=now)
    PageHost.objects.create(name="eu.acme.example", challenge="x", created_at=now)
    for slug, said in [
        ("status", "where the main page is"),
        ("eu", "is a custom domain"),
        ("xn--p1ai", "cannot both be hyphens"),
    ]:
        with pytest.raises(ValidationError, match=said):
            sub_page(now, slug)
    assert sub_page(now, "us").pk


@pytest.mark.req("R3")
def test_a_page_shows_what_was_chosen_and_whole_groups_with_what_comes_later(now: datetime) -> None:
    group = build.group()
    alone, inside, other = build.component(), build.component(group=group), build.component()
    row = sub_page(now)
    before = catalogue.page().revision
    pages.change(page=row, now=now, component_ids=[alone.pk], group_ids=[group.pk])
    assert pages.shown_ids(row) == {alone.pk, inside.pk}
    later = build.component(group=group)
    assert pages.shown_ids(row) == {alone.pk, inside.pk, later.pk}
    pages.change(page=row, now=now, name="Europe")
    assert pages.shown_ids(row) == {alone.pk, inside.pk, later.pk}  # None keeps what it shows
    found = pages.showing_by({"all": [other.pk, inside.pk], "none": [], "one": [other.pk]})
    main = catalogue.page()
    assert {key: set(rows) for key, rows in found.items()} == {
        "all": {main, row},
        "none": {main},
        "one": {main},
    }
    assert catalogue.page().revision > before


def test_a_change_that_is_refused_leaves_the_choice_as_it_was(now: datetime) -> None:
    one, two = build.component(), build.component()
    row = sub_page(now, component_ids=[one.pk])
    with pytest.raises(ValidationError):
        pages.change(page=row, now=now, name="", component_ids=[two.pk], group_ids=[])
    assert pages.shown_ids(row) == {one.pk}


@pytest.mark.req("A12")
def test_the_audit_log_says_what_a_page_showed_before_and_after(now: datetime) -> None:
    one, two = build.component(name="Checkout"), build.component(name="Search")
    row = sub_page(now, component_ids=[one.pk])
    pages.change(page=row, now=now, component_ids=[two.pk], group_ids=[])
    pages.retire(page=row, now=now)
    pages.restore(page=row)
    kept = [entry.changes for entry in AuditEntry.objects.filter(object_pk=str(row.pk))]
    assert {"components": ["Checkout", "Search"]} in kept
    assert sum("retired_at" in (changes or {}) for changes in kept) >= 2


def test_a_retired_page_comes_back_as_it_was_or_goes_after_thirty_days(now: datetime) -> None:
    component = build.component()
    row = sub_page(now, component_ids=[component.pk])
    pages.retire(page=row, now=now)
    pages.retire(page=row, now=now + timedelta(days=20))  # a second time does not win time
    assert pages.remove_overdue(now=now + timedelta(days=29)) == 0
    pages.restore(page=row)
    assert row.is_live
    assert pages.shown_ids(row) == {component.pk}
    assert pages.remove_overdue(now=now + timedelta(days=99)) == 0
    pages.retire(page=row, now=now)
    assert pages.remove_overdue(now=now + timedelta(days=30)) == 1
    assert list(Page.objects.values_list("pk", flat=True)) == [1]


def test_the_main_page_is_never_retired(now: datetime) -> None:
    with pytest.raises(ValueError, match="main page"):
        pages.retire(page=catalogue.page(), now=now)


def test_a_component_that_is_only_where_chosen_is_on_no_page_that_shows_everything() -> None:
    own = build.component(only_where_chosen=True)
    shared = build.component()
    group = build.group()
    in_group = build.component(group=group, only_where_chosen=True)
    customer = build.page(components=[own], groups=[group])

    assert pages.shown_ids(catalogue.page()) == {shared.id}
    assert pages.shown_ids(customer) == {own.id, in_group.id}
    assert set(pages.choosing([own.id, shared.id])) == {customer}
    assert set(pages.choosing([in_group.id])) == {customer}
    assert not pages.choosing([shared.id])
    assert not pages.choosing([])
    found = pages.showing_by({"own": [own.id], "none": [], "both": [own.id, shared.id]})
    assert found == {
        "own": [customer],
        "none": [catalogue.page()],
        "both": [catalogue.page(), customer],
    }
