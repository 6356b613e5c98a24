"""What is said about a maintenance: append an entry with the claims it makes, correct its text.

The only writer of maintenance updates and of maintenance claims. Called inside the transactions of
`maintenance`, `maintenance_series` and `due_steps`, which hold the maintenance's row.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from common import markdown
from components import catalogue
from components.status import Source, Status
from incidents import dedicated, speaking, telling, texts
from incidents.models import (
    AffectedService,
    Maintenance,
    MaintenanceUpdate,
)
from incidents.models.incidents import author_fields, touched
from incidents.speaking import Seen
from incidents.windows import Kind, State


class UpdateGone(Exception):
    """The update was deleted meanwhile."""


def append(
    *,
    maintenance: Maintenance,
    kind: Kind,
    previous: State | None,
    at: datetime,
    notifies: bool,
    now: datetime,
    text: str = "",
    author: User | None = None,
    author_name: str = "",
    withdrawn: Iterable[int] = (),
) -> MaintenanceUpdate:
    """Add an entry in the present state of the row, and let the maintenance speak from `at` on.

    `withdrawn`: components that it spoke about and does not touch any more.
    """
    dedicated.keep(maintenance)
    seen = speak(maintenance=maintenance, at=at, now=now, withdrawn=withdrawn)
    update = MaintenanceUpdate.objects.create(
        maintenance=maintenance,
        kind=kind,
        previous_state=previous or "",
        state=maintenance.state,
        text=text,
        html=markdown.render(text),
        starts_at=maintenance.starts_at,
        ends_at=maintenance.ends_at,
        at=at,
        created_at=now,
        notifies=notifies,
        **author_fields(author, author_name),
    )
    speaking.keep_seen(update=update, seen=seen)
    if notifies:
        telling.tell_maintenance(maintenance=maintenance, update=update, now=now)
    return update


def speak(
    *, maintenance: Maintenance, at: datetime, now: datetime, withdrawn: Iterable[int] = ()
) -> Seen:
    """Set the claims of a running maintenance; withdraw them when it is not running.

    Of a component that nobody should notice anything of it claims nothing: its monitors go on.
    Returns for each affected component what visitors saw before and see now.
    """
    said: dict[int, Status | None] = dict.fromkeys(withdrawn)
    for row in maintenance.affected.all():
        said[row.component_id] = _claimed(maintenance, row)
    return speaking.speak(
        source=Source.MAINTENANCE, public_id=maintenance.public_id, said=said, at=at, now=now
    )


def remind(*, maintenance: Maintenance, at: datetime, now: datetime) -> MaintenanceUpdate:
    """Put a reminder where subscribers' messages are made of; visitors see no change."""
    update = MaintenanceUpdate.objects.create(
        maintenance=maintenance,
        kind=Kind.REMINDER,
        previous_state=maintenance.state,
        state=maintenance.state,
        starts_at=maintenance.starts_at,
        ends_at=maintenance.ends_at,
        at=at,
        created_at=now,
        notifies=True,
    )
    touched_ids = maintenance.affected.values_list("component_id", flat=True)
    speaking.keep_seen(update=update, seen=speaking.seen_now(touched_ids))
    telling.tell_maintenance(maintenance=maintenance, update=update, now=now)
    return update


def touch(maintenance: Maintenance, *, now: datetime) -> None:
    """Mark a visible change on the row, without saving it."""
    for name, value in touched(now, catalogue.next_revision()).items():
        setattr(maintenance, name, value)


def correct(*, update: MaintenanceUpdate, text: str, now: datetime) -> MaintenanceUpdate:
    """Replace the text of an entry; the page marks it as corrected, nobody is told again.

    Raises ValidationError for `text`, and UpdateGone.
    """
    clean = texts.body(text, is_required=True)
    with transaction.atomic():
        try:
            row = MaintenanceUpdate.objects.select_for_update(of=("self",)).get(pk=update.pk)
        except MaintenanceUpdate.DoesNotExist:
            raise UpdateGone(_("This update was deleted meanwhile.")) from None
        if row.text == clean:
            return row
        row.text, row.html, row.corrected_at = clean, markdown.render(clean), now
        row.save(update_fields=["text", "html", "corrected_at"])
        Maintenance.objects.filter(pk=row.maintenance_id).update(
            **touched(now, catalogue.next_revision())
        )
    return row


def _claimed(maintenance: Maintenance, row: AffectedService) -> Status | None:
    is_silent = row.claimed == Status.OPERATIONAL or not maintenance.state_value.is_running
    return None if is_silent else row.claimed
