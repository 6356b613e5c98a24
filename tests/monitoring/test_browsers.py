"""Web Push: only the browsers of chosen operators are told (F5)."""

import base64
import os
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.apps import apps
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from accounts.models import User
from monitoring import browsers, recording
from monitoring.models import AlertChannel, Browser
from tests import build
from tests.monitoring.observing import refused

pytestmark = pytest.mark.django_db


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def subscription(endpoint: str = "https://fcm.googleapis.com/fcm/send/abc") -> dict[str, str]:
    """What a browser hands over, with real keys."""
    point = (
        ec.generate_private_key(ec.SECP256R1())
        .public_key()
        .public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    )
    return {"endpoint": endpoint, "p256dh": encoded(point), "auth": encoded(os.urandom(16))}


def connect(user: User, number: int, now: datetime) -> Browser:
    sent = subscription(f"https://fcm.googleapis.com/fcm/send/{number}")
    return browsers.connect(user=user, subscription=sent, name="Firefox, Linux", now=now)


def delivered() -> list[Any]:
    return list(apps.get_model("notifications", "Delivery").objects.order_by("id"))


@pytest.mark.req("F5")
def test_only_the_browsers_of_chosen_operators_are_told(now: datetime) -> None:
    chosen, other, gone = build.operator(), build.operator(), build.operator(is_active=False)
    mine = [connect(chosen, 1, now), connect(chosen, 2, now)]
    connect(other, 3, now)
    connect(gone, 4, now)
    AlertChannel.objects.create(kind="webpush", options={"operators": [chosen.pk, gone.pk]})
    recording.record(observations=[refused(build.replica(), now)], now=now)
    rows = delivered()
    assert {row.address for row in rows} == {browser.address for browser in mine}
    assert all("fcm.googleapis.com/fcm" not in row.sealed for row in rows)


def test_a_browser_is_connected_once_and_only_at_a_push_service(now: datetime) -> None:
    user = build.operator()
    sent = subscription()
    for _ in range(2):
        browsers.connect(user=user, subscription=sent, name="Firefox", now=now)
    assert Browser.objects.count() == 1
    with pytest.raises(ValidationError):
        browsers.connect(
            user=user, subscription=subscription("https://10.0.0.1/push"), name="", now=now
        )


def test_a_browser_that_its_service_calls_gone_is_forgotten(now: datetime) -> None:
    user = build.operator()
    gone, kept = connect(user, 1, now), connect(user, 2, now)
    AlertChannel.objects.create(kind="webpush", options={"operators": [user.pk]})
    recording.record(observations=[refused(build.replica(), now)], now=now)
    delivery = apps.get_model("notifications", "Delivery")
    later = now + timedelta(minutes=1)
    delivery.objects.filter(address=gone.address).update(bounced_at=later)
    assert browsers.forget_gone(now=later) == 1
    assert list(Browser.objects.all()) == [kept]


@pytest.mark.req("F5")
def test_an_operator_connects_this_browser_and_chooses_who_is_told(client: Client) -> None:
    user = build.operator(username="ada")
    client.force_login(user)
    url = reverse("admin:push_alerts")
    assert "data-push-key" in client.get(url).content.decode()
    sent = subscription()
    body = {
        "endpoint": sent["endpoint"],
        "keys": {"p256dh": sent["p256dh"], "auth": sent["auth"]},
        "name": "Firefox, Linux",
    }
    connect_url = reverse("admin:push_connect")
    assert client.post(connect_url, body, content_type="application/json").status_code == 201
    for broken in ({}, {"endpoint": "x", "keys": []}, [1]):
        answer = client.post(connect_url, broken, content_type="application/json")
        assert answer.status_code in {400, 422}
    assert client.post(url, {"is_enabled": "on", "operators": [user.pk]}).status_code == 302
    page = client.get(url).content.decode()
    assert "Firefox, Linux" in page
    assert sent["auth"] not in page
    assert "Firefox, Linux" in client.get(reverse("admin:team_alerts")).content.decode()

    (browser,) = Browser.objects.all()
    client.force_login(build.operator())
    client.post(reverse("admin:push_disconnect", args=[browser.pk]))
    assert Browser.objects.exists(), "somebody else's browser"
    client.force_login(user)
    client.post(reverse("admin:push_disconnect", args=[browser.pk]))
    assert not Browser.objects.exists()


def test_the_worker_is_served_at_the_root_as_a_script(client: Client) -> None:
    answer = client.get("/push-worker.js")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert b"showNotification" in answer.content
