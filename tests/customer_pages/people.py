"""What tests of customer pages start from: a page with a list, and somebody who signs in to it."""

import re
from collections.abc import Iterable
from datetime import datetime
from http import HTTPStatus
from typing import Any

import pytest
from django.apps import apps
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from catalog.models import Attribute, CatalogType, Entry, EntryPage, PageSource
from common import mailboxes
from common.mailboxes import Mailbox
from components.models import Component, Page, PageKind
from customer_pages import database_clock, sessions, signing_in, tokens, worlds
from customer_pages.access import Place
from notifications import delivering
from subscribers.limits import TooManyRequests
from subscribers.models import Tally
from tests import build


def customer_page(
    name: str = "acme",
    listed: Iterable[str] = ("acme.com",),
    *,
    components: Iterable[Component] = (),
    now: datetime = build.LONG_AGO,
) -> Page:
    """A customer page made from an entry, whose list lets in these domains."""
    kind, _made = CatalogType.objects.get_or_create(
        slug="customer", defaults={"name": "Customer", "created_at": now}
    )
    domains, _made = Attribute.objects.get_or_create(
        type=kind, key="domains", defaults={"name": "Domains", "kind": "domains"}
    )
    source, _made = PageSource.objects.get_or_create(
        type=kind, kind=PageKind.CUSTOMER, defaults={"domains": domains}
    )
    values = {"domains": list(listed)}
    entry = Entry.objects.create(type=kind, name=name, key=name, values=values, created_at=now)
    page = build.page(
        kind=PageKind.CUSTOMER, name=name.title(), slug=name, components=components, now=now
    )
    EntryPage.objects.create(source=source, entry=entry, page=page)
    return page


def list_only(page: Page, *listed: str) -> None:
    """Change the list of a page."""
    Entry.objects.filter(made__page=page).update(values={"domains": list(listed)})


def base(page: Page) -> str:
    return f"/p/{page.address}"


def ask(page: Page, email: str, client: Client | None = None) -> Client:
    """Ask for a link in a browser; which is returned."""
    client = client or Client()
    answer = client.post(f"{base(page)}/sign-in", {"email": email})
    assert answer.status_code == HTTPStatus.SEE_OTHER, answer.content
    return client


def post_office() -> list[mail.EmailMessage]:
    """Let the workers do what is due, and return the mails so far."""
    now = database_clock.now()
    signing_in.answer(now=now)
    delivering.drain(now=now)
    return list(mail.outbox)


def link_in(message: mail.EmailMessage) -> str:
    """The path of the link in a mail."""
    found = re.search(r"http://[^/\s]+(/\S*enter/\S+)", str(message.body))
    assert found, message.body
    return found[1]


def code_in(message: mail.EmailMessage) -> str:
    found = re.search(r"\b(\d{3} \d{3})\b", str(message.body))
    assert found, message.body
    return found[1]


def signed_in(page: Page, email: str = "ada@acme.com") -> Client:
    """A browser that is signed in on the main host, as if by the link of its mail."""
    opened = sessions.open_session(
        page=page,
        mailbox=str(box(email)),
        host="testserver",
        earlier_key="",
        now=database_clock.now(),
    )
    client = Client()
    client.cookies[sessions.cookie_name(page)] = opened.key
    return client


def signed_in_by_mail(page: Page, email: str = "ada@acme.com") -> Client:
    """A browser that signed in by the link of its mail."""
    client = ask(page, email)
    answer = client.post(link_in(post_office()[-1]))
    assert answer.status_code == HTTPStatus.SEE_OTHER
    return client


def keep_the_world(settings: Settings, patched: pytest.MonkeyPatch) -> None:
    """Share one read among requests, as the product does, and none with other tests."""
    settings.CUSTOMER_WORLD_KEPT_S = 3600
    patched.setattr(worlds, "_worlds", worlds._Worlds())


def letters() -> list[tuple[str, str]]:
    """Address and state of every mail there is."""
    deliveries = apps.get_model("notifications", "Delivery").objects.order_by("id")
    return list(deliveries.values_list("address", "state"))


def told(answer: Any) -> tuple[int, bytes, dict[str, str]]:
    """All that a visitor sees of an answer, but for the clock and the tokens in it."""
    body = re.sub(rb'(name="csrfmiddlewaretoken" value=")[^"]+', rb"\1", answer.content)
    headers = {name: re.sub(r"/p/[^/]+", "/p/…", value) for name, value in answer.items()}
    headers.pop("Content-Length", None)
    return answer.status_code, re.sub(rb"/p/[A-Za-z0-9_-]{22}", b"/p/..", body), headers


def place(page: Page) -> Place:
    """The page as it is asked for on the main host."""
    return Place(page=page, base=base(page), host="testserver")


def box(email: str) -> Mailbox:
    return mailboxes.mailbox(email)


def asks(where: Place, mailbox: Mailbox, *, now: datetime) -> bool:
    """Ask for a link; whether that was not too often."""
    try:
        signing_in.ask(
            place=where, box=mailbox, browser=tokens.token(), client="192.0.2.7", now=now
        )
    except TooManyRequests:
        return False
    return True


def forget_limits() -> None:
    Tally.objects.all().delete()


def clock() -> datetime:
    return timezone.now()
