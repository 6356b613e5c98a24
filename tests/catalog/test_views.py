"""The console's screens of the catalog, as an Owner uses them."""

from datetime import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.roles import Role
from catalog import access, defining, entering
from catalog.models import CatalogType, DomainException, Entry, PageSource
from catalog.values import Kind
from components.models import Page, PageKind
from tests import build, counting
from tests.catalog import made

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(client: Client) -> Client:
    client.force_login(build.operator(username="ada"))
    return client


def body(client: Client, url: str, status: int = 200) -> str:
    answer = client.get(url)
    assert answer.status_code == status, url
    return answer.content.decode()


@pytest.mark.req("R2", "R4")
def test_an_empty_catalog_leads_to_the_first_customer_page(owner: Client) -> None:
    build.component(name="Web", slug="web")
    assert "Add a customer" in body(owner, "/admin/catalog/")
    step = body(owner, "/admin/catalog/pages/add/")
    assert 'value="Customer"' in step
    url = "/admin/catalog/pages/add/?kind=customer&type=new&name=Customer"
    assert "Nothing is made yet" in body(owner, url)
    assert not CatalogType.objects.exists()

    answer = owner.post(url)

    row = CatalogType.objects.get()
    assert answer["Location"] == f"/admin/catalog/types/{row.pk}/entries/add/"
    assert [one.key for one in row.attributes.all()] == ["components", "domains"]
    assert "Acme" not in body(owner, answer["Location"])
    saved = owner.post(
        answer["Location"],
        {"name": "Acme", "components": ["web"], "domains": "acme.com\r\n*.acme.com\r\n"},
    )
    entry = Entry.objects.get()
    assert saved["Location"] == f"/admin/catalog/entries/{entry.pk}/"
    page = made.page_of(entry)
    assert (page.name, page.kind) == ("Acme", PageKind.CUSTOMER)
    assert access.listed(page.pk).domains == {"acme.com", "*.acme.com"}
    shown = body(owner, saved["Location"])
    assert f"/p/{page.address}/" in shown


@pytest.mark.req("R4", "R2")
@pytest.mark.parametrize("kind", ["customer", "sub"])
def test_pages_of_an_existing_type_are_shown_before_they_are_made(
    owner: Client, kind: str, now: datetime
) -> None:
    row = made.bare_type(now)
    services = defining.add_attribute(type=row, name="Services", kind=Kind.COMPONENTS)
    who = defining.add_attribute(type=row, name="Who", kind=Kind.DOMAINS)
    build.component(slug="web")
    made.entry(row, "North", services="web", who="north.example", now=now)
    made.entry(row, "South", now=now)
    url = f"/admin/catalog/pages/add/?kind={kind}&type={row.pk}&name="
    form = body(owner, url)
    assert f'<option value="{services.pk}" selected>' in form  # guessed by its kind
    assert (f'<option value="{who.pk}" selected>' in form) == (kind == "customer")

    said = {"title": "", "components": services.pk, "domains": who.pk, "time_zone": ""}
    looked = owner.post(url, said).content.decode()
    assert "Create 2 pages" in looked
    assert "1 page shows no service" in looked
    assert ("1 page is closed to everybody" in looked) == (kind == "customer")
    assert not PageSource.objects.exists()

    owner.post(url, said | {"create": "1"})
    assert Page.objects.filter(kind=kind).count() == 2
    assert "made from this type already" in body_after(owner, url)


def body_after(client: Client, url: str) -> str:
    return client.get(url, follow=True).content.decode()


@pytest.mark.req("R10")
def test_a_public_provider_is_refused_with_its_reason_beside_the_field(
    owner: Client, now: datetime
) -> None:
    source = made.customers(now)
    entry = made.entry(source, "Acme", domains="acme.com", now=now)
    answer = owner.post(
        f"/admin/catalog/entries/{entry.pk}/", {"name": "Acme", "domains": "acme.com\ngmail.com"}
    )
    assert answer.status_code == 422
    assert "gmail.com: Anybody can get a mailbox there" in answer.content.decode()
    entry.refresh_from_db()
    assert entry.values == {"domains": ["acme.com"]}


@pytest.mark.req("R10")
def test_single_addresses_are_let_in_after_typing_the_domain(owner: Client, now: datetime) -> None:
    source = made.customers(now)
    entry = made.entry(source, "Acme", now=now)
    url = f"/admin/catalog/entries/{entry.pk}/addresses/add/"
    (attribute,) = entering.domain_attributes(source.type)
    said = {"attribute": attribute.pk, "domain": "gmail.com", "addresses": "ann@gmail.com"}
    assert "Type the domain to confirm" in body(owner, url)
    assert owner.post(url, said | {"typed": "yes"}).status_code == 422
    assert not DomainException.objects.exists()
    assert owner.post(url, said | {"typed": "gmail.com"}).status_code == 302
    assert access.listed(made.page_of(entry).pk).addresses == {"ann@gmail.com"}
    assert "allowed by ada" in body(owner, f"/admin/catalog/entries/{entry.pk}/")


@pytest.mark.req("R4", "R9")
def test_removing_says_who_loses_access_and_how_many_are_told_no_more(
    owner: Client, now: datetime
) -> None:
    source = made.customers(now)
    entry = made.entry(source, "Acme", domains=["acme.com", "ann@beta.example"], now=now)
    page = made.page_of(entry)
    for _ in range(2):
        build.subscriber(page=page)
    build.subscriber(page=page, state="ended")
    asked = body(owner, f"/admin/catalog/entries/{entry.pk}/remove/")
    for sentence in ("acme.com", "ann@beta.example", "2 subscribers hear nothing", "30 days"):
        assert sentence in asked

    owner.post(f"/admin/catalog/entries/{entry.pk}/remove/")
    page.refresh_from_db()
    assert not page.is_live
    listed = body(owner, f"/admin/catalog/types/{source.type_id}/?show=removed")
    assert "Bring back" in listed
    owner.post(f"/admin/catalog/entries/{entry.pk}/restore/")
    page.refresh_from_db()
    assert page.is_live


def test_attributes_are_added_renamed_moved_and_removed(owner: Client, now: datetime) -> None:
    row = made.bare_type(now)
    add = f"/admin/catalog/types/{row.pk}/attributes/add/"
    assert owner.post(add, {"name": "Plan", "kind": "text"}).status_code == 302
    assert owner.post(add, {"name": "Owner", "kind": "reference"}).status_code == 422
    owner.post(add, {"name": "Owner", "kind": "reference", "target": row.pk})
    plan, parent = row.attributes.all()
    owner.post(f"/admin/catalog/attributes/{plan.pk}/", {"name": "Contract", "is_required": "on"})
    plan.refresh_from_db()
    assert (plan.name, plan.key, plan.is_required) == ("Contract", "plan", True)
    owner.post(f"/admin/catalog/attributes/{plan.pk}/move/", {"to": "down"})
    assert list(row.attributes.all()) == [parent, plan]
    screen = body(owner, f"/admin/catalog/types/{row.pk}/edit/")
    assert screen.index("Owner") < screen.index("Contract")
    assert "No entry has a value" in body(owner, f"/admin/catalog/attributes/{plan.pk}/remove/")
    owner.post(f"/admin/catalog/attributes/{plan.pk}/remove/")
    assert list(row.attributes.all()) == [parent]


def test_an_attribute_in_use_is_not_offered_to_be_removed(owner: Client, now: datetime) -> None:
    source = made.customers(now)
    assert source.domains is not None
    url = f"/admin/catalog/attributes/{source.domains.pk}/remove/"
    screen = body(owner, url)
    assert "Pages are made from “Domains”" in screen
    assert "Remove attribute" not in screen
    owner.post(url)
    assert source.type.attributes.filter(key="domains").exists()


def test_the_list_finds_entries_by_anything_they_hold(owner: Client, now: datetime) -> None:
    source = made.customers(now)
    for number in range(60):
        made_one = Entry(
            type=source.type,
            name=f"Customer {number:02}",
            key=f"c{number}",
            values={"domains": [f"c{number}.example"]},
            created_at=now,
        )
        made_one.save()
    url = f"/admin/catalog/types/{source.type_id}/"
    assert "Page 1 of 2" in body(owner, url)
    found = body(owner, f"{url}?q=C42.EXAMPLE")
    assert "Customer 42" in found
    assert "Customer 41" not in found
    assert "No entry fits" in body(owner, f"{url}?q=%00nothing&page=x")


def test_a_list_is_shown_and_then_imported(owner: Client, now: datetime) -> None:
    source = made.customers(now)
    build.component(slug="web")
    url = f"/admin/catalog/types/{source.type_id}/entries/import/"
    assert "<code>Domains</code>" in body(owner, url)
    wrong = SimpleUploadedFile("a.csv", b"Name,Domains\nAcme,gmail.com\n")
    report = owner.post(url, {"file": wrong}).content.decode()
    assert "while a line is wrong" in report
    assert "<strong>Domains</strong>: gmail.com: Anybody" in report
    assert owner.post(url, {"file": SimpleUploadedFile("a.csv", b"x\ny\n")}).status_code == 422

    text = "Name,Components,Domains\nAcme,web,acme.com\n"
    looked = owner.post(url, {"file": SimpleUploadedFile("a.csv", text.encode())})
    stamp = looked.context["report"].stamp
    assert not Entry.objects.exists()
    answer = owner.post(url, {"text": text, "stamp": stamp}, follow=True)
    assert "1 added, 0 changed" in answer.content.decode()
    assert access.listed(made.page_of(Entry.objects.get()).pk).domains == {"acme.com"}
    assert (
        "Nothing was imported"
        in owner.post(url, {"text": text, "stamp": stamp}, follow=True).content.decode()
    )
    export = owner.get(f"/admin/catalog/types/{source.type_id}/entries/export/")
    assert b"acme.com" in b"".join(export)
    assert export["Content-Disposition"].startswith('attachment; filename="customer-')


@pytest.mark.req("R4")
def test_pages_are_chosen_anew_and_ended_on_the_screen(owner: Client, now: datetime) -> None:
    source = made.customers(now)
    entry = made.entry(source, "Acme", domains="acme.com", now=now)
    title = defining.add_attribute(type=source.type, name="Title", kind=Kind.TEXT)
    entering.change(entry=entry, said={"domains": ["acme.com"], "title": ["Acme Status"]}, now=now)
    assert source.components is not None
    assert source.domains is not None
    url = f"/admin/catalog/sources/{source.pk}/"
    assert f'<option value="{source.domains.pk}" selected>' in body(owner, url)
    owner.post(url, {"title": title.pk, "domains": source.domains.pk})
    assert made.page_of(entry).name == "Acme Status"
    assert owner.post(url, {"title": title.pk}).status_code == 422
    assert "1 page answers nobody" in body(owner, f"{url}end/")
    owner.post(f"{url}end/")
    assert not made.page_of(entry).is_live


def test_a_type_is_removed_and_brought_back_on_the_screen(owner: Client, now: datetime) -> None:
    source = made.customers(now)
    entry = made.entry(source, "Acme", domains="acme.com", now=now)
    url = f"/admin/catalog/types/{source.type_id}/"
    assert "1 entry is removed with it" in body(owner, f"{url}remove/")
    owner.post(f"{url}remove/")
    assert not made.page_of(entry).is_live
    assert "Bring back" in body(owner, "/admin/catalog/")
    assert "Acme" not in body(owner, url)
    owner.post(f"{url}restore/")
    assert made.page_of(entry).is_live


def test_who_may_only_look_sees_no_button_that_writes(client: Client, now: datetime) -> None:
    source = made.customers(now)
    entry = made.entry(source, "Acme", domains="acme.com", now=now)
    client.force_login(build.operator(role=Role.RESPONDER))
    for url in (
        "/admin/catalog/",
        f"/admin/catalog/types/{source.type_id}/",
        f"/admin/catalog/entries/{entry.pk}/",
    ):
        screen = body(client, url)
        assert "btn-1" not in screen, url
        assert "btn-remove" not in screen, url
    assert client.post(f"/admin/catalog/entries/{entry.pk}/", {"name": "X"}).status_code == 403
    client.force_login(build.operator(role=Role.VIEWER))
    assert client.get("/admin/catalog/").status_code == 403


def test_the_screens_cost_the_same_for_any_number_of_entries(owner: Client, now: datetime) -> None:
    source = made.customers(now)
    build.component(slug="web")
    urls = ["/admin/catalog/", f"/admin/catalog/types/{source.type_id}/"]
    made.entry(source, "One", components="web", domains="one.example", now=now)
    asked(owner, urls[0])  # the session begins
    few = [asked(owner, url) for url in urls]
    for number in range(20):
        made.entry(source, f"E{number}", components="web", domains="e.example", now=now)
    assert [asked(owner, url) for url in urls] == few


def asked(client: Client, url: str) -> int:
    with counting.statements() as found:
        body(client, url)
    return len(found)


def test_the_audit_log_shows_what_was_done_to_the_catalog(owner: Client, now: datetime) -> None:
    source = made.customers(now)
    entry = made.entry(source, "Acme", domains="acme.com", now=now)
    url = f"/admin/catalog/entries/{entry.pk}/"
    owner.post(url, {"name": "Acme", "domains": "acme.example"})
    owner.post(f"{url}remove/")
    shown = body(owner, "/admin/accounts/auditentry/")
    for word in ("acme.example", "Acme", "catalog entry"):
        assert word in shown
    gone = owner.get(url)
    assert gone["Location"] == f"/admin/catalog/types/{source.type_id}/?show=removed"
