"""Who is told when a replica dies: the screen says so, and says when it is nobody."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from monitoring.models import AlertChannel

pytestmark = pytest.mark.django_db
WARNING = "Nobody is alerted when a replica dies."


def shown(client: Client) -> str:
    return client.get(reverse("admin:team_alerts")).content.decode()


def save(client: Client, **fields: str) -> str:
    posted = {
        "is_enabled": "on",
        "value_recipients": "ops@acme.example",
        "tells_recovery": "on",
    } | fields
    posted = {name: value for name, value in posted.items() if value}
    url = reverse("admin:channel_add", args=["email"])
    return client.post(url, posted, follow=True).content.decode()


@pytest.mark.req("A12", "F3")
def test_several_addresses_are_saved_and_nothing_warns_any_more(
    client: Client, operator: User
) -> None:
    assert WARNING in shown(client)
    save(client, value_recipients="ops@acme.example\r\n\r\non-call@acme.example")
    assert WARNING not in shown(client)
    assert AlertChannel.objects.get().recipients == ["ops@acme.example", "on-call@acme.example"]


@pytest.mark.req("F2")
def test_a_channel_that_is_off_warns(client: Client, operator: User) -> None:
    save(client, is_enabled="")
    assert AlertChannel.objects.exists()
    assert WARNING in shown(client)


def test_a_bad_address_is_named_and_nothing_is_saved(client: Client, operator: User) -> None:
    page = save(client, value_recipients="ops@acme.example\nnowhere")
    assert "“nowhere” is not an e-mail address." in page
    assert "ops@acme.example\nnowhere" in page
    assert not AlertChannel.objects.exists()
