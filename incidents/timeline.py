"""The timeline of an incident: append an entry, correct one. The only writer of incident updates."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from common import markdown
from components import catalogue
from components.models import Page
from incidents import affecting, dedicated, speaking, telling, texts
from incidents.lifecycle import State
from incidents.models import Incident, IncidentUpdate
from incidents.models.incidents import author_fields, touched


class UpdateGone(Exception):
    """The update was deleted meanwhile."""


def append(
    *,
    incident: Incident,
    previous: State | None,
    text: str,
    at: datetime,
    claims_from: datetime,
    notifies: bool,
    author: User | None,
    author_name: str = "",
    audience: Page | None = None,
    now: datetime,
) -> IncidentUpdate:
    """Add an entry in the incident's present state, and let the incident speak about its components.

    Call in a transaction that holds the incident's row, after the row has its new state. `at` is
    the time shown, `claims_from` when the claims hold from (a back-dated start). With an
    `audience` it is for that page alone.
    """
    dedicated.keep(incident)
    seen = affecting.speak(incident=incident, at=claims_from, now=now)
    update = IncidentUpdate.objects.create(
        incident=incident,
        previous_state=previous or "",
        state=incident.state,
        text=text,
        html=markdown.render(text),
        at=at,
        created_at=now,
        next_update_by=incident.next_update_by,
        notifies=notifies,
        audience=audience,
        **author_fields(author, author_name),
    )
    speaking.keep_seen(update=update, seen=seen)
    if notifies:
        telling.tell_incident(incident=incident, update=update, now=now)
    return update


def correct(
    *, update: IncidentUpdate, text: str, author: User | None, author_name: str = "", now: datetime
) -> IncidentUpdate:
    """Replace the text of an entry; the page marks it as corrected, the audit trail has both texts.

    Nobody is notified again. Raises ValidationError for `text`, and UpdateGone.
    """
    clean = texts.body(text, is_required=True)
    with transaction.atomic():
        try:
            row = IncidentUpdate.objects.select_for_update(of=("self",)).get(pk=update.pk)
        except IncidentUpdate.DoesNotExist:
            raise UpdateGone(_("This update was deleted meanwhile.")) from None
        if row.text == clean:
            return row
        row.text, row.html, row.corrected_at = clean, markdown.render(clean), now
        row.save(update_fields=["text", "html", "corrected_at"])
        Incident.objects.filter(pk=row.incident_id).update(
            **touched(now, catalogue.next_revision())
        )
    return row
