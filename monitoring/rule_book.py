"""Add, change, order and remove the rules by which alerts of Alertmanager count; effective at once."""

from collections.abc import Mapping
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from components import ordering
from components.models import Component
from monitoring import outside_alerts
from monitoring.models import ALERT_STATUSES, AlertEffect, AlertRule

LABELS_AT_MOST = 20
RULES_AT_MOST = 200
NAME_LIMIT, VALUE_LIMIT = 100, 300


def save_rule(
    *,
    rule: AlertRule,
    labels: Mapping[str, str],
    component: Component | None,
    status: str,
    effect: str,
    now: datetime,
) -> AlertRule:
    """Store a rule, a new one behind the others. Raises ValidationError by field."""
    _check(labels, status=status, effect=effect)
    with transaction.atomic():
        rule.labels, rule.component = dict(labels), component
        rule.status, rule.effect = status, effect
        if rule.pk is None:
            others = AlertRule.objects.count()
            if others >= RULES_AT_MOST:
                raise ValidationError(_("There are too many rules. Remove one first."))
            rule.position = others
        rule.save()
        outside_alerts.follow_rules(now=now)
    return rule


def remove_rule(*, rule: AlertRule, now: datetime) -> None:
    """Remove a rule; what it made the page say is taken back."""
    with transaction.atomic():
        AlertRule.objects.filter(pk=rule.pk).delete()
        outside_alerts.follow_rules(now=now)


def move_rule(*, rule: AlertRule, up: bool, now: datetime) -> None:
    """Ask a rule sooner, or later."""
    with transaction.atomic():
        siblings = AlertRule.objects.order_by("position", "pk")
        ordering.move(siblings=siblings, row_id=rule.pk, up=up, now=now)
        outside_alerts.follow_rules(now=now)


def _check(labels: Mapping[str, str], *, status: str, effect: str) -> None:
    errors: dict[str, str] = {}
    if not labels:
        errors["labels"] = _("Write at least one label, as name=value.")
    if len(labels) > LABELS_AT_MOST:
        errors["labels"] = _("These are too many labels.")
    if any(len(name) > NAME_LIMIT or len(value) > VALUE_LIMIT for name, value in labels.items()):
        errors["labels"] = _("A label is too long.")
    if status and status not in ALERT_STATUSES:
        errors["status"] = _("Choose a status that an alert can mean.")
    if effect not in AlertEffect.values:
        errors["effect"] = _("Choose what happens.")
    if errors:
        raise ValidationError(errors)
