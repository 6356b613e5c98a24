"""Deploy checks: `bin/manage check --deploy` finds entries that could not be saved today (B7)."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, register
from django.db import DatabaseError

from catalog import values
from catalog.models import Attribute, DomainException, Entry
from catalog.values import Kind


@register(deploy=True)
def domains_that_must_not_be_listed(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """An error for each entry whose list would let in everybody of a public provider or a suffix."""
    try:
        return list(_bad())
    except DatabaseError:
        return []  # no table yet: the check also runs before the first migration


def _bad() -> Sequence[CheckMessage]:
    excepted: dict[int, set[str]] = {}
    for pk, domain in DomainException.objects.values_list("entry_id", "domain"):
        excepted.setdefault(pk, set()).add(domain)
    keys: dict[int, list[str]] = {}
    for type_id, key in Attribute.objects.filter(kind=Kind.DOMAINS).values_list("type_id", "key"):
        keys.setdefault(type_id, []).append(key)
    return [
        _error(entry, word, reason)
        for entry in Entry.objects.present().filter(type__in=keys).order_by("id")
        for key in keys[entry.type_id]
        for word, reason in values.refused(
            entry.values.get(key), excepted=excepted.get(entry.pk, ())
        )
    ]


def _error(entry: Entry, word: str, reason: str) -> CheckMessage:
    return Error(
        f"The catalog entry “{entry.name}” lists {word}. {reason}",
        hint="Change the entry in the console.",
        obj=f"/admin/catalog/entries/{entry.pk}/",
        id="catalog.E001",
    )
