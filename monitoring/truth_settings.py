"""What operators set about drafts by monitors and about the watchdog."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from components.models import Component
from monitoring.models import DraftPolicy, TruthSettings


def save(**chosen: Any) -> TruthSettings:
    """Set the limits (seconds) and switches. Raises ValidationError by field, nothing saved."""
    row = TruthSettings.objects.filter(id=1).first() or TruthSettings()
    for name, value in chosen.items():
        setattr(row, name, value)
    row.full_clean(validate_unique=False, validate_constraints=False)
    row.save()
    return row


def save_policy(*, component: Component, **chosen: Any) -> DraftPolicy:
    """Set what happens by itself for one component. Raises ValidationError by field, nothing saved."""
    row = DraftPolicy.objects.filter(component=component).first()
    row = row or DraftPolicy(component=component)
    for name, value in chosen.items():
        setattr(row, name, value)
    row.full_clean()
    if row.publishes and not row.drafts:
        raise ValidationError({"publishes": _("It can publish only what it may draft.")})
    row.save()
    return row
