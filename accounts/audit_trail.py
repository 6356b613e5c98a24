"""Reading the audit log: what became what, in words, for the screen and the dashboard."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.translation import gettext as _

from accounts.models import AuditEntry
from common import auditing


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One column of an entry: its name for people, and both values as text; "" is nothing."""

    name: str
    before: str
    after: str


def newest(limit: int) -> list[AuditEntry]:
    """The newest entries, newest first; those of Candor itself are left out."""
    rows = AuditEntry.objects.exclude(actor_name=auditing.SYSTEM.name)
    rows = rows.select_related("content_type")
    return list(rows.order_by("-timestamp", "-id")[:limit])


def changes_of(entries: Iterable[AuditEntry]) -> dict[int, list[Change]]:
    """What changed in each entry, by its id; rows that were referred to are named.

    Takes one statement for each kind of row that these entries refer to.
    """
    entries = list(entries)
    names = _names(entries)
    return {entry.pk: _changes(entry, names) for entry in entries}


_Names = dict[tuple[type[models.Model], str], str]


def _changes(entry: AuditEntry, names: _Names) -> list[Change]:
    found = []
    for column, value in sorted((entry.changes or {}).items()):
        field = _field(entry, column)
        label = str(getattr(field, "verbose_name", column.replace("_", " ")))
        if isinstance(value, dict):  # several rows at once: {"operation": …, "objects": […]}
            said = ", ".join(value["objects"])
            is_added = value["operation"] == "add"
            change = Change(
                name=label, before="" if is_added else said, after=said if is_added else ""
            )
        else:
            before, after = (_text(field, str(text), names) for text in value)
            change = Change(name=label, before=before, after=after)
        if change.before or change.after:
            found.append(change)
    return found


def _text(field: models.Field | None, text: str, names: _Names) -> str:  # type: ignore[type-arg]  # any field
    if text in {"None", ""}:
        return ""
    if isinstance(field, models.BooleanField):
        return _("yes") if text == "True" else _("no")
    related = getattr(field, "related_model", None)
    return names.get((related, text), text) if related else text


def _names(entries: Iterable[AuditEntry]) -> _Names:
    wanted: dict[type[models.Model], set[str]] = defaultdict(set)
    for entry in entries:
        for column, value in (entry.changes or {}).items():
            related = getattr(_field(entry, column), "related_model", None)
            if related is not None and not isinstance(value, dict):
                wanted[related].update(text for text in value if text.isdigit())
    return {
        (model, str(row.pk)): str(row)
        for model, keys in wanted.items()
        for row in model._base_manager.filter(pk__in=keys)
    }


def _field(entry: AuditEntry, column: str) -> "models.Field | None":  # type: ignore[type-arg]
    try:
        model = apps.get_model(entry.content_type.app_label, entry.content_type.model)
        field = model._meta.get_field(column)
    except (LookupError, FieldDoesNotExist):
        return None
    return field if isinstance(field, models.Field) else None
