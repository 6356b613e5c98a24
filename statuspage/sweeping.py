"""Every worker looks for due work by itself every 5 s, without broker and beat.

What beat dispatches in time is gone by then; the sweep only takes what nobody rang for. So a dead
beat or broker delays and never stops anything (decisions 6).
"""

import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import close_old_connections
from django.utils import timezone

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
    jobs = [job for queue, job in _JOBS.items() if queue in names]
    threading.Thread(target=_run, args=(jobs,), name="sweeper", daemon=True).start()


def stop(**_: Any) -> None:
    """End the sweeper with its worker."""
    _stopping.set()


def sweep_probes() -> None:
    """Check replicas that have been due for a while."""
    while (
        batch := scheduling.claim_due_replicas(now=timezone.now(), overdue_by=_LEFT_TO_BEAT)
    ).replica_ids and not _stopping.is_set():
        monitoring_tasks.probe_batch(replica_ids=batch.replica_ids)


def sweep_deliveries() -> None:
    """Answer visitors, expand what was announced, send deliveries that are due, start and finish maintenance, note gaps, find who fell silent."""
    subscriber_tasks.answer_asked()
    subscriber_tasks.expand_broadcasts()
    notification_tasks.drain_due_deliveries()
    incident_tasks.take_due_steps()
    monitoring_tasks.look_around()
    monitoring_tasks.note_gaps()
    monitoring_tasks.find_silent()


_JOBS: dict[str, Callable[[], None]] = {"probes": sweep_probes, "deliveries": sweep_deliveries}


def _run(jobs: list[Callable[[], None]]) -> None:
    while not _stopping.wait(EVERY_S):
        for job in jobs:
            close_old_connections()
            try:
                job()
            except Exception:
                _logger.exception("sweep failed: %s", job.__name__)
            finally:
                close_old_connections()
