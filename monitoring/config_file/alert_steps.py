"""The steps that bring channels, health webhooks and alert settings to what the file says."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from components import catalogue
from monitoring import alert_channels, alerting, browsers, health_webhook
from monitoring.config_file import alert_schema, secret_values
from monitoring.config_file.problems import Path
from monitoring.config_file.run import Run, differences
from monitoring.config_file.values import Section
from monitoring.models import AlertChannel, HealthHook
from notifications.channels import CHANNELS

# Keys in the file, and the fields of AlertSettings they stand for.
SETTINGS: Mapping[str, Mapping[str, str]] = {
    "reminders": {
        "interval_s": "reminder_interval_s",
        "backoff": "reminder_backoff",
        "limit": "reminder_limit",
        "escalates": "escalates",
        "muted_until": "muted_until",
    },
    "grouping": {"window_s": "dependency_window_s"},
    "warning": {"enabled": "warns", "after_s": "warns_after_s"},
}
_FLAGS = {
    "enabled": "is_enabled",
    "recovery": "tells_recovery",
    "reminders_only": "reminders_only",
}


def change_alerts(run: Run) -> None:
    """Bring everything under `alerts` to what the file says; a section that is left out stays."""
    alerts = run.loaded.document.alerts
    if alerts is None:
        return
    stored = {(row.kind, row.name): row for row in AlertChannel.objects.order_by("pk")}
    for kind, section, path in _channels(alerts):
        row = stored.pop((kind, getattr(section, "name", "")), None)
        _change_channel(run, kind, section, row, path)
    if alerts.channels is not None:
        _leave_over_channels(run, list(stored.values()))
    if alerts.health_webhooks is not None:
        _change_hooks(run, alerts.health_webhooks)
    _change_settings(run, alerts)


def _channels(alerts: alert_schema.Alerts) -> Iterator[tuple[str, Section, Path]]:
    if alerts.email is not None:
        yield alert_channels.EMAIL, alerts.email, ("alerts", "email")
    for kind, sections in alerts.channels or ():
        for index, section in enumerate(sections):
            yield kind, section, ("alerts", "channels", kind, index)


def _change_channel(
    run: Run, kind: str, section: Section, row: AlertChannel | None, path: Path
) -> None:
    channel = row or AlertChannel(kind=kind, name=getattr(section, "name", ""))
    _bring(
        run,
        kind="alert channel",
        label=str(channel),
        row=channel,
        section=section,
        stored=alert_channels.stored(channel),
        channel_kind=kind,
        save=partial(alert_channels.save, channel=channel, name=channel.name),
        path=path,
    )


def _change_hooks(run: Run, wanted: list[alert_schema.HealthWebhook]) -> None:
    stored = {row.name: row for row in HealthHook.objects.order_by("name")}
    for index, section in enumerate(wanted):
        hook = stored.pop(section.name, None) or HealthHook(name=section.name)
        _bring(
            run,
            kind="health webhook",
            label=section.name,
            row=hook,
            section=section,
            stored=health_webhook.stored(hook),
            channel_kind=health_webhook.CHANNEL,
            save=partial(health_webhook.save_hook, hook=hook, name=section.name),
            path=("alerts", "health_webhooks", index),
        )
    for hook in stored.values():
        run.left_over(
            "health webhook", hook.name, remove=partial(health_webhook.remove_hook, hook=hook)
        )


def _bring(
    run: Run,
    *,
    kind: str,
    label: str,
    row: AlertChannel | HealthHook,
    section: Section,
    stored: Mapping[str, str],
    channel_kind: str,
    save: Callable[..., object],
    path: Path,
) -> None:
    """Add or change one row whose fields are those of a channel, unless it is as the file says."""
    is_new = row.pk is None
    wanted = secret_values.wanted(
        run, channel=CHANNELS[channel_kind], section=section, stored=stored, path=path
    )
    if wanted is None:
        return
    flags = {key: name for key, name in _FLAGS.items() if hasattr(section, key)}
    said = {key: getattr(section, key) for key in flags}
    changes = [
        *wanted.changes,
        *differences({key: getattr(row, name) for key, name in flags.items()}, said),
    ]
    if not (is_new or changes):
        return
    with run.reporting(path):
        options = {name: said[key] for key, name in flags.items()}
        save(values=wanted.values, cleared=wanted.cleared, **options)
        if is_new:
            run.added(kind, label)
        else:
            run.changed(kind, label, changes)


def _leave_over_channels(run: Run, rows: list[AlertChannel]) -> None:
    for row in rows:
        # Browsers are connected by their operators; the first e-mail has a section of its own.
        if row.kind != browsers.KIND and (row.kind, row.name) != (alert_channels.EMAIL, ""):
            run.left_over(
                "alert channel", str(row), remove=partial(alert_channels.remove, channel=row)
            )


def _change_settings(run: Run, alerts: alert_schema.Alerts) -> None:
    row = alerting.settings_row()
    stored: dict[str, object] = {}
    said: dict[str, object] = {}
    fields: dict[str, Any] = {}
    for section_name, names in SETTINGS.items():
        section = getattr(alerts, section_name)
        for key, field in names.items() if section is not None else ():
            # People mute reminders in a hurry; a file that says nothing of it must not undo that.
            if key != "muted_until" or key in section.model_fields_set:
                said[f"{section_name}.{key}"] = fields[field] = getattr(section, key)
                stored[f"{section_name}.{key}"] = getattr(row, field)
    if changes := differences(stored, said):
        with run.reporting(("alerts",)):
            alert_channels.save_settings(**fields)
            if any(change.key.startswith("warning.") for change in changes):
                catalogue.mark_dirty()  # it is part of what is published
            run.changed("alert", "settings", changes)
