"""Beat's timetable on a wall clock that was set back."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from celery.beat import ScheduleEntry
from celery.schedules import schedule
from celery.signals import after_task_publish

from statuspage import beating, celery


def test_what_last_ran_at_a_time_that_comes_again_is_rung_for_all_the_same() -> None:
    names = ["monitoring.tasks.note_gaps", "monitoring.tasks.tell_operators"]
    entries = {
        name: ScheduleEntry(name=name, task=name, schedule=schedule(0), app=celery.app)
        for name in names
    }
    beat = beating.Scheduler(app=celery.app, schedule=entries, lazy=True)
    beat.tick()
    wrong = celery.app.now() + timedelta(hours=2)
    for entry in beat.schedule.values():
        entry.last_run_at = wrong
    beat._heap = None
    beat.populate_heap()  # as it stands after two hours with the wrong time
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


def test_what_cannot_be_rung_is_said_in_one_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Of a broker of files whose folder is missing."""
    app = Celery("ringing", set_as_current=False)
    app.conf.update(
        broker_url="filesystem://",
        broker_transport_options={
            "data_folder_out": str(tmp_path / "queue"),
            "control_folder": str(tmp_path / "control"),
        },
        beat_schedule={"look": {"task": "look", "schedule": 0.0}},
        task_publish_retry=False,
    )
    beat = beating.Scheduler(app=app)

    for _ in range(10):
        beat.tick()

    (said,) = caplog.records
    assert "beat cannot ring" in said.getMessage()
    assert "look" in said.getMessage()
    assert said.exc_info is None
