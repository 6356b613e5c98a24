"""Who did what: the actor of the running request, task or command, and entries for the audit log.

auditlog writes an entry for every `save()` and `delete()` of the models that
`statuspage.audited` names. What is written past them, by `QuerySet.update()`, calls `record`.
The entries themselves are `accounts.models.AuditEntry`: append-only, but for `redact`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from auditlog import get_logentry_model
from django.contrib.contenttypes.models import ContentType
from django.db import models

# In the place of a secret, before and after alike: that it changed is seen, what it is is not.
HIDDEN = "(hidden)"
_SECRET_WORDS = ("sealed", "secret", "password", "digest", "token", "stamp")


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts: a member of the team, a token, a command, or Candor itself."""

    name: str
    user_id: int | None = None
    address: str | None = None


SYSTEM = Actor(name="Candor")
_actor: ContextVar[Callable[[], Actor]] = ContextVar("auditing_actor", default=lambda: SYSTEM)


@contextmanager
def acting(who: Callable[[], Actor]) -> Iterator[None]:
    """Everything written inside is this actor's; asked for only when something is written."""
    token = _actor.set(who)
    try:
        yield
    finally:
        _actor.reset(token)


def act_as(actor: Actor) -> None:
    """From here on this one acts, to the end of the surrounding `acting` (or of the process)."""
    _actor.set(lambda: actor)


def actor() -> Actor:
    return _actor.get()()


def record(
    *,
    subject: models.Model,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    now: datetime,
) -> None:
    """Write an entry for a row that was changed past `save()`; nothing when nothing differs.

    `before` and `after` hold values by field name. Secrets are hidden here too.
    """
    changes = {
        name: [shown(name, before.get(name)), shown(name, value)]
        for name, value in after.items()
        if before.get(name) != value
    }
    if changes:
        log: Any = get_logentry_model()
        log.objects.log_create(subject, action=log.Action.UPDATE, changes=changes, timestamp=now)


def redact(*, objects: Iterable[models.Model], now: datetime) -> int:
    """Blank the text in the entries of rows that were deleted for good; how many (issue 4, I16).

    What stays is the tombstone: who did what kind of thing to which row, when and from where. The
    rows may be gone already: only their class and primary key are used, which `delete()` unsets,
    so call this first, in the same transaction, and once more after it for the entry of the
    deletion itself.
    """
    log: Any = get_logentry_model()
    done = 0
    for row in objects:
        kind = ContentType.objects.get_for_model(row)
        entries = log.objects.filter(content_type=kind, object_pk=str(row.pk), redacted_at=None)
        done += entries.update(
            changes=None,
            changes_text="",
            serialized_data=None,
            additional_data=None,
            object_repr="",
            redacted_at=now,
        )
    return done


def redact_named(*, model: type[models.Model], name: str, now: datetime) -> int:
    """Blank the entries of rows that are gone, and that an entry names so (`str`); how many."""
    log: Any = get_logentry_model()
    kind = ContentType.objects.get_for_model(model)
    named = log.objects.filter(content_type=kind, object_repr=name, redacted_at=None)
    keys = set(named.values_list("object_pk", flat=True))
    return redact(objects=[model(pk=key) for key in sorted(keys)], now=now)


def is_secret(field: str) -> bool:
    """Whether a column of this name holds a secret, however it is kept."""
    return any(word in field for word in _SECRET_WORDS)


def hide(value: str) -> str:
    """A secret as the audit log shows it."""
    return HIDDEN if value not in {"", "None"} else ""


def shown(field: str, value: Any) -> str:
    """A value as the audit log keeps it: text, with secrets hidden."""
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    return hide(text) if is_secret(field) else text
