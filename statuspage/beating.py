"""Beat's timetable, for a wall clock that may be set back."""

from typing import Any

from celery import beat


class Scheduler(beat.Scheduler):
    """Celery's own, but what ran at a time that comes again is due after its pause from now.

    Celery's waits until the clock has caught up, with everything that only beat starts.
    """

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
