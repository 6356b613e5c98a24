"""The worker's own look for due work: one step that fails keeps no other from its turn."""

from datetime import timedelta
from typing import Any

import pytest
from celery.signals import after_task_publish
from django.utils import timezone

from monitoring.models import Location, Replica
from statuspage import celery, sweeping
from tests import build


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("G-01")
def test_a_step_that_fails_holds_up_none_after_it(caplog: pytest.LogCaptureFixture) -> None:
    done: list[str] = []

    def fails() -> None:
        raise ValueError("broken row")

    def works() -> None:
        done.append("works")

    sweeping.sweep([fails, works])

    assert done == ["works"]
    assert "sweep failed: fails" in caplog.text


def test_each_step_of_the_deliveries_stands_alone() -> None:
    names = [step.__name__ for step in sweeping.JOBS["deliveries"]]
    assert names.index("answer_asked") < names.index("drain_due_deliveries")
    assert len(names) == 8


@pytest.mark.django_db
def test_a_sweep_sends_the_places_what_it_claimed_for_them() -> None:
    """A claim moves a replica to its next slot for everybody, so nobody else would send it."""
    due_at = timezone.now() - timedelta(seconds=30)
    paris = Location.objects.create(name="Paris", slug="paris")

    def due(**options: Any) -> Replica:
        replica = build.replica(node=build.node(retries=0, **options), next_probe_at=due_at)
        replica.node.locations.add(paris)
        return replica

    both, away = due(), due(is_polled_centrally=False)
    sent = {}

    def note(routing_key: str, body: Any, **_: Any) -> None:
        sent[routing_key] = body[1]["replica_ids"]

    celery.app.set_current()
    after_task_publish.connect(note)
    try:
        sweeping.sweep_probes()
    finally:
        after_task_publish.disconnect(note)

    assert sent == {"probes.paris": [both.id, away.id]}
    assert not Replica.objects.filter(next_probe_at__lte=timezone.now()).exists()
