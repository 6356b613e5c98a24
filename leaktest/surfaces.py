"""Everything that anybody is shown of the world, by who is shown it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.http import StreamingHttpResponse
from django.test import Client

from common import host_names
from components.models import Page, PageHost
from customer_pages import sessions
from leaktest.marks import Audience
from leaktest.world import World
from notifications import contents
from public_pages import addresses
from public_pages.publishing import Publisher
from subscribers import fanout, granting
from subscribers.models import Subscriber

_HOST = "localhost"
_LINK = re.compile(r"""(?:href|src|action|hx-get)=["']([^"'#]+)""")
_MOST = 400  # pages that are followed of one customer
_PACKED = {".gz", ".br"}
_NOT_SERVED = {"hosts.json"}
_AT_ROOT = (
    "/subscribe",
    "/api/v2/summary.json",
    "/subscriptions",
    "/subscriptions/mine",
    "/admin/login/",
    "/readyz",
    "/metrics",
    "/nothing-here",
    "/p/nothing-here/",
)


@dataclass(frozen=True, slots=True)
class Shown:
    """What one audience was shown at one place."""

    audience: Audience
    surface: str
    text: str


def everything(world: World, *, folder: Path, now: datetime) -> Iterator[Shown]:
    """Publish, ask and send everything, and yield what anybody is shown of it."""
    yield from _published(world, folder, now)
    for audience in (Audience.A, Audience.B):
        yield from _customer(world, audience, now)
    yield from _own_host(world, now)
    yield from _forms_of_the_sub_page(world)
    yield from _outside(world, now)
    yield from _told(world, now)


def _published(world: World, folder: Path, now: datetime) -> Iterator[Shown]:
    """Every file that visitors can get. What is packed holds the same."""
    publisher = Publisher(folder)
    is_done = publisher.publish_if_due(now=now)
    while is_done and publisher.is_behind:
        is_done = publisher.publish_if_due(now=now)
    if not is_done:
        raise RuntimeError("The pages could not be published; the log says why.")
    below = f"pages/{world.pages[Audience.SUB].pk}/"
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        is_hidden = path.name.startswith(".") or name in _NOT_SERVED
        if not path.is_file() or path.suffix in _PACKED or is_hidden:
            continue
        if name.startswith("media/"):
            continue  # pictures under names that nobody can guess
        audience = Audience.SUB if name.startswith(below) else Audience.PUBLIC
        yield Shown(audience, f"published {name}", path.read_text("utf-8", errors="replace"))
        yield Shown(audience, "the names of published files", name.removeprefix(below))
    if any(
        str(world.pages[one].pk) in str(path)
        for one in (Audience.A, Audience.B)
        for path in folder.rglob("*")
    ):
        raise RuntimeError("There is a folder of a customer page.")


def _customer(world: World, audience: Audience, now: datetime) -> Iterator[Shown]:
    """The page of somebody who is signed in: all that it links to, and all that can be guessed."""
    page = world.pages[audience]
    browser = _signed_in(page, world.mailboxes[audience], now)
    base = f"/p/{page.address}"
    waiting = [f"{base}{path}" for path in ("/", *_guesses(world, now))]
    asked: set[str] = set()
    while waiting and len(asked) < _MOST:
        path = waiting.pop(0)
        if path in asked:
            continue
        asked.add(path)
        text = _get(browser, path)
        yield Shown(audience, f"their own page {path.removeprefix(base)}", text)
        waiting += [
            link for link in _LINK.findall(text) if link.startswith(f"{base}/") and "?" not in link
        ]


def _own_host(world: World, now: datetime) -> Iterator[Shown]:
    """The page of A under its own host name: for A, for B and for a stranger."""
    page = world.pages[Audience.A]
    name = PageHost.objects.get(page=page).name
    own = _signed_in(page, world.mailboxes[Audience.A], now, host=name)
    neighbour = _signed_in(world.pages[Audience.B], world.mailboxes[Audience.B], now, host=name)
    for path in ("/", "/sign-in", *_guesses(world, now)):
        yield Shown(Audience.A, f"their own host {path}", _get(own, path))
        for browser in (neighbour, Client(headers={"host": name})):
            text = _without(_get(browser, path), path)
            # The name itself is what was asked for.
            yield Shown(Audience.OUTSIDE, f"the host of A {path}", text.replace(name, ""))


def _forms_of_the_sub_page(world: World) -> Iterator[Shown]:
    """What of a sub-page no file holds."""
    page = world.pages[Audience.SUB]
    at = {"SCRIPT_NAME": f"/s/{page.slug}", host_names.PAGE_KEY: page.pk}
    browser = Client(headers={"host": _HOST})
    for path in ("/subscribe", "/subscriptions", "/subscriptions/mine", "/nothing-here"):
        yield Shown(Audience.SUB, f"the sub-page {path}", _get(browser, path, **at))
    for ident in (*world.incidents, *world.works):
        path = f"/subscribe?follow={ident}"
        yield Shown(Audience.SUB, f"the sub-page {path}", _get(browser, path, **at))


def _outside(world: World, now: datetime) -> Iterator[Shown]:
    """The same addresses for who is not let in, also for who is signed in to the other page."""
    stranger = Client(headers={"host": _HOST})
    for path in _AT_ROOT:
        yield Shown(Audience.PUBLIC, f"main host {path}", _get(stranger, path))
    for audience, other in ((Audience.A, Audience.B), (Audience.B, Audience.A)):
        page = world.pages[audience]
        neighbour = _signed_in(world.pages[other], world.mailboxes[other], now)
        for browser in (stranger, neighbour):
            for path in ("/", "/sign-in", "/enter/nothing", *_guesses(world, now)):
                text = _get(browser, f"/p/{page.address}{path}")
                # The address itself is what was asked for.
                yield Shown(
                    Audience.OUTSIDE, f"the page of {audience} {path}", _without(text, path)
                )


def _told(world: World, now: datetime) -> Iterator[Shown]:
    """Every message, by the page of its subscriber; those of the page itself are for the public."""
    while fanout.expand(now=now):
        pass
    by_page = {page.pk: audience for audience, page in world.pages.items()}
    pages = dict(Subscriber.objects.values_list("pk", "page_id"))
    for said in contents.everything():
        subscriber = granting.subscriber_id(said.grant)
        if subscriber is None:
            continue  # alerts of operators
        audience = by_page[pages[subscriber]]
        yield Shown(audience, f"a message by {said.channel}", said.text)


def _guesses(world: World, now: datetime) -> Iterator[str]:
    """Addresses of everything in the world, whoever's it is."""
    for slug in world.slugs:
        yield from (f"/components/{slug}{tail}" for tail in ("", "/30d", ".rss", ".atom", ".ics"))
        yield from (f"/badge/{slug}/{tail}" for tail in ("status.svg", "uptime/30d.json"))
    for ident in world.incidents:
        yield from (f"/incidents/{ident}", f"/incidents/{ident}/postmortem")
        yield f"/subscribe?follow={ident}"
    yield from (f"/maintenance/{ident}" for ident in world.works)
    month = f"{now:%Y-%m}"
    yield from (
        "/live",
        "/history",
        f"/history/{month}",
        f"/history/{month}/incidents",
        "/history.rss",
        "/history.atom",
        "/feed",
        "/maintenance",
        "/maintenance.ics",
        "/status.json",
        "/api/v2/summary.json",
        "/api/v2/incidents.json",
        "/api/v2/scheduled-maintenances.json",
        *(f"/api/v2/{name}.json" for name in addresses.V2_NAMES),
        "/status/text",
        "/badge/icon",
        "/badge/color",
        "/badge/status.svg",
        "/embed/status.json",
        "/embed/frame",
        "/preview.png",
        "/oembed?url=http://localhost/",
        "/api",
        "/openapi.json",
        "/badge/uptime/30d.json",
        "/statements",
        f"/statements/{month}",
        f"/statements/{month}.csv",
        "/access",
        "/subscribe",
        "/subscriptions",
        "/nothing-here",
    )


def _signed_in(page: Page, mailbox: str, now: datetime, *, host: str = _HOST) -> Client:
    opened = sessions.open_session(page=page, mailbox=mailbox, host=host, earlier_key="", now=now)
    browser = Client(headers={"host": host})
    browser.cookies[sessions.cookie_name(page)] = opened.key
    return browser


def _get(browser: Client, path: str, **environ: Any) -> str:
    """The answer with its headers, as text."""
    answer = browser.get(path, **environ)
    body = b"".join(answer) if isinstance(answer, StreamingHttpResponse) else answer.content
    headers = "\n".join(f"{name}: {value}" for name, value in answer.items())
    return f"{headers}\n\n{body.decode('utf-8', errors='replace')}"


def _without(text: str, path: str) -> str:
    """The text without the names in the path that was asked for, which a form hands on."""
    for part in re.split(r"[/.?=]", path):
        if len(part) > 4:
            text = text.replace(part, "")
    return text
