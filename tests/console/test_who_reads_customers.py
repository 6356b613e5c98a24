"""Who the customers are is told on no screen to who may not look at customer pages (roles.md)."""

from datetime import datetime, timedelta
from http import HTTPStatus

import pytest
from django.test import Client

from accounts.roles import Role
from components.models import Component, Page, PageHost, PageKind
from incidents import announcements, publishing
from incidents.lifecycle import State
from tests import build

pytestmark = [pytest.mark.django_db, pytest.mark.req("F1", "R11")]

MINUTE = timedelta(minutes=1)
NAME = "Initech"


@pytest.fixture
def component() -> Component:
    return build.component(name="Store", only_where_chosen=True)


@pytest.fixture
def page(now: datetime, component: Component) -> Page:
    page = build.page(
        kind=PageKind.CUSTOMER, name=NAME, slug="initech", components=[component], now=now
    )
    PageHost.objects.create(
        page=page, name="status.initech.example", challenge="x", is_active=True, created_at=now
    )
    return page


def browser(role: Role) -> Client:
    client = Client()
    client.force_login(build.operator(role=role))
    return client


def screens(now: datetime, page: Page, component: Component) -> list[str]:
    """The addresses of every screen that names pages."""
    incident = build.incident(components={component: None}, now=now)
    publishing.post_update(
        incident=incident,
        state=State.INVESTIGATING,
        text="Your orders are safe.",
        notify=False,
        audience=page,
        now=now + MINUTE,
    )
    announcements.publish(title="Soon", text="x", pages=[page], now=now)
    return [
        "/admin/",
        "/admin/pages/",
        "/admin/pages/?q=initech",
        "/admin/pages/?kind=customer",
        "/admin/domains/",
        "/admin/incidents/",
        f"/admin/incidents/{incident.public_id}/",
        "/admin/announcements/",
        "/admin/maintenance/",
        "/admin/messages/",
    ]


def test_a_viewer_reads_no_customers_name_or_address_on_any_screen(
    now: datetime, page: Page, component: Component
) -> None:
    viewer, responder = browser(Role.VIEWER), browser(Role.RESPONDER)
    named = set()
    for path in screens(now, page, component):
        answer = viewer.get(path)
        assert answer.status_code == HTTPStatus.OK, path
        text = answer.content.decode().replace('value="initech"', "")  # what was typed
        assert "initech" not in text.lower(), path
        assert str(page.address) not in text, path
        if NAME in responder.get(path).content.decode():
            named.add(path)
    # Who may look at customers reads it, so that the screens above are those that could tell.
    assert {"/admin/", "/admin/pages/", "/admin/domains/", "/admin/announcements/"} <= named
    assert len(named) >= 6


def test_the_screens_of_a_customer_page_are_not_there_for_a_viewer(page: Page) -> None:
    host = PageHost.objects.get()
    viewer, responder = browser(Role.VIEWER), browser(Role.RESPONDER)
    for path in (f"/admin/pages/{page.pk}/", f"/admin/domains/{host.pk}/"):
        assert viewer.get(path).status_code == HTTPStatus.NOT_FOUND
        assert responder.get(path).status_code == HTTPStatus.OK
    asked = {"page": str(page.pk), "slug": "initech"}
    assert viewer.get("/admin/pages/address/", asked).status_code == HTTPStatus.FORBIDDEN


def test_previews_tell_a_viewer_no_names_of_customers(page: Page, component: Component) -> None:
    viewer, responder = browser(Role.VIEWER), browser(Role.RESPONDER)
    typed = {"title": "x", "text": "x", "pages": [page.pk], "components": [component.pk]}
    path = "/admin/announcements/preview/"
    assert NAME not in viewer.post(path, typed).content.decode()
    assert NAME in responder.post(path, typed).content.decode()
    path = "/admin/maintenance/preview/"
    assert viewer.post(path, typed).status_code == HTTPStatus.FORBIDDEN
