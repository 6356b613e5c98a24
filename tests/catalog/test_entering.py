"""Entries and their pages: made, changed and retired together, or not at all."""

from datetime import datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from accounts.models import AuditEntry
from catalog import access, defining, entering, generating, tasks
from catalog.models import DomainException, Entry, EntryPage
from catalog.values import Kind
from components import catalogue, pages
from components.models import Page, PageKind
from tests import build
from tests.catalog import made

pytestmark = pytest.mark.django_db


@pytest.mark.req("R2", "R4")
@pytest.mark.parametrize("kind", [PageKind.CUSTOMER, PageKind.SUB])
def test_a_new_entry_makes_its_page(kind: PageKind, now: datetime) -> None:
    source = made.customers(now, kind=kind)
    web, api = build.component(slug="web"), build.component(slug="api")
    build.component(slug="other")
    before = catalogue.page().revision

    entry = made.entry(source, "Acme Corp", components="web;api", domains="acme.com", now=now)

    page = made.page_of(entry)
    assert (page.name, page.kind, page.slug) == ("Acme Corp", kind, "acme-corp")
    assert pages.shown_ids(page) == {web.pk, api.pk}
    assert bool(page.address) == (kind == PageKind.CUSTOMER)
    assert catalogue.page().revision > before


@pytest.mark.req("R8", "R4")
def test_a_changed_attribute_changes_the_page_at_once(now: datetime) -> None:
    source = made.customers(now)
    build.component(slug="web")
    api = build.component(slug="api")
    entry = made.entry(source, "Acme", components="web", domains="acme.com", now=now)
    page = made.page_of(entry)
    assert access.listed(page.pk).domains == {"acme.com"}

    entering.change(
        entry=entry,
        name="Acme AG",
        said={"components": ["api"], "domains": ["acme.example"]},
        now=now,
    )

    page.refresh_from_db()
    assert page.name == "Acme AG"
    assert page.slug == "acme"  # the address stays
    assert pages.shown_ids(page) == {api.pk}
    assert access.listed(page.pk).domains == {"acme.example"}


def test_an_entry_that_did_not_change_leaves_its_page_alone(now: datetime) -> None:
    source = made.customers(now)
    build.component(slug="web")
    entry = made.entry(source, "Acme", components="web", domains="acme.com", now=now)
    before = catalogue.page().revision
    entering.change(entry=entry, said={"components": ["web"], "domains": ["acme.com"]}, now=now)
    assert catalogue.page().revision == before


@pytest.mark.req("R4")
def test_a_mistake_saves_nothing_and_names_the_attribute(now: datetime) -> None:
    source = made.customers(now)
    with pytest.raises(ValidationError) as caught:
        made.entry(source, "Acme", components="nowhere", domains="gmail.com", now=now)
    assert set(caught.value.message_dict) == {"components", "domains"}
    assert caught.value.message_dict["domains"][0].startswith("gmail.com: Anybody can get")
    assert not Entry.objects.exists()
    assert not Page.objects.customers().exists()


@pytest.mark.req("R4")
def test_a_title_that_no_page_can_have_is_refused_with_the_entry(now: datetime) -> None:
    source = made.customers(now)
    with pytest.raises(ValidationError) as caught:
        made.entry(source, "x" * 101, now=now)
    assert "name" in caught.value.message_dict
    assert not Entry.objects.exists()


def test_two_entries_of_one_name_get_keys_and_slugs_of_their_own(now: datetime) -> None:
    source = made.customers(now)
    pages.add(kind=PageKind.SUB, name="Acme", slug="acme", now=now)
    first, second = (made.entry(source, "Acme", now=now) for _ in range(2))
    assert (first.key, second.key) == ("acme", "acme-2")
    slugs = {made.page_of(first).slug, made.page_of(second).slug}
    assert slugs == {"acme-2", "acme-2-2"}


@pytest.mark.req("R9")
def test_a_removed_entry_retires_its_page_and_lets_nobody_in(now: datetime) -> None:
    source = made.customers(now)
    entry = made.entry(source, "Acme", domains="acme.com", now=now)
    page = made.page_of(entry)

    entering.remove(entry=entry, now=now)

    page.refresh_from_db()
    assert page.retired_at == now
    assert access.listed(page.pk) == access.NOBODY


@pytest.mark.req("R4")
def test_an_entry_can_be_brought_back_with_its_page_for_30_days(now: datetime) -> None:
    source = made.customers(now)
    entry = made.entry(source, "Acme", domains="acme.com", now=now)
    page = made.page_of(entry)
    reader = build.subscriber(page=page)
    entering.remove(entry=entry, now=now)

    assert entering.forget(now=now + timedelta(days=29)) == 0
    entering.restore(entry=entry, now=now + timedelta(days=29))

    again = made.page_of(entry)
    assert (again.pk, again.address, again.is_live) == (page.pk, page.address, True)
    assert access.listed(page.pk).domains == {"acme.com"}
    reader.refresh_from_db()
    assert reader.page_id == page.pk


@pytest.mark.req("R4")
def test_after_30_days_entry_and_page_go_for_good(now: datetime) -> None:
    source = made.customers(now)
    entry = made.entry(source, "Acme", now=now)
    kept = made.entry(source, "Beta", now=now)
    entering.remove(entry=entry, now=now)

    assert entering.forget(now=now + timedelta(days=30)) == 1

    assert list(Entry.objects.all()) == [kept]
    assert [page.name for page in Page.objects.customers()] == ["Beta"]
    with pytest.raises(Entry.DoesNotExist):
        entry.refresh_from_db()


def test_a_page_that_the_other_upkeep_removed_is_made_anew(now: datetime) -> None:
    """Retired pages go by themselves after 30 days, too; whichever task is first."""
    source = made.customers(now)
    entry = made.entry(source, "Acme", now=now)
    entering.remove(entry=entry, now=now)
    pages.remove_overdue(now=now + timedelta(days=30))
    assert not EntryPage.objects.exists()
    entering.restore(entry=entry, now=now + timedelta(days=30))
    assert made.page_of(entry).is_live


def test_a_key_that_was_taken_meanwhile_cannot_come_back(now: datetime) -> None:
    source = made.customers(now)
    entry = made.entry(source, "Acme", now=now)
    entering.remove(entry=entry, now=now)
    made.entry(source, "Acme", now=now)
    entry.refresh_from_db()
    with pytest.raises(ValidationError, match="key already"):
        entering.restore(entry=entry, now=now)
    assert Page.objects.customers().live().count() == 1


def test_an_entry_that_another_refers_to_stays(now: datetime) -> None:
    source = made.customers(now)
    region = made.bare_type(now)
    north = made.entry(region, "North", now=now)

    defining.add_attribute(type=source.type, name="Region", kind=Kind.REFERENCE, target=region)
    acme = made.entry(source, "Acme", region="north", now=now)
    assert acme.values["region"] == north.pk
    with pytest.raises(ValidationError, match="Acme refers"):
        entering.remove(entry=north, now=now)
    entering.remove(entry=acme, now=now)
    entering.remove(entry=north, now=now)


@pytest.mark.req("R10")
def test_an_owner_lets_single_addresses_in_by_typing_the_domain(now: datetime) -> None:
    """Reliability B7: never the whole domain, and the audit log knows who did it."""
    source = made.customers(now)
    entry = made.entry(source, "Acme", domains="acme.com", now=now)
    (attribute,) = entering.domain_attributes(source.type)
    page = made.page_of(entry)

    def allow(domain: str = "GMAIL.com", typed: str = "gmail.com", *addresses: str) -> None:
        entering.allow_addresses(
            entry=entry,
            attribute=attribute,
            domain=domain,
            typed=typed,
            addresses=addresses,
            by="ada",
            now=now,
        )

    for arguments, field in [
        (("gmail.com", "gmail", "ann@gmail.com"), "typed"),
        (("gmail.com", "gmail.com"), "addresses"),
        (("gmail.com", "gmail.com", "ann@gmx.de"), "addresses"),
        (("gmail.com", "gmail.com", "@gmail.com"), "addresses"),
        (("beta.example", "beta.example", "ann@beta.example"), "domain"),
        (("not a domain", "not a domain", "ann@gmail.com"), "domain"),
    ]:
        with pytest.raises(ValidationError) as caught:
            allow(*arguments)
        assert list(caught.value.message_dict) == [field], arguments
    assert not DomainException.objects.exists()

    allow("GMAIL.com", "gmail.com", "Ann@gmail.com", " ")

    entry.refresh_from_db()
    assert entry.values["domains"] == ["acme.com", "ann@gmail.com"]
    assert access.listed(page.pk).domains == {"acme.com"}
    assert access.listed(page.pk).addresses == {"ann@gmail.com"}
    logged = AuditEntry.objects.filter(content_type__model="domainexception").get()
    assert "gmail.com" in str(logged.changes)
    # From now on single addresses there can be edited; the domain itself stays refused.
    said = {"domains": ["acme.com", "ann@gmail.com", "bob@gmail.com"]}
    entering.change(entry=entry, said=said, now=now)
    with pytest.raises(ValidationError, match="Anybody can get"):
        entering.change(entry=entry, said={"domains": ["gmail.com"]}, now=now)


def test_what_people_do_to_entries_and_pages_is_in_the_audit_log(now: datetime) -> None:
    source = made.customers(now)
    entry = made.entry(source, "Acme", domains="acme.com", now=now)
    entering.change(entry=entry, said={"domains": ["acme.example"]}, now=now)
    entering.remove(entry=entry, now=now)
    logged = AuditEntry.objects.filter(content_type__model="entry", object_pk=str(entry.pk))
    changes = [str(one.changes) for one in logged.order_by("id")]
    assert "acme.com" in changes[0]
    assert "acme.example" in changes[1]
    assert "removed_at" in changes[2]
    page = made.page_of(entry)
    of_page = AuditEntry.objects.filter(content_type__model="page", object_pk=str(page.pk))
    assert [list(one.changes) for one in of_page.order_by("id")] == [["made_from"], ["retired"]]


def test_a_preview_says_what_would_be_made_and_what_is_missing(now: datetime) -> None:
    source = made.customers(now)
    build.component(slug="web")
    made.entry(source, "Acme", components="web", domains="acme.com", now=now)
    made.entry(source, "Beta", components="web", now=now)
    made.entry(source, "Gamma", domains="gamma.example", now=now)
    seen = generating.preview(
        choice=generating.choice_of(source), entries=Entry.objects.order_by("name")
    )
    assert seen.names == ("Acme", "Beta", "Gamma")
    assert seen.without_components == ("Gamma",)
    assert seen.without_domains == ("Beta",)
    assert seen.faults == ()


def test_the_upkeep_removes_what_is_overdue_by_its_own_clock(now: datetime) -> None:
    source = made.customers(now)
    entry = made.entry(source, "Acme", now=now)
    entering.remove(entry=entry, now=now - timedelta(days=3_650))
    tasks.forget_removed()
    assert not Entry.objects.exists()
