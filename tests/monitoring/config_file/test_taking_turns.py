"""Two people apply files at once, and recorders go on meanwhile: needs two real connections."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from threading import Barrier

import pytest
from django.db import connection

from components.models import Component
from monitoring import recording
from monitoring.config_file import applying, loading
from monitoring.config_file.plans import Plan
from monitoring.models import Replica
from tests.monitoring import observing

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

FILE = "components:\n" + "".join(
    f"  - {{name: C{number}, nodes: [{{name: web, interval_s: {{interval}}, replicas: "
    f"['tcp://127.0.0.1:{number + 1}', 'tcp://127.0.0.2:{number + 1}']}}]}}\n"
    for number in range(10)
)


def apply(interval_s: int, now: datetime) -> Plan:
    loaded = loading.load(FILE.replace("{interval}", str(interval_s)).encode())
    return applying.apply(loaded=loaded, now=now)


def at_once(*calls: Callable[[], object]) -> list[object]:
    start = Barrier(len(calls))

    def run(call: Callable[[], object]) -> object:
        start.wait()
        try:
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_of_two_people_who_apply_a_file_at_once_the_second_has_nothing_to_change(
    now: datetime,
) -> None:
    plans = at_once(partial(apply, 60, now), partial(apply, 60, now))

    assert sorted(isinstance(plan, Plan) and plan.is_empty for plan in plans) == [False, True]
    assert Component.objects.count() == 10


def test_applying_and_recording_at_once_end_without_a_deadlock(now: datetime) -> None:
    apply(60, now)
    replicas = list(Replica.objects.select_related("node"))

    for turn in range(1, 8):
        at = now + timedelta(seconds=turn)
        observe = observing.answered if turn % 2 else observing.refused
        observations = [observe(replica, at) for replica in reversed(replicas)]
        at_once(
            partial(apply, 60 + turn, at),
            partial(recording.record, observations=observations[::2], now=at),
            partial(recording.record, observations=observations[1::2], now=at),
        )

    assert set(Replica.objects.values_list("last_outcome_at", flat=True)) == {at}
