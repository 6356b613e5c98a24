"""Who is mailed when a replica dies: its own switch, its addresses, a test, and the last mail's fate."""

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from accounts.models import User
from monitoring import alert_channels
from monitoring.models import AlertChannel
from notifications import reading

pytestmark = pytest.mark.django_db
WARNING = "Nobody is alerted when a replica dies."


def save(client: Client, **fields: str) -> str:
    posted = {"is_enabled": "on", "recipients": "ops@acme.example", "tells_recovery": "on"} | fields
    posted = {name: value for name, value in posted.items() if value}
    return client.post("/admin/alerts/", posted, follow=True).content.decode()


@pytest.mark.req("A12", "F3")
def test_several_addresses_are_saved_and_nothing_warns_any_more(
    client: Client, operator: User
) -> None:
    assert WARNING in client.get("/admin/alerts/").content.decode()
    page = save(client, recipients="ops@acme.example\r\n\r\non-call@acme.example, ops@acme.example")
    assert WARNING not in page
    channel = AlertChannel.objects.get()
    assert channel.recipients == ["ops@acme.example", "on-call@acme.example"]
    assert LogEntry.objects.filter(user=operator).exists()


@pytest.mark.parametrize("fields", [{"is_enabled": ""}, {"recipients": ""}])
def test_a_channel_that_is_off_or_empty_warns(
    client: Client, operator: User, fields: dict[str, str]
) -> None:
    assert WARNING in save(client, **fields)


def test_a_bad_address_is_named_and_nothing_is_saved(client: Client, operator: User) -> None:
    page = save(client, recipients="ops@acme.example\nnowhere")
    assert "“nowhere” is not an e-mail address." in page
    assert "ops@acme.example\nnowhere" in page
    assert not AlertChannel.objects.exists()


def test_before_anything_is_saved_the_operator_is_suggested(client: Client, operator: User) -> None:
    assert operator.email in client.get("/admin/alerts/").content.decode()
    assert not AlertChannel.objects.exists()


def test_a_test_mail_goes_to_everybody_and_its_fate_is_shown(
    client: Client, operator: User, mailoutbox: list[object]
) -> None:
    save(client, recipients="ops@acme.example\non-call@acme.example", is_enabled="")
    page = client.post("/admin/alerts/test/", follow=True).content.decode()
    assert "on its way to 2 addresses" in page
    assert "waiting" in page
    last = reading.last_to(channel=alert_channels.EMAIL, addresses=["ops@acme.example"])
    assert last is not None
    assert last.is_waiting


def test_each_press_of_the_button_is_a_test_of_its_own(client: Client, operator: User) -> None:
    save(client)
    for _ in range(2):
        client.post("/admin/alerts/test/")
    assert reading.recent(now=timezone.now()).waiting == 2


def test_without_addresses_there_is_nobody_to_test(client: Client, operator: User) -> None:
    page = client.post("/admin/alerts/test/", follow=True).content.decode()
    assert "nobody to send a test to" in page
    assert client.get("/admin/alerts/test/").status_code == 405
