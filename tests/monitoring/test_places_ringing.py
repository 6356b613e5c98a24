"""What is rung for a location where no worker listens does not pile up."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from monitoring import tasks
from monitoring.models import Location, Replica
from statuspage import celery
from tests import build

pytestmark = pytest.mark.django_db
SLUG = "cellar-without-worker"
QUEUE = f"probes.{SLUG}"


@pytest.fixture
def broker() -> Iterator[Any]:
    """A channel to the broker, which keeps nothing of this test."""
    with celery.app.connection_for_write() as connection:
        channel = connection.default_channel
        yield channel
        for queue in (QUEUE, "probes"):
            channel.queue_purge(queue=queue)  # type: ignore[attr-defined]  # its stubs know less


def test_batches_for_a_location_without_a_worker_stay_few(
    broker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "MOST_WAITING", 3)
    replica = build.replica()
    replica.node.locations.add(Location.objects.create(name="Cellar", slug=SLUG))
    seen = []
    for _ in range(5):
        Replica.objects.update(next_probe_at=timezone.now() - timedelta(seconds=1))
        tasks.dispatch_due_probes()
        seen.append(broker.queue_declare(queue=QUEUE).message_count)
    assert seen == [1, 2, 3, 1, 2]
