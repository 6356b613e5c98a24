"""Move rows among their siblings: groups, components, nodes and replicas alike."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import models, transaction

from common import auditing
from components import catalogue


def move(*, siblings: "models.QuerySet[Any]", row_id: int, up: bool, now: datetime) -> bool:
    """Swap a row with its neighbour; False when there is none on that side.

    `siblings` are all rows of one list in the order they are shown in. They are numbered anew from
    0, because rows written by hand or from a file may share a position.
    """
    with transaction.atomic():
        rows = list(siblings.select_for_update(of=("self",)))
        place = next((index for index, row in enumerate(rows) if row.pk == row_id), None)
        if place is None:
            return False
        neighbour = place - 1 if up else place + 1
        if not 0 <= neighbour < len(rows):
            return False
        moved, was = rows[place], rows[place].position
        rows[place], rows[neighbour] = rows[neighbour], rows[place]
        for position, row in enumerate(rows):
            row.position = position
        siblings.model._default_manager.bulk_update(rows, ["position"])
        auditing.record(
            subject=moved, before={"position": was}, after={"position": moved.position}, now=now
        )
        catalogue.mark_dirty()
    return True


def arrange(*, siblings: "models.QuerySet[Any]", row_ids: Sequence[int], now: datetime) -> None:
    """Put the rows of these ids first, in this order; the others follow in the order they have.

    `siblings` as for `move`; all of them are numbered anew.
    """
    with transaction.atomic():
        rows = {row.pk: row for row in siblings.select_for_update(of=("self",))}
        first = [pk for pk in row_ids if pk in rows]
        wanted = [*first, *(pk for pk in rows if pk not in set(first))]
        moved = [(rows[pk], place) for place, pk in enumerate(wanted) if rows[pk].position != place]
        for row, place in moved:
            auditing.record(
                subject=row, before={"position": row.position}, after={"position": place}, now=now
            )
            row.position = place
        siblings.model._default_manager.bulk_update([row for row, _place in moved], ["position"])
        if moved:
            catalogue.mark_dirty()
