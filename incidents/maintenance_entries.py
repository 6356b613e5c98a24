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
from components import catalogue, claims
from components.claims import Claim
from components.models import Component
from components.status import Source, Status
from incidents import telling, texts
from incidents.models import Maintenance, MaintenanceUpdate, MaintenanceUpdateComponent
from incidents.models.incidents import author_fields, touched
from incidents.windows import Kind, State

Seen = dict[int, tuple[Status, Status]]


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
    _note(update, seen)
    if notifies:
        telling.tell_maintenance(maintenance=maintenance, update=update, now=now)
    return update


def speak(
    *, maintenance: Maintenance, at: datetime, now: datetime, withdrawn: Iterable[int] = ()
) -> Seen:
    """Set the claims of a running maintenance; withdraw them when it is not running.

    Returns for each affected component what visitors saw before and see now.
    """
    said: dict[int, Status | None] = dict.fromkeys(withdrawn)
    for row in maintenance.affected.all():
        said[row.component_id] = row.claimed if maintenance.state_value.is_running else None
    before = _shown(said)
    claims.set_claims(
        source=Source.MAINTENANCE,
        reference=maintenance.public_id,
        claims=[
            Claim(component_id=component_id, status=status, at=at, note=maintenance.title)
            for component_id, status in said.items()
        ],
        now=now,
    )
    after = _shown(said)
    return {component_id: (before[component_id], after[component_id]) for component_id in before}


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


def _note(update: MaintenanceUpdate, seen: Seen) -> None:
    rows = Component.objects.filter(id__in=seen).in_page_order()
    MaintenanceUpdateComponent.objects.bulk_create(
        MaintenanceUpdateComponent(
            update=update,
            component_id=component_id,
            name=name,
            previous=seen[component_id][0],
            status=seen[component_id][1],
        )
        for component_id, name in rows.values_list("id", "name")
    )


def _shown(ids: Iterable[int]) -> dict[int, Status]:
    rows = Component.objects.filter(id__in=list(ids)).values_list("id", "status")
    return {component_id: Status(shown) for component_id, shown in rows}
