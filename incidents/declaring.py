"""What a past incident says of its components: uptime counts it for the incident's own period (AMB-9).

Called inside the transactions of `publishing`.
"""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from components.models import DeclaredPeriod
from components.status import Source
from incidents.models import Incident


def declare(row: Incident) -> None:
    """Make uptime count what a past incident says of its components, for its period only."""
    DeclaredPeriod.objects.bulk_create(
        DeclaredPeriod(
            component_id=affected.component_id,
            source=Source.INCIDENT,
            reference=row.public_id,
            status=affected.status,
            starts_at=row.started_at,
            ends_at=row.resolved_at or row.started_at,
        )
        for affected in row.affected.exclude(status="")
    )


def move(row: Incident) -> None:
    """Let what a past incident declared begin with it; one that was re-opened since keeps its end."""
    periods = DeclaredPeriod.objects.filter(source=Source.INCIDENT, reference=row.public_id)
    if periods.filter(ends_at__lte=row.started_at).exists():
        raise ValidationError({"started_at": _("The start is not before the end.")})
    periods.update(starts_at=row.started_at)


def withdraw(row: Incident) -> None:
    """Take back what an incident declared, if it did."""
    DeclaredPeriod.objects.filter(source=Source.INCIDENT, reference=row.public_id).delete()
