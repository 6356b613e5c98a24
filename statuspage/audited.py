"""Which rows the audit log follows, and which of their columns.

Called once, when all apps are loaded. Everything of `incidents` is followed without being named;
of the other apps what people write. What is measured is not: a check must write no entry and pay
for none.
"""

from collections.abc import Iterator

from auditlog.registry import auditlog
from django.apps import apps
from django.db import models

from common import auditing

_APPS = ("incidents",)
_MODELS = (
    "accounts.AccessToken",
    "accounts.Invitation",
    "accounts.User",
    "branding.Brand",
    "catalog.Attribute",
    "catalog.CatalogType",
    "catalog.DomainException",
    "catalog.Entry",
    "catalog.PageSource",
    "components.Component",
    "components.ComponentGroup",
    "components.Page",
    "components.PageHost",
    "mfa.Authenticator",
    "monitoring.AlertChannel",
    "monitoring.AlertRule",
    "monitoring.AlertSettings",
    "monitoring.Browser",
    "monitoring.DraftPolicy",
    "monitoring.HealthHook",
    "monitoring.Location",
    "monitoring.Node",
    "monitoring.Replica",
    "monitoring.Token",
    "monitoring.TruthSettings",
    "subscribers.Integration",
    "subscribers.WaySettings",
    "subscribers.Subscriber",
    "subscribers.Suppression",
)
# Columns that programs keep: measured, counted, or made from another column.
_KEPT_BY_PROGRAMS = {
    "accounts.AccessToken": {"last_used_at", "last_used_from", "window_at", "window_count"},
    "accounts.User": {"last_login", "last_seen_at", "is_superuser"},
    "branding.Brand": {"before"},
    "components.Component": {"status", "status_since"},
    "components.Page": {"revision"},
    "components.PageHost": {"checked_at", "failing_since", "findings", "certificate_until"},
    "incidents.Maintenance": {"next_step_at", "sequence"},
    "incidents.MaintenanceSeries": {"made_until"},
    "mfa.Authenticator": {"last_used_at"},
    "monitoring.AlertSettings": {"reminded_at", "reminders_sent"},
    "monitoring.Location": {"last_seen_at"},
    "monitoring.Node": {"full_at"},
    "monitoring.Token": {"last_used_at", "last_used_from"},
    "subscribers.Subscriber": {"canonical", "unsubscribe_digest", "failing_since"},
}
# Of these only what people set counts; all the rest is measured.
_SET_BY_PEOPLE = {"monitoring.Replica": {"node", "address", "position"}}
_MADE_FROM_OTHERS = {"id", "html", "page_revision", "changed_at", "dedicated_ids"}


def register() -> None:
    """Tell auditlog of every model; whichever app one is in, secrets are hidden by their names."""
    for model in _followed():
        fields = sorted(_fields(model))
        auditlog.register(
            model,
            include_fields=fields,
            mask_fields=[name for name in fields if _is_secret(model, name)],
            m2m_fields=[
                field.name
                for field in model._meta.many_to_many
                if getattr(field.remote_field.through, "_meta").auto_created  # noqa: B009
            ],
        )


def _followed() -> Iterator[type[models.Model]]:
    for label in _APPS:
        yield from apps.get_app_config(label).get_models()
    for label in _MODELS:
        yield apps.get_model(label)


def _fields(model: type[models.Model]) -> set[str]:
    label = model._meta.label
    names = {field.name for field in model._meta.concrete_fields}
    chosen = _SET_BY_PEOPLE.get(label, names)
    return chosen - _KEPT_BY_PROGRAMS.get(label, set()) - _MADE_FROM_OTHERS


def _is_secret(model: type[models.Model], name: str) -> bool:
    return auditing.is_secret(name) or (model._meta.label == "mfa.Authenticator" and name == "data")
