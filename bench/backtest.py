"""Back-test 30 days of 50 replicas checked every minute: `bin/bench backtest`.

Stores the packed hours in a throw-away SQLite file first; only the back-test itself is timed.
"""

import os
import random
import tempfile
import time
from datetime import UTC, datetime, timedelta
from typing import Any

DAYS, REPLICAS, INTERVAL_S = 30, 50, 60
NOW = datetime(2026, 11, 19, 14, 0, tzinfo=UTC)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="candor-bench-") as folder:
        os.environ.update(
            DJANGO_SETTINGS_MODULE="statuspage.settings", SECRET_KEY="bench", CANDOR_DATA=folder
        )
        os.environ.pop("DATABASE_URL", None)
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        node = _fill()
        from monitoring import backtest

        started = time.perf_counter()
        result = backtest.run(node=node, days=DAYS, now=NOW, bad_checks=2, sick_after_s=0.2)
        took_s = time.perf_counter() - started
        print(
            f"backtest: {took_s:.1f} s for {result.samples:,} samples of {REPLICAS} replicas in {DAYS} "
            f"days ({took_s / result.samples * 1e6:.2f} µs a sample); target < 20 s"
        )


def _fill() -> Any:
    from components import catalogue
    from components.models import Component
    from monitoring import packing
    from monitoring.models import Node, PackedHour, Replica
    from monitoring.packing import Outcome, PackedSample

    component = Component(name="Bench", slug="bench")
    catalogue.register(component=component, now=NOW)
    node = Node.objects.create(component=component, name="Bench", slug="bench")
    chance = random.Random(3)
    for number in range(REPLICAS):
        replica = Replica.objects.create(node=node, address=f"tcp://192.0.2.1:{number + 1}")
        rows = []
        for hour in range(DAYS * 24 + 1):
            samples = []
            for minute in range(3600 // INTERVAL_S):
                is_dead = chance.random() < 0.002
                latency_ms = None if is_dead else int(chance.gauss(90, 30)) % 400
                outcome = Outcome.DEAD if is_dead else Outcome.HEALTHY
                samples.append(PackedSample(minute * 600 + number * 3, latency_ms, outcome))
            at = NOW - timedelta(hours=hour)
            rows.append(PackedHour(replica=replica, hour=at, data=packing.pack(samples)))
        PackedHour.objects.bulk_create(rows)
    return node


if __name__ == "__main__":
    main()
