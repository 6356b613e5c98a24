"""What callers name by public ids, as rows; unknown ones are errors of the field that named them."""

from collections.abc import Collection, Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models


def ids_of(
    rows: "models.QuerySet[Any]", named: Collection[Any], *, field: str, by: str = "public_id"
) -> list[int]:
    """The primary keys of rows that are named by another column, in the order they were named.

    One statement, whatever their number. Raises ValidationError of `field` for a name of none.
    """
    if not named:
        return []
    known = dict(rows.values_list(by, "pk"))
    if unknown := [name for name in named if name not in known]:
        raise ValidationError({field: [_unknown(name) for name in unknown[:10]]})
    return [known[name] for name in dict.fromkeys(named)]


def missing(field: str, named: Iterable[object]) -> ValidationError:
    """The error of a field that names what is not there."""
    return ValidationError({field: [_unknown(name) for name in named]})


def _unknown(name: object) -> str:
    return f"There is no “{str(name)[:100]}”."
