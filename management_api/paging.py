"""Lists in pages: a cursor is where the last page ended, so rows that come or go shift nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Generic, TypeVar

from django.core import signing
from django.db import models
from ninja import Schema
from pydantic import Field

from management_api.problems import Refused
from management_api.schemas import Listed, Out

Row = TypeVar("Row", bound=models.Model)
Shown = TypeVar("Shown", bound=Out)
_MOST = 100


class Paging(Schema):
    """Which page of a list: `limit` rows after the `cursor` that the page before named."""

    limit: int = Field(50, ge=1, le=_MOST)
    cursor: str = Field("", max_length=1000)


@dataclass(frozen=True, slots=True)
class Rows(Generic[Row]):
    """The rows of one page, and the cursor of the next one."""

    rows: list[Row]
    next: str | None


def page(
    rows: "models.QuerySet[Row]",
    paging: Paging,
    *,
    by: Sequence[str],
    show: Callable[[Row], Shown],
) -> Listed[Shown]:
    """One page of these rows, each told by `show`; see `page_of`."""
    return page_of(rows, paging, by=by, show=lambda found: [show(row) for row in found])


def page_of(
    rows: "models.QuerySet[Row]",
    paging: Paging,
    *,
    by: Sequence[str],
    show: Callable[[Sequence[Row]], list[Shown]],
) -> Listed[Shown]:
    """One page of rows that are told together, so that what they need is read at once.

    Args:
        by: the order, as for `order_by`; columns that are never null, the last one unique.
        show: what is told of the rows of the page.

    Raises Refused for a cursor that is none of this list.
    """
    found = rows_of(rows, paging, by=by)
    return Listed(data=show(found.rows), next=found.next)


def rows_of(rows: "models.QuerySet[Row]", paging: Paging, *, by: Sequence[str]) -> Rows[Row]:
    """The rows of one page, for what has to be asked about all of them at once; see `page`."""
    if paging.cursor:
        rows = rows.filter(_after(by, _read(paging.cursor, by)))
    found = list(rows.order_by(*by)[: paging.limit + 1])
    shown = found[: paging.limit]
    is_more = len(found) > paging.limit
    return Rows(rows=shown, next=_cursor(shown[-1], by) if is_more else None)


def _after(by: Sequence[str], values: Sequence[Any]) -> models.Q:
    """Rows behind these values: (a > x) or (a = x and b > y) …, downwards for names with a minus."""
    wanted = models.Q(pk__in=[])
    same = models.Q()
    for name, value in zip(by, values, strict=True):
        column, is_down = name.removeprefix("-"), name.startswith("-")
        wanted |= same & models.Q(**{f"{column}__{'lt' if is_down else 'gt'}": value})
        same &= models.Q(**{column: value})
    return wanted


def _cursor(row: models.Model, by: Sequence[str]) -> str:
    values = []
    for name in by:
        value: Any = row
        for part in name.removeprefix("-").split("__"):
            value = getattr(value, part)
        values.append(value.isoformat() if isinstance(value, datetime) else value)
    return signing.dumps(values, salt=_salt(by))


def _read(cursor: str, by: Sequence[str]) -> list[Any]:
    """What a cursor says; signed, so its values have the types of these columns."""
    try:
        values: list[Any] = signing.loads(cursor, salt=_salt(by))
    except signing.BadSignature:
        raise Refused(
            HTTPStatus.BAD_REQUEST, "This cursor is none of this list. Begin without one."
        ) from None
    return values


def _salt(by: Sequence[str]) -> str:
    return "management_api.cursor:" + ",".join(by)
