"""From what an operator posts in the console to what arrives: a real mail server, real hooks.

Each test posts through the screens, expands and drains as beat does, and looks only at the sinks.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from components.models import Component
from incidents import due_steps
from incidents.models import Incident, Maintenance
from notifications import delivering
from notifications.channels.webhook import new_secret
from subscribers import fanout, integrations, meter
from tests import build, web
from tests.notifications import post, sinks

pytestmark = pytest.mark.django_db
REPORT = "/admin/incidents/report/"
HOUR = timedelta(hours=1)
KINDS = ("mail", "sms", "hook", "slack", "x")


@dataclass
class Sinks:
    """What has arrived since somebody looked last."""

    mail: sinks.Sink
    server: web.Server
    seen: dict[str, int] = field(default_factory=dict)

    def new(self, *, now: datetime | None = None) -> dict[str, list[str]]:
        """Send what is due and return, by kind, who or what it reached: addresses, numbers, titles."""
        now = now or timezone.now()
        fanout.expand(now=now)
        delivering.drain(now=now)
        found = {
            "mail": [f"{one.recipients[0]} {one.mail['Subject']}" for one in self.mail.received],
            "sms": [got.form["To"] for got in self.server.got if "/Messages.json" in got.path],
            "hook": [got.json["type"] for got in self.server.got if got.path == "/hook"],
            "slack": [got.json["text"] for got in self.server.got if got.path == "/slack"],
            "x": [got.json["text"] for got in self.server.got if got.path == "/2/tweets"],
        }
        fresh = {kind: found[kind][self.seen.get(kind, 0) :] for kind in KINDS}
        self.seen = {kind: len(all_of) for kind, all_of in found.items()}
        return {kind: sorted(all_of) for kind, all_of in fresh.items()}


@pytest.fixture
def arrived(settings: Settings) -> Iterator[Sinks]:
    """A mail server, and one server for text messages, hooks, Slack and X."""

    def reply(got: web.Got) -> bytes:
        if got.path == "/2/oauth2/token":
            told = '{"access_token": "t", "refresh_token": "r", "expires_in": 7200}'
            return web.answer(200, told)
        return web.answer(201, '{"sid": "SM1", "status": "queued", "data": {"id": "1"}}')

    with sinks.sink() as mail, web.server(reply) as server:
        post.use_smtp(settings, mail.port)
        settings.ALLOW_PRIVATE_HOOKS = True
        settings.SLACK_HOSTS = ["127.0.0.1"]
        settings.X_URL, settings.X_CLIENT_ID, settings.X_CLIENT_SECRET = server.url, "app", "s3"
        settings.TWILIO_URL, settings.TWILIO_SID, settings.TWILIO_TOKEN = server.url, "AC1", "t"
        settings.SMS_FROM, settings.SMS_PER_S = "+15550000", 0
        now = timezone.now() - HOUR
        integrations.set_up(kind="slack", values={"url": f"{server.url}/slack"}, now=now)
        integrations.sign_in(kind="x", code="c", verifier="v", now=now)
        for kind in integrations.KINDS:
            integrations.switch(kind=kind, is_enabled=True, now=now)
        yield Sinks(mail=mail, server=server)


@pytest.fixture
def checkout(arrived: Sinks, client: Client) -> Component:
    """A component with one reader by mail, one by phone, one by webhook; and people who chose others."""
    client.force_login(build.operator())
    component, other = build.component(name="Checkout"), build.component(name="Blog")
    build.subscriber(address="alice@example.com", components=[component])
    build.subscriber(channel="sms", address="+491701234567", components=[component])
    build.subscriber(
        channel="webhook",
        address="hook",
        components=[component],
        secrets={"url": f"{arrived.server.url}/hook", "secret": new_secret()},
    )
    build.subscriber(address="blog@example.com", components=[other])
    build.subscriber(address="unconfirmed@example.com", components=[component], state="waiting")
    build.subscriber(
        channel="sms", address="+491700000000", components=[component], state="waiting"
    )
    return component


def _report(component: Component | None, **changed: object) -> dict[str, object]:
    return {
        "do": "publish",
        "title": "Payments fail",
        "state": "investigating",
        "impact": "major",
        "text": "We look at it.",
        "components": [component.pk] if component else [],
        "notify": "on",
    } | changed


def _update(component: Component, state: str) -> dict[str, object]:
    return _report(component, do="post", state=state, text=f"Now {state}.")


@pytest.mark.req("I4", "I11", "I18", "N6", "N12", "O1", "O3", "O4", "O5", "O6", "O7", "Q3", "AMB-8")
def test_an_incident_reaches_each_channel_at_the_stages_of_the_chart(
    client: Client, arrived: Sinks, checkout: Component
) -> None:
    client.post(REPORT, _report(checkout))
    address = f"/admin/incidents/{Incident.objects.get().public_id}/update/"
    everybody = {"sms": ["+491701234567"], "hook": 1, "slack": 1, "x": 1}

    def reached(subject: str) -> dict[str, object]:
        found = arrived.new()
        (mail,) = found["mail"]
        assert mail.startswith("alice@example.com [")
        assert f"] {subject}: Payments fail" in mail
        assert found["slack"][0].startswith(f"{subject}: Payments fail")
        assert found["x"][0].startswith(f"{subject}: Payments fail")
        counted = {kind: len(found[kind]) for kind in ("hook", "slack", "x")}
        return {"sms": found["sms"], **counted}

    assert reached("Investigating") == everybody
    for state, subject in (("identified", "Identified"), ("monitoring", "Monitoring")):
        client.post(address, _update(checkout, state))
        assert reached(subject) == everybody | {"sms": []}
    client.post(address, _update(checkout, "monitoring"))
    assert reached("Monitoring") == everybody | {"sms": []}
    client.post(address, _update(checkout, "resolved"))
    assert reached("Resolved") == everybody
    # Re-opened, it counts as created (AMB-17).
    client.post(address, _update(checkout, "investigating"))
    assert reached("Investigating") == everybody


@pytest.mark.req("O2", "O3", "O5", "O6")
def test_what_arrived_at_once_kept_every_promise(
    client: Client, arrived: Sinks, checkout: Component
) -> None:
    client.post(REPORT, _report(checkout))
    arrived.new()
    topic = f"incident:{Incident.objects.get().public_id}"
    (shown,) = meter.of(topic=topic, now=timezone.now() + HOUR)
    assert {gauge.channel for gauge in shown.gauges} == {"email", "sms", "webhook", "slack", "x"}
    assert all(gauge.sent == gauge.total == 1 for gauge in shown.gauges)
    assert not shown.is_missed


@pytest.mark.req("K3", "O4", "O7")
def test_a_maintenance_tells_its_plan_its_move_a_reminder_its_start_and_its_end(
    client: Client, arrived: Sinks, checkout: Component
) -> None:
    start = (timezone.now() + timedelta(days=1)).replace(minute=0, second=0, microsecond=0)
    plan = {
        "do": "save",
        "title": "Disk swap",
        "text": "We replace a disk.",
        "components": [checkout.pk],
        "zone": "UTC",
        "starts_at": f"{start:%Y-%m-%dT%H:%M}",
        "ends_at": f"{start + HOUR:%Y-%m-%dT%H:%M}",
        "repeat": "once",
        "lead_minutes": ["60"],
        "auto_start": "on",
        "notify": "on",
    }
    client.post("/admin/maintenance/add/", plan)
    row = Maintenance.objects.get()
    address = f"/admin/maintenance/{row.public_id}/"

    def told(*, now: datetime | None = None) -> tuple[list[str], int]:
        """The words before the title in mails, and how many text messages."""
        found = arrived.new(now=now)
        assert len(found["hook"]) == len(found["slack"]) == len(found["x"]) == len(found["mail"])
        words = [one.partition("] ")[2].partition(":")[0] for one in found["mail"]]
        return words, len(found["sms"])

    assert told() == (["Scheduled"], 1)
    later = start + 2 * HOUR
    moved = {
        "starts_at": f"{later:%Y-%m-%dT%H:%M}",
        "ends_at": f"{later + HOUR:%Y-%m-%dT%H:%M}",
    }
    client.post(f"{address}change/", plan | moved)
    assert told() == (["Moved"], 1)
    due_steps.take(now=start)  # the reminder of the old time is not due any more
    assert told() == ([], 0)
    due_steps.take(now=later - HOUR)
    assert told(now=later - HOUR) == (["Reminder"], 0)
    due_steps.take(now=later)
    assert told(now=later) == (["Starting now"], 1)
    client.post(f"{address}verify/")
    assert told(now=later) == (["Maintenance in verification"], 0)
    client.post(f"{address}complete/")
    assert told(now=later) == (["Completed"], 1)


@pytest.mark.req("K3", "K5")
def test_a_reminder_names_the_services_it_is_about(arrived: Sinks, checkout: Component) -> None:
    now = timezone.now().replace(second=0, microsecond=0)
    build.maintenance(now=now, components=[checkout], lead_minutes=(30,))
    due_steps.take(now=now + HOUR / 2)
    arrived.new(now=now + HOUR / 2)

    (letter,) = arrived.mail.received
    assert "- Checkout" in str(letter.mail.get_body(("plain",)))
    (posted,) = [got.json["data"] for got in arrived.server.got if got.path == "/hook"]
    assert [one["name"] for one in posted["components"]] == ["Checkout"]


@pytest.mark.req("K3", "O4")
def test_a_cancelled_maintenance_is_told_and_reminds_nobody(
    client: Client, arrived: Sinks, checkout: Component
) -> None:
    now = timezone.now().replace(second=0, microsecond=0)
    row = build.maintenance(
        now=now, components=[checkout], notify=False, lead_minutes=(30,), title="Disk swap"
    )
    client.post(f"/admin/maintenance/{row.public_id}/cancel/", {"text": "Not now.", "notify": "on"})
    found = arrived.new()
    assert [one.partition("] ")[2] for one in found["mail"]] == ["Cancelled: Disk swap"]
    assert found["sms"] == ["+491701234567"]
    due_steps.take(now=now + HOUR)
    assert not any(arrived.new(now=now + HOUR).values())


@pytest.mark.req("AMB-9", "O7")
def test_a_past_incident_tells_nobody_unless_its_author_says_so(
    client: Client, arrived: Sinks, checkout: Component
) -> None:
    ended = timezone.now() - HOUR
    times = {
        "do": "save",
        "started_at": f"{ended - HOUR:%Y-%m-%dT%H:%M}",
        "resolved_at": f"{ended:%Y-%m-%dT%H:%M}",
    }
    assert not client.get("/admin/incidents/past/").context["form"]["notify"].value()
    quiet = _report(checkout, **times)
    del quiet["notify"]
    client.post("/admin/incidents/past/", quiet)
    assert not any(arrived.new().values())

    client.post("/admin/incidents/past/", _report(checkout, **times, title="Another"))
    found = arrived.new()
    assert [one.partition("] ")[2] for one in found["mail"]] == ["Resolved: Another (1 h 0 min)"]
    assert {kind: len(all_of) for kind, all_of in found.items()} == dict.fromkeys(KINDS, 1)


@pytest.mark.req("AMB-18", "I16")
@pytest.mark.parametrize("is_expanded", [False, True])
def test_what_is_deleted_before_it_leaves_reaches_nobody(
    client: Client, arrived: Sinks, checkout: Component, is_expanded: bool
) -> None:
    client.post(REPORT, _report(checkout))
    if is_expanded:
        fanout.expand(now=timezone.now())
    incident = Incident.objects.get()
    client.post(f"/admin/incidents/{incident.public_id}/delete/", {"typed": "DELETE"})
    assert not Incident.objects.exists()
    assert not any(arrived.new().values())


@pytest.mark.req("AMB-15", "O1")
def test_an_event_without_components_reaches_only_who_wants_everything(
    client: Client, arrived: Sinks, checkout: Component
) -> None:
    build.subscriber(address="everything@example.com")
    client.post(REPORT, _report(None))
    found = arrived.new()
    assert [one.split()[0] for one in found["mail"]] == ["everything@example.com"]
    assert found["sms"] == found["hook"] == []
    assert len(found["slack"]) == len(found["x"]) == 1
