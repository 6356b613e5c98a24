"""Beat's timetable, for a wall clock that may be set back and a broker that may take nothing."""

import logging
import time
from typing import Any

from celery import beat

_TOLD_EVERY_S = 60.0

_logger = logging.getLogger(__name__)


class Scheduler(beat.Scheduler):
    """Celery's own, but what ran at a time that comes again is due after its pause from now.

    Celery's waits until the clock has caught up, with everything that only beat starts. And it logs
    fifty lines for each message that cannot be sent, six times a second while the disk is full.
    """

    _told_at: float | None = None

    def tick(self, *args: Any, **kwargs: Any) -> float:
        ahead = [
            entry
            for entry in self.schedule.values()
            if entry.last_run_at and entry.last_run_at > entry.default_now()
        ]
        for entry in ahead:
            entry.last_run_at = entry.default_now()
        if ahead:
            self._heap = None  # made anew with these times
        pause_s: float = super().tick(*args, **kwargs)
        return pause_s

    def apply_entry(self, entry: beat.ScheduleEntry, producer: Any = None) -> None:
        """Ring for one entry. That this fails is said in one line a minute."""
        try:
            self.apply_async(entry, producer=producer, advance=False)
        except beat.SchedulingError as error:
            if self._told_at is None or time.monotonic() - self._told_at >= _TOLD_EVERY_S:
                self._told_at = time.monotonic()
                _logger.error("beat cannot ring; this is said once a minute: %s", error)  # noqa: TRY400 - its traceback says nothing more
