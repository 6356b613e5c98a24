"""Words for entries of the audit log."""

from django.utils.translation import gettext as _

from accounts.models import AuditEntry


def did(entry: AuditEntry) -> str:
    """What was done, as the verb of a sentence."""
    if entry.action == AuditEntry.Action.CREATE:
        return _("added")
    return _("removed") if entry.action == AuditEntry.Action.DELETE else _("changed")


def what(entry: AuditEntry) -> str:
    """The row, with its kind; its text is gone once an entry was redacted."""
    kind = str(entry.content_type.name)
    return f"{kind} “{entry.object_repr}”" if entry.object_repr else f"{kind} {entry.object_pk}"
