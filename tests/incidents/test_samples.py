"""What a composer shows of each message before it is sent, and the HTML mail in a tab of its own."""

import json
from datetime import datetime, timedelta

import pytest
from django.apps import apps
from django.test import Client

from incidents.models import Incident, Maintenance
from subscribers import fanout
from subscribers.models import Integration
from tests import build

pytestmark = [pytest.mark.django_db, pytest.mark.req("AMB-15", "Q2")]
Delivery = apps.get_model("notifications", "Delivery")
TYPED = {"title": "Trouble <b>", "text": "We **look** at it.", "state": "investigating"}


@pytest.fixture
def console(client: Client) -> Client:
    client.force_login(build.operator())
    return client


def _mail(console: Client, path: str, **typed: str) -> str:
    answer = console.post(path, TYPED | typed | {"do": "mail"})
    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "sandbox", "form-action 'none'"} <= set(policy)
    assert answer.headers["X-Frame-Options"] == "DENY"
    return answer.content.decode()


def test_the_mail_of_a_report_opens_as_it_looks_and_saves_nothing(console: Client) -> None:
    shown = console.get("/admin/incidents/report/").content.decode()
    assert (
        'form="report" formaction="/admin/incidents/report/preview/" formtarget="_blank"' in shown
    )

    mail = _mail(console, "/admin/incidents/report/preview/")

    assert "<strong>look</strong>" in mail
    assert "Trouble &lt;b&gt;" in mail
    assert "{candor:" not in mail
    assert not Incident.objects.exists()


def test_an_update_and_a_past_incident_have_their_mail(console: Client, now: datetime) -> None:
    incident = build.incident(components={build.component(): None}, title="It is slow", now=now)
    path = f"/admin/incidents/{incident.public_id}/update/preview/"
    shown = console.get(f"/admin/incidents/{incident.public_id}/update/").content.decode()
    assert f'formaction="{path}"' in shown
    assert "It is slow" in _mail(console, path)

    shown = console.get("/admin/incidents/past/").content.decode()
    assert 'formaction="/admin/incidents/past/"' in shown
    assert "Trouble" in _mail(console, "/admin/incidents/past/")
    assert Incident.objects.count() == 1


def test_maintenance_has_its_mail_as_well(console: Client) -> None:
    times = {"starts_at": "2026-12-01T10:00", "ends_at": "2026-12-01T11:00", "notify": "on"}
    mail = _mail(console, "/admin/maintenance/preview/", **times)
    assert "Trouble &lt;b&gt;" in mail
    assert not Maintenance.objects.exists()


def test_what_x_and_hooks_would_get_is_what_they_get(console: Client, now: datetime) -> None:
    build.subscriber(channel="webhook", address="hook.example.com")
    Integration.objects.create(kind="x", is_enabled=True)
    long_text = "It is slow. " * 40
    shown = console.post("/admin/incidents/report/preview/", TYPED | {"text": long_text})
    samples = shown.context["preview"].samples
    build.incident(title=TYPED["title"], text=long_text, now=now + timedelta(days=1))
    fanout.expand(now=now + timedelta(days=1))

    post = samples.post.splitlines()
    assert post[0] == Delivery.objects.get(channel="x").content["subject"]
    assert post[-1].startswith("http")
    assert post[-2].endswith("…")
    hook = json.loads(samples.webhook)
    sent = Delivery.objects.get(channel="webhook").content["payload"]
    assert hook.keys() == sent.keys()
    assert hook["data"].keys() == sent["data"].keys()
    assert hook["data"]["title"] == sent["data"]["title"] == TYPED["title"]
    page = shown.content.decode()
    assert "&quot;title&quot;: &quot;Trouble &lt;b&gt;&quot;" in page
