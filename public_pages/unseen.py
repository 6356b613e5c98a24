"""Stretches in which our own network was down: in a component's history they are unknown (F-28).

Read for `reading`; what was recorded stays as it is.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import models

from components.status import Status
from components.uptime import Change
from monitoring import vantage
from monitoring.models import Blindness, Mode, Replica

Stretch = tuple[datetime, datetime | None]


def stretches(*, since: datetime) -> list[Stretch]:
    """The stretches, in order, that reach beyond `since`; the last one may have no end yet."""
    rows = Blindness.objects.filter(models.Q(ended_at=None) | models.Q(ended_at__gt=since))
    return list(rows.order_by("started_at").values_list("started_at", "ended_at"))


def put(changes: dict[int, tuple[Change, ...]], *, blind: Sequence[Stretch]) -> None:
    """Put the stretches into the changes by component, where a component is checked from here.

    What a person holds by hand was never seen by us.
    """
    if not blind:
        return
    checked = Replica.objects.filter(
        node__mode=Mode.POLL,
        node__is_polled_centrally=True,
        node__component_id__in=list(changes),
        node__component__is_manual=False,
    )
    rows = checked.values_list("node__component_id", "address")
    for component_id in {owner for owner, address in rows if vantage.needs_network(address)}:
        for start, end in blind:
            changes[component_id] = cut(changes[component_id], start=start, end=end)


def cut(
    changes: tuple[Change, ...], *, start: datetime, end: datetime | None
) -> tuple[Change, ...]:
    """The changes with the stretch as unknown; what held at its end holds on from there."""
    before = tuple(change for change in changes if change.at < start)
    within = [
        change for change in changes if change.at >= start and (end is None or change.at <= end)
    ]
    if not before and not within:
        return changes  # it began after the stretch
    after = tuple(change for change in changes if end is not None and change.at > end)
    began = start if before else within[0].at
    held = (within or before)[-1].status
    back = (Change(at=end, status=held),) if end is not None else ()
    return (*before, Change(at=began, status=Status.UNKNOWN), *back, *after)
