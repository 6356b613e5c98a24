"""Who is told when a replica dies: the screen says so, and says when it is nobody."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from components import catalogue
from monitoring.models import AlertChannel, AlertSettings

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


@pytest.mark.req("U1", "U4")
def test_the_warning_in_other_places_has_a_switch_and_a_delay_that_are_published(
    client: Client, operator: User
) -> None:
    url, before = reverse("admin:warning_edit"), catalogue.page().revision
    page = client.post(url, {"warns_after_s": "60"}, follow=True).content.decode()
    row = AlertSettings.objects.get()
    assert (row.warns, row.warns_after_s) == (False, 60)
    assert catalogue.page().revision > before
    assert 'value="60"' in page

    refused = client.post(url, {"warns": "on", "warns_after_s": "-1"})
    assert refused.status_code == 422
    assert "greater than or equal to 0" in refused.content.decode()
    assert AlertSettings.objects.get().warns is False


def test_saving_reminders_leaves_the_warning_alone(client: Client, operator: User) -> None:
    AlertSettings.objects.create(warns=False, warns_after_s=42)
    client.post(
        reverse("admin:team_alerts"),
        {"reminder_backoff": "none", "reminder_limit": "3", "dependency_window_s": "60"},
    )
    row = AlertSettings.objects.get()
    assert (row.warns, row.warns_after_s, row.reminder_limit) == (False, 42, 3)
