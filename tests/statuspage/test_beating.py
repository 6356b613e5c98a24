"""Beat's timetable on a wall clock that was set back."""

from datetime import timedelta
from typing import Any

from celery.beat import ScheduleEntry
from celery.schedules import schedule
from celery.signals import after_task_publish

from statuspage import beating, celery


def test_what_last_ran_at_a_time_that_comes_again_is_rung_for_all_the_same() -> None:
    names = ["monitoring.tasks.note_gaps", "monitoring.tasks.tell_operators"]
    wrong = celery.app.now() + timedelta(hours=2)
    entries = {
        name: ScheduleEntry(
            name=name, task=name, schedule=schedule(0), last_run_at=wrong, app=celery.app
        )
        for name in names
    }
    beat = beating.Scheduler(app=celery.app, schedule=entries, lazy=True)
    rung = set()

    def note(sender: str, **_: Any) -> None:
        rung.add(sender)

    after_task_publish.connect(note)
    try:
        for _ in range(20):
            beat.tick()
    finally:
        after_task_publish.disconnect(note)

    assert rung == set(names)


def test_celery_is_told_to_use_it() -> None:
    assert celery.app.conf.beat_scheduler == f"{beating.__name__}:{beating.Scheduler.__name__}"
