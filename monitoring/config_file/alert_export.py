"""The section `alerts` of an exported file; of secrets it says only that they are stored."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from monitoring import alert_channels, alerting, health_webhook
from monitoring.config_file import alert_schema, secret_values
from monitoring.config_file.alert_steps import SETTINGS
from monitoring.config_file.values import Section
from monitoring.config_file.writing import InlineMapping, moment, without_defaults
from monitoring.models import AlertChannel, HealthHook
from notifications.channels import CHANNELS
from notifications.channels.base import Field

_SECTIONS: Mapping[str, type[Section]] = {
    "reminders": alert_schema.Reminders,
    "grouping": alert_schema.Grouping,
    "warning": alert_schema.Elsewhere,
}


def section(*, now: datetime) -> dict[str, Any]:
    """Channels, receivers and settings; a part that is as it comes is left out."""
    email, channels = _channels()
    hooks = [_hook(row) for row in HealthHook.objects.order_by("name")]
    parts = {"email": email, "channels": channels, "health_webhooks": hooks, **_settings(now)}
    return {key: part for key, part in parts.items() if part}


def _channels() -> tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]:
    """The first e-mail, and all others by kind; browsers are their operators' own."""
    email: dict[str, Any] = {}
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for row in AlertChannel.objects.order_by("kind", "name"):
        if row.kind not in alert_schema.Channels.model_fields:
            continue
        options = {
            "enabled": row.is_enabled,
            "recovery": row.tells_recovery,
            "reminders_only": row.reminders_only,
        }
        written = {
            **_fields(CHANNELS[row.kind].fields, row.values),
            **without_defaults(options, alert_schema.Channel),
        }
        if row.name:
            by_kind.setdefault(row.kind, []).append({"name": row.name, **written})
        elif row.kind != alert_channels.EMAIL:
            by_kind.setdefault(row.kind, []).append(written)
        elif row.recipients:
            email = written
    return email, by_kind


def _hook(row: HealthHook) -> dict[str, Any]:
    return {
        "name": row.name,
        **_fields(CHANNELS[health_webhook.CHANNEL].fields, row.secrets),
        **without_defaults({"enabled": row.is_enabled}, alert_schema.HealthWebhook),
    }


def _fields(declared: Sequence[Field], stored: Mapping[str, str]) -> dict[str, Any]:
    return {
        secret_values.key(each.name): InlineMapping(stored=True)
        if each.is_secret
        else stored[each.name].splitlines()
        for each in declared
        if stored.get(each.name)
    }


def _settings(now: datetime) -> dict[str, dict[str, Any]]:
    """The sections of settings that are not as they come."""
    row = alerting.settings_row()
    found = {}
    for name, keys in SETTINGS.items():
        values = {key: getattr(row, field) for key, field in keys.items()}
        if until := values.get("muted_until"):
            values["muted_until"] = moment(until) if until > now else None
        found[name] = without_defaults(values, _SECTIONS[name])
    return found
