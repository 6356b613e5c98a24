"""What deleting an incident leaves to do: its texts in the audit log, its claims about components."""

from datetime import datetime

from django.db.models import Model
from django.utils.translation import gettext as _

from components import claims
from components.claims import Claim
from components.status import Source
from incidents import declaring
from incidents.models import CorrectiveAction, Incident, Postmortem, PostmortemEntry


def written(row: Incident) -> list[Model]:
    """Every row that holds a text of an incident, as the audit log knows them."""
    reports = Postmortem.objects.filter(incident=row)
    return [
        Incident(pk=row.pk),  # a copy: deleting takes the key from the row itself
        *row.updates.all(),
        *row.affected.all(),
        *reports,
        *PostmortemEntry.objects.filter(postmortem__in=reports),
        *CorrectiveAction.objects.filter(postmortem__in=reports),
    ]


def take_back_claims(row: Incident, *, now: datetime) -> None:
    """Withdraw what an incident says of components, now and in the past."""
    withdrawn = [
        Claim(component_id=component_id, status=None, at=now, note=_("incident withdrawn"))
        for component_id in row.affected.values_list("component_id", flat=True)
    ]
    claims.set_claims(source=Source.INCIDENT, reference=row.public_id, claims=withdrawn, now=now)
    declaring.withdraw(row)
