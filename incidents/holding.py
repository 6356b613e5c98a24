"""The row of an incident, locked until the transaction ends, if it still is what the caller thinks."""

from django.utils.translation import gettext as _

from incidents import public_ids
from incidents.models import Incident, WithdrawnEvent


class IncidentGone(Exception):
    """The incident is not there any more, or not what it was; the message says so to a person."""


def draft(public_id: str) -> Incident | None:
    """Return the draft of this name; None when it is still to be made. Raises IncidentGone."""
    if not public_id:
        return None
    if not public_ids.is_valid(public_id):
        raise IncidentGone(_("This draft does not exist."))
    row = Incident.objects.filter(public_id=public_id).first()
    if row is not None:
        return locked(row, is_draft=True)
    if WithdrawnEvent.objects.filter(public_id=public_id).exists():
        raise IncidentGone(_("This incident was deleted meanwhile."))
    return None


def locked(incident: Incident, *, is_draft: bool) -> Incident:
    """Return the incident's row, a draft or a public one as asked. Raises IncidentGone."""
    try:
        row = Incident.objects.select_for_update(of=("self",)).get(pk=incident.pk)
    except Incident.DoesNotExist:
        raise IncidentGone(_("This incident was deleted meanwhile.")) from None
    if row.is_draft != is_draft:
        raise IncidentGone(
            _("This draft was published meanwhile.") if is_draft else _("This is still a draft.")
        )
    return row
