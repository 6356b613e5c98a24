"""The meter on the screens of an event: live while something is on its way, then still."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.test import Client
from django.utils import timezone

from accounts.models import User
from incidents import maintenance
from incidents.windows import State
from subscribers import fanout
from tests import build

pytestmark = pytest.mark.django_db
Delivery = apps.get_model("notifications", "Delivery")


@pytest.mark.req("O2")
def test_the_screen_of_an_incident_asks_again_until_everybody_has_it(
    client: Client, operator: User
) -> None:
    now = timezone.now()
    for _ in range(2):
        build.subscriber()
    row = build.incident(components={build.component(): None}, now=now)
    page, piece = f"/admin/incidents/{row.public_id}/", f"/admin/incidents/{row.public_id}/meter/"

    shown = client.get(page).content.decode()
    assert "being prepared" in shown
    assert f'hx-get="{piece}" hx-trigger="every 2s"' in shown

    fanout.expand(now=now)
    sent = Delivery.objects.earliest("id")
    Delivery.objects.filter(pk=sent.pk).update(state="sent", sent_at=now, next_attempt_at=None)
    half = client.get(piece).content.decode()
    assert "1 / 2" in half
    assert "within 5 min" in half
    assert "<html" not in half
    assert "every 2s" in half

    Delivery.objects.update(state="sent", sent_at=now, next_attempt_at=None)
    done = client.get(piece).content.decode()
    assert "2 / 2" in done
    assert "kept" in done
    assert "hx-get" not in done


def test_what_waits_for_long_is_asked_for_less_often(client: Client, operator: User) -> None:
    now = timezone.now()
    build.subscriber()
    row = build.incident(components={build.component(): None}, now=now - timedelta(minutes=20))
    fanout.expand(now=now)
    shown = client.get(f"/admin/incidents/{row.public_id}/meter/").content.decode()
    assert "every 30s" in shown
    assert "missed" in shown


def test_the_screen_of_a_maintenance_has_the_meter_of_each_step(
    client: Client, operator: User
) -> None:
    now = timezone.now()
    build.subscriber()
    row = build.maintenance(now=now)
    maintenance.post_update(maintenance=row, state=State.IN_PROGRESS, notify=True, now=now)
    fanout.expand(now=now)
    shown = client.get(f"/admin/maintenance/{row.public_id}/").content.decode()
    assert "Maintenance: scheduled" in shown
    assert "Maintenance: in progress" in shown
    assert "Complete <span> and notify 1</span>" in " ".join(shown.split())
    assert client.get(f"/admin/maintenance/{row.public_id}/meter/").status_code == 200


def test_an_event_that_told_nobody_has_no_meter(client: Client, operator: User) -> None:
    row = build.incident(components={build.component(): None}, notify=False, now=timezone.now())
    assert "event-meter" not in client.get(f"/admin/incidents/{row.public_id}/").content.decode()
