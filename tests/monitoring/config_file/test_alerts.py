"""Channels, health webhooks and alert settings, as a config file says them."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from components.models import Page
from monitoring import alert_channels, health_webhook, muting
from monitoring.config_file import alert_schema, exporting, secret_values, values
from monitoring.config_file.alert_steps import SETTINGS
from monitoring.models import AlertChannel, AlertSettings, HealthHook
from notifications.channels import CHANNELS
from tests.monitoring.config_file.applied import NOW, mistakes, plan

pytestmark = pytest.mark.django_db

SLACK = "https://hooks.slack.com/services/T000/B000/very-secret"
KEY = "whsec_" + "c2VjcmV0" * 4
OTHER_KEY = "whsec_" + "b3RoZXIh" * 4

FILE = """\
alerts:
  email: {to: [ops@example.com]}
  channels:
    email:
      - {name: Night shift, to: [night@example.com], reminders_only: true}
    slack:
      - {url: {env: SLACK_URL}}
      - {name: Second, enabled: false, recovery: false, url: {env: SLACK_URL}}
    telegram:
      - {token: {file: "TELEGRAM"}, chats: ["-100123", "@ops"]}
  health_webhooks:
    - {name: Billing, url: {env: HOOK_URL}, secret: {env: HOOK_SECRET}}
"""


@pytest.fixture
def text(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    monkeypatch.setenv("SLACK_URL", SLACK)
    monkeypatch.setenv("HOOK_URL", "https://billing.example.com/very-secret")
    monkeypatch.setenv("HOOK_SECRET", KEY)
    file = tmp_path / "telegram"
    file.write_text("123456:ABC-DEF-very-secret-0123\n", encoding="utf-8")
    return FILE.replace("TELEGRAM", str(file))


@pytest.mark.req("F2")
def test_channels_and_receivers_are_added_and_stay_when_applied_again(text: str) -> None:
    assert (
        plan(text)
        == """\
+ alert channel email
+ alert channel email Night shift
+ alert channel slack
+ alert channel slack Second
+ alert channel telegram
+ health webhook Billing"""
    )
    night = AlertChannel.objects.get(kind="email", name="Night shift")
    assert (night.recipients, night.reminders_only) == (["night@example.com"], True)
    second = AlertChannel.objects.get(kind="slack", name="Second")
    assert (second.is_enabled, second.tells_recovery) == (False, False)
    assert second.secrets == {"url": SLACK}
    telegram = AlertChannel.objects.get(kind="telegram")
    assert telegram.secrets == {"token": "123456:ABC-DEF-very-secret-0123"}
    assert telegram.options == {"chats": "-100123\n@ops"}
    assert HealthHook.objects.get().secrets["secret"] == KEY
    assert plan(text, prunes=True) == ""


def test_what_differs_is_told_without_a_secret(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plan(text)
    monkeypatch.setenv("SLACK_URL", SLACK + "-new")

    changed = plan(text.replace('["-100123", "@ops"]', '["@ops"]').replace("enabled: false, ", ""))

    assert (
        changed
        == """\
~ alert channel slack
    url: stored → env SLACK_URL (values are not shown)
~ alert channel slack Second
    url: stored → env SLACK_URL (values are not shown)
    enabled: false → true
~ alert channel telegram
    chats: [-100123, @ops] → [@ops]"""
    )
    assert AlertChannel.objects.get(kind="slack", name="").secrets["url"] == SLACK + "-new"


def test_an_export_says_of_secrets_that_they_are_stored_and_changes_nothing(text: str) -> None:
    plan(text)

    exported = exporting.export(now=NOW)

    assert "very-secret" not in exported
    assert KEY not in exported
    assert "url: {stored: true}" in exported
    assert plan(exported, prunes=True) == ""
    assert AlertChannel.objects.get(kind="slack", name="").secrets["url"] == SLACK


def test_what_is_not_stored_cannot_be_kept(text: str, settings: Settings) -> None:
    plan(text)
    exported = exporting.export(now=NOW)
    settings.SECRET_KEY = "another key"

    lines = mistakes(exported).splitlines()

    assert len(lines) == 5
    assert all("No value is stored that could be kept." in line for line in lines)
    plan(text)
    assert AlertChannel.objects.get(kind="slack", name="").secrets["url"] == SLACK


def test_a_file_without_the_list_touches_no_channel_and_browsers_stay_always(text: str) -> None:
    plan(text)
    AlertChannel.objects.create(kind="webpush", options={"operators": []})

    assert plan("alerts: {email: {to: [ops@example.com]}}", prunes=True) == ""
    fewer = "alerts: {channels: {telegram: []}, health_webhooks: []}"
    kept = plan(fewer)
    pruned = plan(fewer, prunes=True)

    names = ["slack", "slack Second", "telegram"]
    assert all(f"= alert channel {name}: not in the file, kept" in kept for name in names)
    assert all(f"- alert channel {name}" in pruned for name in names)
    assert "- health webhook Billing" in pruned
    left = AlertChannel.objects.order_by("kind").values_list("kind", "name")
    assert list(left) == [("email", ""), ("webpush", "")]
    assert not HealthHook.objects.exists()


def test_a_secret_that_changes_stays_beside_the_new_one_until_the_file_says_null(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan(text)
    monkeypatch.setenv("HOOK_SECRET", OTHER_KEY)
    ending = text.replace("{env: HOOK_SECRET}}", "{env: HOOK_SECRET}, previous_secret: null}")

    assert "receivers need time to change over" in mistakes(ending)
    assert "previous_secret: none → the one before (values are not shown)" in plan(text)
    assert health_webhook.stored(HealthHook.objects.get())["previous_secret"] == KEY
    assert plan(text) == ""
    assert "previous_secret: stored → none" in plan(ending)
    assert not health_webhook.stored(HealthHook.objects.get()).get("previous_secret")
    assert plan(ending) == ""


def test_everything_that_is_wrong_with_a_reference_is_told_with_its_line(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_URL", "https://evil.example/very-secret")
    monkeypatch.delenv("HOOK_URL")
    monkeypatch.setenv("HOOK_SECRET", "very-secret")
    (tmp_path / "telegram").write_bytes(b"\xff")

    told = mistakes(text)

    assert "very-secret" not in told
    assert re.findall(r"^alerts\.(\S+), line (\d+): (.*)$", told, re.MULTILINE) == [
        (
            "channels.slack[0].url",
            "7",
            "The address has to be at hooks.slack.com or hooks.slack-gov.com.",
        ),
        (
            "channels.slack[1].url",
            "8",
            "The address has to be at hooks.slack.com or hooks.slack-gov.com.",
        ),
        ("channels.telegram[0].token", "10", f"{tmp_path / 'telegram'} is not UTF-8 text."),
        ("health_webhooks[0].url", "12", "The environment variable HOOK_URL is not set."),
    ]
    assert not AlertChannel.objects.exists()
    (tmp_path / "telegram").unlink()
    assert f"{tmp_path / 'telegram'} cannot be read: No such file" in mistakes(text)


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("slack: [{url: 'https://hooks.slack.com/very-secret'}]", "does not belong in the file"),
        ("slack: [{url: {env: A, file: /b}}]", "Write one of {env: NAME}"),
        ("slack: [{url: {}}]", "Write one of {env: NAME}"),
        ("slack: [{url: {stored: false}}]", "Write one of {env: NAME}"),
        ("slack: [{url: {env: 'A B'}}]", "not the name of an environment variable"),
        ("slack: [{url: {file: b}}]", "Write the whole path of the file, from / on."),
        ("slack: [{url: {envv: A}}]", "Did you mean env?"),
        ("slack: [{name: a}]", "url is missing."),
        ("slack: [{url: null}]", "does not belong in the file"),
        ("slac: []", "Did you mean slack?"),
        ("webpush: []", "webpush is not a known key."),
        ("email: [{to: [a@example.com]}]", "name is missing."),
        ("telegram: [{token: {env: A}, chats: []}]", "needs 1"),
        ("telegram: [{token: {env: A}, chats: [-100]}]", "put it into quotes"),
        ("slack: [{url: {env: A}}, {url: {env: B}}]", "This slack name is already used by"),
        ("webhook: [{url: {env: A}}]", "secret is missing."),
    ],
)
def test_a_channel_of_the_wrong_shape_is_told_in_plain_words(section: str, words: str) -> None:
    told = mistakes(f"alerts:\n  channels:\n    {section}\n")

    assert "alerts.channels." in told
    assert ", line 3: " in told
    assert words in told
    assert "very-secret" not in told


def test_the_keys_of_a_channel_are_those_that_its_module_declares() -> None:
    sections = values.keys(alert_schema.Channels)
    assert set(sections) == {kind for kind, _ in alert_channels.kinds()}
    common = set(values.keys(alert_schema.Channel))
    for kind, section in sections.items():
        assert section is not None
        declared = {secret_values.key(each.name): each for each in CHANNELS[kind].fields}
        assert set(values.keys(section)) - common == set(declared)
        for key, each in declared.items():
            is_reference = values.keys(section)[key] is alert_schema.Secret
            assert is_reference == each.is_secret, (kind, key)


def test_settings_are_set_and_a_mute_of_reminders_stays_when_left_out() -> None:
    text = (
        "alerts: {reminders: {interval_s: 600, backoff: linear, escalates: true},"
        " grouping: {window_s: 90}, warning: {after_s: 60}}"
    )
    revision = Page.objects.get().revision if Page.objects.exists() else 0

    assert (
        plan(text)
        == """\
~ alert settings
    reminders.interval_s: none → 600
    reminders.backoff: none → linear
    reminders.escalates: false → true
    grouping.window_s: 60 → 90
    warning.after_s: 180 → 60"""
    )
    assert plan(text) == ""
    assert Page.objects.get().revision > revision, "the warning is part of what is published"
    muting.mute_reminders(for_s=60, now=NOW)
    assert plan(text) == ""
    assert "muted_until" in exporting.export(now=NOW)
    assert "muted_until" not in exporting.export(now=NOW + timedelta(minutes=2))
    assert plan("alerts: {warning: {enabled: false}}") == (
        "~ alert settings\n    warning.enabled: true → false\n    warning.after_s: 60 → 180"
    )
    row = AlertSettings.objects.get()
    assert (row.reminder_interval_s, row.warns) == (600, False)


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("reminders: {interval_s: 5}", "The least is 10."),
        ("reminders: {backoff: fast}", "Write none or linear or square or cubic."),
        ("grouping: {window_s: 3601}", "The most is 3600."),
        ("warning: {after: 3}", "Did you mean after_s?"),
    ],
)
def test_settings_outside_their_limits_are_refused(section: str, words: str) -> None:
    assert words in mistakes(f"alerts: {{{section}}}")


def test_defaults_of_the_settings_are_those_of_the_database() -> None:
    row = AlertSettings()
    sections = {
        "reminders": alert_schema.Reminders(),
        "grouping": alert_schema.Grouping(),
        "warning": alert_schema.Elsewhere(),
    }
    for name, fields in SETTINGS.items():
        for key, field in fields.items():
            assert getattr(sections[name], key) == getattr(row, field), field
