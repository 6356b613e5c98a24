"""What a sample costs on disk once it is packed, indexes included."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from monitoring import packing
from monitoring.models import PackedHour, Replica
from monitoring.packing import Outcome, PackedSample
from tests import build

REPLICAS, HOURS, SAMPLES = 100, 12, 60  # one sample a minute


def table_bytes() -> int:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_total_relation_size('monitoring_packedhour')")
            size: int = cursor.fetchone()[0]
            return size
        # Without the pages that earlier tests left free.
        cursor.execute(
            "SELECT (page_count - freelist_count) * page_size"
            " FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()"
        )
        pages: int = cursor.fetchone()[0]
        return pages


@pytest.mark.django_db(transaction=True)
def test_a_packed_sample_costs_eight_bytes_at_most(capsys: pytest.CaptureFixture[str]) -> None:
    if connection.vendor == "postgresql":  # gives the room that deleted rows left back
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE monitoring_packedhour")
    node = build.node()
    replicas = Replica.objects.bulk_create(
        [Replica(node=node, address=f"tcp://127.0.0.1:{n + 1}") for n in range(REPLICAS)]
    )
    chance = random.Random(7)
    before = table_bytes()
    start = datetime(2026, 11, 1, tzinfo=UTC)
    for hour in range(HOURS):
        PackedHour.objects.bulk_create(
            [
                PackedHour(
                    replica=replica,
                    hour=start + timedelta(hours=hour),
                    data=packing.pack(an_hour(chance)),
                )
                for replica in replicas
            ]
        )
    cost = (table_bytes() - before) / (REPLICAS * HOURS * SAMPLES)
    with capsys.disabled():
        print(f"\n{connection.vendor}: {cost:.2f} bytes a packed sample, indexes included")
    assert 1 < cost <= 8


def an_hour(chance: random.Random) -> list[PackedSample]:
    """Latencies that wander, slots that jitter by some tenths of a second, a failure now and then."""
    typical = chance.randint(20, 400)
    samples = []
    for minute in range(SAMPLES):
        is_dead = chance.random() < 0.01
        samples.append(
            PackedSample(
                minute * 600 + chance.randint(0, 5),
                None if is_dead else max(1, round(chance.gauss(typical, typical / 5))),
                Outcome.DEAD if is_dead else Outcome.HEALTHY,
            )
        )
    return samples
