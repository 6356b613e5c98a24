"""Every worker looks for due work by itself every 5 s, without broker and beat.

What beat dispatches in time is gone by then; the sweep only takes what nobody rang for. So a dead
beat or broker delays and never stops anything (decisions 6).
"""

import contextlib
import logging
import threading
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from django.db import close_old_connections
from django.utils import timezone
from kombu.exceptions import OperationalError

from customer_pages import tasks as customer_tasks
from incidents import tasks as incident_tasks
from monitoring import scheduling
from monitoring import tasks as monitoring_tasks
from notifications import tasks as notification_tasks
from subscribers import tasks as subscriber_tasks

EVERY_S = 5.0
# Younger work is beat's: taking it here would only move it to this one thread.
_LEFT_TO_BEAT = timedelta(seconds=3)

_logger = logging.getLogger(__name__)
_stopping = threading.Event()


def start(sender: Any = None, **_: Any) -> None:
    """Start the sweeper of this worker, for the queues that it consumes."""
    names = {queue.name for queue in sender.task_consumer.queues} if sender is not None else set()
    jobs = [job for queue, found in JOBS.items() if queue in names for job in found]
    threading.Thread(target=_run, args=(jobs,), name="sweeper", daemon=True).start()


def stop(**_: Any) -> None:
    """End the sweeper with its worker."""
    _stopping.set()


def sweep_probes() -> None:
    """Check replicas that have been due for a while, and have the locations check theirs."""
    claimed = []
    while not _stopping.is_set() and (
        batch := scheduling.claim_due_replicas(now=timezone.now(), overdue_by=_LEFT_TO_BEAT)
    ):
        claimed.append(batch)
        if batch.replica_ids:
            monitoring_tasks.probe_batch(replica_ids=batch.replica_ids)
    # Last, because it waits for the broker; without one no location can be asked at all.
    with contextlib.suppress(OperationalError):
        for batch in claimed:
            monitoring_tasks.send_elsewhere(batch)


# What the sweeper does for each queue, one after the other; a step that fails holds up none.
JOBS: dict[str, tuple[Callable[[], None], ...]] = {
    "probes": (sweep_probes,),
    "deliveries": (
        subscriber_tasks.answer_asked,
        customer_tasks.answer_sign_ins,
        subscriber_tasks.expand_broadcasts,
        notification_tasks.drain_due_deliveries,
        incident_tasks.take_due_steps,
        monitoring_tasks.look_around,
        monitoring_tasks.note_gaps,
        monitoring_tasks.find_silent,
    ),
}


def sweep(jobs: Iterable[Callable[[], None]]) -> None:
    """Do each of these once, whatever becomes of the others."""
    for job in jobs:
        close_old_connections()
        try:
            job()
        except Exception:
            _logger.exception("sweep failed: %s", job.__name__)
        finally:
            close_old_connections()


def _run(jobs: list[Callable[[], None]]) -> None:
    while not _stopping.wait(EVERY_S):
        sweep(jobs)
