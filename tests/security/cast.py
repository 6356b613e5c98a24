"""Who asks in the authorisation matrix, and one object of everything that an address can name."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.test import Client

from accounts.models import Invitation
from accounts.roles import Role
from catalog.models import Attribute, CatalogType, Entry, PageSource
from components.models import Component, Page, PageHost
from customer_pages import readers
from customer_pages.models import Reader, ReaderToken
from incidents.models import Announcement, EventTemplate
from monitoring import tokens
from monitoring.models import (
    AlertChannel,
    AlertRule,
    Browser,
    Finding,
    HealthHook,
    Location,
    TokenKind,
)
from subscribers import proofs, visits
from subscribers.models import Purpose, Reason, Suppression
from tests import build
from tests.customer_pages import people

# In this order the columns of the table stand.
ACTORS = (
    "anonymous",
    "customer of A",
    "customer of B",
    "subscriber of A",
    "reporter",
    "no role",
    "viewer",
    "responder",
    "owner",
)

OWN_HOST = "status.acme.example"


@dataclass
class Cast:
    """The browsers by actor, and for each place in an address a function from the route to a value.

    Everything that is a customer's is A's: whoever is B must not get at it.
    """

    browsers: dict[str, Client]
    values: Mapping[str, Callable[[str], str]] = field(default_factory=dict)


def play(now: datetime) -> Cast:
    """Set up the world: two customers with a component each, and all the rest of it."""
    own = build.component(name="Of A", slug="of-a")
    page_a = people.customer_page("acme", ["acme.com"], components=[own])
    page_b = people.customer_page("beta", ["beta.com"], components=[build.component()])
    browsers = {actor: Client(raise_request_exception=False) for actor in ACTORS}
    browsers["customer of A"] = people.signed_in_by_mail(page_a, "ada@acme.com")  # and a delivery
    browsers["customer of B"] = people.signed_in(page_b, "bob@beta.com")
    for browser in browsers.values():
        browser.raise_request_exception = False
    subscriber = build.subscriber(page=page_a, address="ada@acme.com", holder="ada@acme.com")
    visit = proofs.issue(
        subscriber=subscriber, purpose=Purpose.VISIT, now=people.clock(), lives=visits.LIVES
    )
    browsers["subscriber of A"].cookies[visits.COOKIE] = visit.token
    node = build.node(component=own, mode="push")
    token, secret = tokens.create(kind=TokenKind.REPORTER, node=node, now=now)
    basic = base64.b64encode(f":{secret}".encode()).decode()
    browsers["reporter"].defaults["HTTP_AUTHORIZATION"] = f"Basic {basic}"
    staff = {
        "no role": build.operator(role=""),
        "viewer": build.operator(role=Role.VIEWER),
        "responder": build.operator(role=Role.RESPONDER),
        "owner": build.operator(role=Role.OWNER),
    }
    for actor, user in staff.items():
        browsers[actor].force_login(user)
        browsers[actor].get(
            "/admin/jsi18n/"
        )  # so who was seen is written here, not by each request
    found = _values(page_a, own, now) | {
        "subscriber_id": lambda _route: str(subscriber.pk),
        "token_id": lambda _route: str(token.pk),
        "node_id": lambda _route: str(node.pk),
        "member_id": lambda _route: str(staff["viewer"].pk),
        "browser_id": lambda _route: str(_browser(staff["owner"], now).pk),
        "session_id": lambda _route: str(page_a.sessions.get().pk),
    }
    return Cast(browsers=browsers, values=found)


def _values(page: Page, own: Component, now: datetime) -> dict[str, Callable[[str], str]]:
    incident = build.incident(components={own: None}, now=now)
    work = build.maintenance(components=[own], now=now)
    replica = build.replica(node=build.node(component=own))
    entry = Entry.objects.get(made__page=page)
    attribute = Attribute.objects.filter(type=entry.type).first()
    assert attribute is not None

    def event(route: str) -> str:
        return work.public_id if "maintenance/" in route else incident.public_id

    def entry_of_event(route: str) -> str:
        rows = work.updates if "maintenance/" in route else incident.updates
        return str(rows.order_by("pk")[0].public_id)

    rows: dict[str, Any] = {
        "component_id": own,
        "replica_id": replica,
        "page_id": page,
        "type_id": CatalogType.objects.get(pk=entry.type_id),
        "entry_id": entry,
        "attribute_id": attribute,
        "source_id": PageSource.objects.get(type=entry.type_id),
        "host_id": PageHost.objects.create(page=page, name=OWN_HOST, challenge="x", created_at=now),
        "channel_id": AlertChannel.objects.create(kind="email", recipients=["ops@example.com"]),
        "rule_id": AlertRule.objects.create(labels={"a": "b"}),
        "hook_id": HealthHook.objects.create(name="hook"),
        "finding_id": Finding.objects.create(
            kind="late", subject="incident:1", sentence="It is late.", found_at=now
        ),
        "announcement_id": Announcement.objects.create(
            title="News", text="Text", starts_at=now, created_at=now
        ),
        "template_id": EventTemplate.objects.create(
            name="One", title="T", text="t", created_at=now
        ),
        "suppression_id": Suppression.objects.create(
            channel="email", canonical="x@example.com", reason=Reason.OPERATOR, created_at=now
        ),
        "invitation_id": Invitation.objects.create(
            email="new@example.com",
            role=Role.VIEWER,
            token_digest="0" * 64,
            created_at=now,
            expires_at=now + timedelta(days=1),
        ),
        "location_id": Location.objects.create(name="Here", slug="here"),
    }
    reader = readers.make(page=page, mailbox="ada@acme.com", reads=Reader.FEED, now=now)
    return {name: _always(str(row.pk)) for name, row in rows.items()} | {
        "address": _always(str(page.address)),
        "public_id": event,
        "incident_id": _always(incident.public_id),
        "maintenance_id": _always(work.public_id),
        "group_id": _always("1"),
        "delivery_id": _always("1"),
        "type_key": _always("customer"),
        "entry_key": _always("acme"),
        "attribute_key": _always("name"),
        "update_id": entry_of_event,
        "rest": lambda route: "components/of-a" if "read/" not in route else "history.rss",
        "month": _always(f"{people.clock():%Y-%m}"),
        "number": lambda route: (
            str(ReaderToken.objects.get().pk) if route.startswith("p/") else "1"
        ),
        "pk": _always("1"),
        "provider": _always("twilio"),
        "token": lambda route: reader if "read/" in route else "x" * 43,
        "who": _always("x" * 40),
        "ident": _always("1"),
        "status": _always("operational"),
        "url": _always("nowhere"),
        "name": _always("0" * 20),
        "kind": lambda route: {"alerts": "email", "branding": "png"}.get(
            route.split("/")[1], "slack"
        ),
        "app_label": _always("components"),
        "content_type_id": _always(str(ContentType.objects.get_for_model(Component).pk)),
        "object_id": _first_of_model,
    }


def _first_of_model(route: str) -> str:
    """A row of the model that a stock screen of the admin is about; 0 where there is none."""
    app, _, model = route.removeprefix("admin/").partition("/")
    if app == "r":
        return str(Component.objects.order_by("pk")[0].pk)
    rows = apps.get_model(app, model.partition("/")[0])._default_manager.order_by("pk")
    return str(rows.values_list("pk", flat=True).first() or 0)


def _always(value: str) -> Callable[[str], str]:
    return lambda _route: value


def _browser(user: Any, now: datetime) -> Browser:
    row, _ = Browser.objects.get_or_create(
        digest="1" * 64,
        defaults={
            "user": user,
            "name": "Chromium",
            "address": "chromium",
            "sealed": "x",
            "created_at": now,
        },
    )
    return row
