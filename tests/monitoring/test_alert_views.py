"""The "Team alerts" screens of the console, as an operator uses them."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry
from monitoring import alert_channels, recording
from monitoring.models import AlertChannel, AlertSettings, HealthHook
from notifications.channels import CHANNELS
from tests import build
from tests.monitoring.observing import refused

pytestmark = pytest.mark.django_db
SLACK = "https://hooks.slack.com/services/T000/B000/very-secret"
HOOK = "https://hooks.example.com/status?key=very-secret"


@pytest.fixture
def operator(client: Client) -> Client:
    client.force_login(build.operator())
    return client


def deliveries() -> list[Any]:
    return list(apps.get_model("notifications", "Delivery").objects.order_by("id"))


def add_slack(operator: Client, **fields: str) -> AlertChannel:
    typed = {"is_enabled": "on", "tells_recovery": "on", "value_url": SLACK} | fields
    answer = operator.post(reverse("admin:channel_add", args=["slack"]), typed)
    assert answer.status_code == 302, answer.content.decode()
    return AlertChannel.objects.latest("pk")


@pytest.mark.req("F2")
@pytest.mark.parametrize("kind", [kind for kind, _ in alert_channels.kinds()])
def test_every_channel_has_a_pane_made_of_what_it_declares(operator: Client, kind: str) -> None:
    page = operator.get(reverse("admin:channel_add", args=[kind])).content.decode()
    for field in CHANNELS[kind].fields:
        assert f'name="value_{field.name}"' in page
    empty = operator.post(reverse("admin:channel_add", args=[kind]), {"name": "Mine"})
    assert empty.status_code == 422, "a channel that nothing was entered for"


@pytest.mark.req("F2", "F4")
def test_a_secret_is_stored_sealed_kept_replaced_and_never_shown(operator: Client) -> None:
    channel = add_slack(operator)
    assert "very-secret" not in channel.sealed
    edit = reverse("admin:channel_edit", args=[channel.pk])
    for page in (operator.get(edit), operator.get(reverse("admin:team_alerts"))):
        assert "very-secret" not in page.content.decode()

    operator.post(edit, {"is_enabled": "on", "value_url": ""})
    channel.refresh_from_db()
    assert channel.secrets["url"] == SLACK
    assert not channel.tells_recovery

    operator.post(edit, {"is_enabled": "on", "value_url": SLACK + "-new"})
    channel.refresh_from_db()
    assert channel.secrets["url"] == SLACK + "-new"
    assert "very-secret" not in "".join(str(entry.changes) for entry in AuditEntry.objects.all())


def test_what_a_channel_refuses_is_shown_at_its_field_without_the_secret(operator: Client) -> None:
    answer = operator.post(
        reverse("admin:channel_add", args=["slack"]), {"value_url": "https://evil.example/secret"}
    )
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "hooks.slack.com" in page
    assert "evil.example/secret" not in page
    assert not AlertChannel.objects.exists()


@pytest.mark.req("F1", "F2")
def test_each_channel_has_its_own_switch_and_all_that_are_on_are_told(
    operator: Client, now: datetime
) -> None:
    slack = add_slack(operator)
    operator.post(
        reverse("admin:channel_add", args=["email"]),
        {"is_enabled": "on", "value_recipients": "ops@example.com\ncto@example.com"},
    )
    recording.record(observations=[refused(build.replica(), now)], now=now)
    assert sorted(row.channel for row in deliveries()) == ["email", "email", "slack"]

    operator.post(reverse("admin:channel_switch", args=[slack.pk]))
    later = now + timedelta(seconds=1)
    recording.record(observations=[refused(build.replica(), later)], now=later)
    assert sorted(row.channel for row in deliveries()[3:]) == ["email", "email"]
    operator.post(reverse("admin:channel_switch", args=[slack.pk]), {"on": "1"})
    assert AlertChannel.objects.get(pk=slack.pk).is_enabled


def test_a_test_is_sent_also_while_off_and_its_fate_is_shown(operator: Client) -> None:
    channel = add_slack(operator, is_enabled="")
    operator.post(reverse("admin:channel_test", args=[channel.pk]))
    (row,) = deliveries()
    assert row.message["subject"].endswith("Test of the team alerts")
    type(row).objects.update(
        state="failed", next_attempt_at=None, last_error="Slack answered 404: no_team."
    )
    page = operator.get(reverse("admin:team_alerts")).content.decode()
    assert "Slack answered 404: no_team." in page


def test_a_channel_whose_secrets_cannot_be_read_is_shown_and_harms_nobody(
    operator: Client, now: datetime
) -> None:
    broken = add_slack(operator)
    AlertChannel.objects.filter(pk=broken.pk).update(sealed="not readable")
    AlertChannel.objects.create(kind="email", recipients=["ops@example.com"])
    recording.record(observations=[refused(build.replica(), now)], now=now)
    assert [row.channel for row in deliveries()] == ["email"]
    assert "cannot be read any more" in operator.get(reverse("admin:team_alerts")).content.decode()
    edit = reverse("admin:channel_edit", args=[broken.pk])
    assert operator.get(edit).status_code == 200
    assert operator.post(edit, {"is_enabled": "on", "value_url": SLACK}).status_code == 302


def test_a_channel_is_removed_on_post_only(operator: Client) -> None:
    channel = add_slack(operator)
    remove = reverse("admin:channel_remove", args=[channel.pk])
    assert operator.get(remove).status_code == 200
    assert AlertChannel.objects.exists()
    operator.post(remove)
    assert not AlertChannel.objects.exists()


def test_reminders_are_chosen_on_the_screen(operator: Client) -> None:
    url = reverse("admin:team_alerts")
    typed = {
        "reminder_interval_s": "600",
        "reminder_backoff": "square",
        "reminder_limit": "4",
        "dependency_window_s": "30",
    }
    assert operator.post(url, typed).status_code == 302
    row = AlertSettings.objects.get()
    assert (row.reminder_interval_s, row.reminder_backoff, row.dependency_window_s) == (
        600,
        "square",
        30,
    )
    assert operator.post(url, typed | {"reminder_backoff": "often"}).status_code == 422


@pytest.mark.req("G9")
def test_a_health_hook_is_added_tested_and_its_attempts_are_seen(operator: Client) -> None:
    typed = {"is_enabled": "on", "name": "Router", "value_url": HOOK}
    answer = operator.post(reverse("admin:hook_add"), typed, follow=True)
    hook = HealthHook.objects.get()
    page = answer.content.decode()
    assert hook.secrets["secret"] in page, "a secret that was made is shown once"
    edit = reverse("admin:hook_edit", args=[hook.pk])
    assert hook.secrets["secret"] not in operator.get(edit).content.decode()

    operator.post(reverse("admin:hook_test", args=[hook.pk]))
    (row,) = deliveries()
    assert row.message["payload"]["event"] == "status:health:test"
    type(row).objects.update(attempts=3, last_error="hooks.example.com answered 503.")
    page = operator.get(edit).content.decode()
    assert "hooks.example.com answered 503." in page
    assert "very-secret" not in page

    secret = hook.secrets["secret"]
    operator.post(edit, {"name": "Router 2"})
    hook.refresh_from_db()
    assert (hook.name, hook.is_enabled, hook.secrets["secret"]) == ("Router 2", False, secret)
    operator.post(reverse("admin:hook_remove", args=[hook.pk]))
    assert not HealthHook.objects.exists()


def test_two_hooks_of_one_name_are_refused(operator: Client) -> None:
    typed = {"is_enabled": "on", "name": "Router", "value_url": HOOK}
    operator.post(reverse("admin:hook_add"), typed)
    assert operator.post(reverse("admin:hook_add"), typed).status_code == 422
    assert HealthHook.objects.count() == 1


def test_a_node_gets_dependencies_and_a_mute_but_no_circle(operator: Client) -> None:
    parent, child = build.node(name="Database"), build.node(name="Shop")
    url = reverse("admin:node_alerts", args=[child.pk])
    assert "Database" in operator.get(url).content.decode()
    until = timezone.localtime(timezone.now() + timedelta(hours=1))
    typed = {"depends_on": [parent.pk], "muted_until": f"{until:%Y-%m-%dT%H:%M}"}
    assert operator.post(url, typed).status_code == 302
    child.refresh_from_db()
    assert list(child.depends_on.all()) == [parent]
    assert child.muted_until is not None

    back = reverse("admin:node_alerts", args=[parent.pk])
    assert operator.post(back, {"depends_on": [child.pk]}).status_code == 422
    assert not parent.depends_on.exists()


def test_only_those_who_may_change_alerts_see_the_screens(client: Client) -> None:
    client.force_login(build.operator(is_superuser=False))
    names: list[tuple[str, list[Any]]] = [
        ("team_alerts", []),
        ("channel_add", ["slack"]),
        ("hook_add", []),
    ]
    for name, args in names:
        assert client.get(reverse(f"admin:{name}", args=args)).status_code == 403


def test_a_button_is_a_sentence_and_keeps_the_capitals_of_proper_names(operator: Client) -> None:
    AlertChannel.objects.create(kind="email", name="Night shift")
    page = operator.get(reverse("admin:team_alerts")).content.decode()
    for button in (
        "Add e-mail",
        "Add webhook",
        "Add Slack",
        "Add Microsoft Teams",
        "Add PagerDuty",
    ):
        assert f">{button}</a>" in page
    assert '<th scope="row">E-mail Night shift</th>' in page, "at the head of its row"
    assert "over e-mail Night shift" in page
