"""What operators see of customer pages, and what they can end."""

from datetime import datetime
from http import HTTPStatus

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry
from accounts.roles import Role
from branding import changing
from branding.changing import Look
from branding.encoded import Encoded
from components.models import Page
from customer_pages import database_clock, readers, sessions
from customer_pages.models import CustomerSession, Reader
from tests import build
from tests.customer_pages import people

pytestmark = pytest.mark.django_db


@pytest.fixture
def page() -> Page:
    return people.customer_page(components=[build.component(name="Acme cluster")])


def operator(role: Role = Role.OWNER) -> Client:
    client = Client()
    client.force_login(build.operator(role=role))
    return client


def shown(page: Page, client: Client) -> str:
    return client.get(reverse("admin:customer_page", args=[page.pk])).content.decode()


@pytest.mark.req("R12")
def test_operators_find_the_address_and_whom_it_lets_in(page: Page) -> None:
    closed = people.customer_page("closed", [])
    people.signed_in(page)
    listed = operator().get(reverse("admin:customer_pages")).content.decode()
    for one in (page, closed):
        assert f"{people.base(one)}/</span>" in listed
        assert f'{people.base(one)}/"' in listed  # the button that copies it
    assert "acme.com" in listed
    assert "Nobody: no domains" in listed
    assert "This page is closed" in shown(closed, operator())
    text = shown(page, operator())
    assert "ada@acme.com" in text
    assert "Acme cluster" in text
    assert "/admin/catalog/entries/" in text


@pytest.mark.req("R9")
def test_an_operator_ends_one_session_or_all(page: Page) -> None:
    """Reliability C6."""
    clients = [people.signed_in(page, f"{name}@acme.com") for name in ("ada", "bob", "cyd")]
    end = reverse("admin:customer_page_sessions_end", args=[page.pk])
    first = CustomerSession.objects.get(mailbox="ada@acme.com")
    owner = operator()
    owner.post(end, {"session": first.pk})
    assert [home(client, page) for client in clients] == [302, 200, 200]
    owner.post(end)
    assert [home(client, page) for client in clients] == [302, 302, 302]
    assert AuditEntry.objects.filter(object_repr="ada@acme.com").count() == 1


def home(client: Client, page: Page) -> int:
    return client.get(f"{people.base(page)}/").status_code


def test_an_operator_ends_the_address_of_a_program(page: Page) -> None:
    now = database_clock.now()
    token = readers.make(page=page, mailbox="ada@acme.com", reads=Reader.JSON, now=now)
    path = f"{people.base(page)}/read/{token}/status.json"
    assert Client().get(path).status_code == HTTPStatus.OK
    row = readers.of_person(page=page, mailbox="ada@acme.com")[0]
    owner = operator()
    assert "Status as JSON" in shown(page, owner)
    owner.post(reverse("admin:customer_page_reader_end", args=[page.pk, row.pk]))
    assert Client().get(path).status_code == HTTPStatus.NOT_FOUND


def test_an_operator_sees_the_page_as_the_customer_does_and_that_is_recorded(page: Page) -> None:
    build.component(name="Somebody else's", slug="other")
    owner = operator()
    base = reverse("admin:customer_page_as", args=[page.pk])
    answer = owner.get(base)
    text = answer.content.decode()
    assert "This is what Acme sees." in text
    assert "Acme cluster" in text
    assert "Somebody else" not in text
    assert f'href="{base}history"' in text  # a link of it stays in the view
    assert answer["Cache-Control"].startswith("max-age=0, no-cache, no-store")
    for part in ("history", "live", "components/other", "subscribe", "access", "sign-in"):
        status = owner.get(f"{base}{part}").status_code
        assert status == (HTTPStatus.OK if part in {"history", "live"} else HTTPStatus.NOT_FOUND)
    assert owner.post(base).status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assert AuditEntry.objects.filter(changes__has_key="viewed_as_customer").count() == 1
    assert not CustomerSession.objects.exists()


def test_the_look_of_the_page_and_its_documents_are_in_the_view_as_customer(page: Page) -> None:
    tile = Encoded(kind="png", width=1, height=1, body=b"tile")
    now = database_clock.now()
    kept = changing.keep(pictures=[tile], now=now)
    changing.save(page=page, look=Look(colour="#123456", pictures={"logo": kept}), now=now)
    owner, base = operator(), reverse("admin:customer_page_as", args=[page.pk])
    text = owner.get(base).content.decode()
    for file in (f"brand/media/{kept[0]}.png", "brand/assets/brand-"):
        assert f'"{base}{file}' in text, file
    picture = f"{base}brand/media/{kept[0]}.png"
    assert owner.get(picture).content == b"tile"
    assert Client().get(picture).status_code == HTTPStatus.FOUND
    assert owner.get(f"{base}api/v2/summary.json").json()["page"]["name"] == "Acme"


@pytest.mark.parametrize("role", [Role.RESPONDER, Role.VIEWER])
def test_others_may_look_or_not_and_end_nothing(page: Page, role: Role) -> None:
    people.signed_in(page)
    client = operator(role)
    may_look = HTTPStatus.OK if role == Role.RESPONDER else HTTPStatus.FORBIDDEN
    for name in ("admin:customer_page", "admin:customer_page_as"):
        assert client.get(reverse(name, args=[page.pk])).status_code == may_look
    end = reverse("admin:customer_page_sessions_end", args=[page.pk])
    assert client.post(end).status_code == HTTPStatus.FORBIDDEN
    assert CustomerSession.objects.filter(revoked_at=None).count() == 1


def test_a_sub_page_is_no_customer_page(now: datetime) -> None:
    sub = build.page()
    client = operator()
    for name in ("admin:customer_page", "admin:customer_page_as"):
        assert client.get(reverse(name, args=[sub.pk])).status_code == HTTPStatus.NOT_FOUND
    assert "__Host-" not in sessions.cookie_name(sub)
