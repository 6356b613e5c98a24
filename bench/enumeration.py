"""Whether answers tell who is subscribed: `bin/bench enumeration [requests of each kind]` (A3, G-17).

Asks the two forms that take an address about people who are subscribed, who wait, whose address is
suppressed and whom nobody knows, in random order, on a throw-away SQLite file. Each kind is compared
with the unknown: the answers byte by byte, the times with the two-sample test of Kolmogorov and
Smirnov. Prints a line for each; ends with 0 when all answers are alike and every p is above 0.01.
"""

import math
import os
import random
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

EACH = 1_000
P_MIN = 0.01
PATHS = ("/subscribe", "/subscriptions")
KINDS = ("unknown", "subscribed", "waiting", "suppressed")
_WARMING = 50
# What is another one in each answer, whoever asks.
_OF_THE_MOMENT = {"date", "expires", "set-cookie", "x-request-id"}


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else EACH
    with tempfile.TemporaryDirectory(prefix="candor-bench-") as folder:
        os.environ.update(
            DJANGO_SETTINGS_MODULE="tests.settings", SECRET_KEY="bench", CANDOR_DATA=folder
        )
        os.environ.pop("DATABASE_URL", None)
        import django

        django.setup()
        from django.conf import settings
        from django.core.management import call_command

        settings.ALLOWED_HOSTS = ["testserver"]
        call_command("migrate", verbosity=0)
        _seed(count)
        good = [_compare(path, count) for path in PATHS]
    print("nobody can tell" if all(good) else "SOMEBODY CAN TELL")
    sys.exit(0 if all(good) else 1)


def kolmogorov_smirnov(first: list[float], second: list[float]) -> tuple[float, float]:
    """The largest distance of two empirical distributions, and the chance of one as large by chance.

    The asymptotic distribution with Stephens's correction for finite samples, good from n = 4 on.
    """
    merged = sorted([(value, 0) for value in first] + [(value, 1) for value in second])
    counts, distance = [0, 0], 0.0
    sizes = (len(first), len(second))
    for place, (value, which) in enumerate(merged):
        counts[which] += 1
        # Equal values count together: the step is taken after the last of them.
        if place + 1 == len(merged) or merged[place + 1][0] != value:
            distance = max(distance, abs(counts[0] / sizes[0] - counts[1] / sizes[1]))
    effective = math.sqrt(sizes[0] * sizes[1] / (sizes[0] + sizes[1]))
    scaled = (effective + 0.12 + 0.11 / effective) * distance
    if scaled < 0.2:
        return distance, 1.0
    tail = sum((-1) ** (j - 1) * math.exp(-2 * j * j * scaled * scaled) for j in range(1, 101))
    return distance, min(1.0, max(0.0, 2 * tail))


def _seed(count: int) -> None:
    from components import catalogue
    from subscribers.models import Reason, State, Subscriber, Suppression

    now, page = datetime.now(UTC), catalogue.page()
    for kind, state in (("subscribed", State.ACTIVE), ("waiting", State.WAITING)):
        Subscriber.objects.bulk_create(
            [
                Subscriber(
                    page=page,
                    channel="email",
                    address=address,
                    canonical=address,
                    state=state,
                    created_at=now,
                    confirmed_at=now if state == State.ACTIVE else None,
                )
                for address in _addresses(kind, count)
            ],
            batch_size=500,
        )
    Suppression.objects.bulk_create(
        [
            Suppression(channel="email", canonical=address, reason=Reason.COMPLAINT, created_at=now)
            for address in _addresses("suppressed", count)
        ],
        batch_size=500,
    )


def _addresses(kind: str, count: int) -> Iterator[str]:
    # Equally long, whatever the kind.
    return (f"{number:06d}@{kind:-<10}.example".replace("-", "x") for number in range(count))


def _compare(path: str, count: int) -> bool:
    from django.test import Client

    asked = [(kind, address) for kind in KINDS for address in _addresses(kind, count)]
    chance = random.Random(17)
    chance.shuffle(asked)
    browser = Client()
    browser.get("/subscribe")
    times: dict[str, list[float]] = defaultdict(list)
    answers: dict[str, set[Any]] = defaultdict(set)
    warming = asked[:_WARMING]
    for number, (kind, address) in enumerate([*warming, *asked]):
        place = f"2001:db8:{number >> 12:x}:{number & 0xFFF:x}::1"
        began = time.perf_counter()
        typed = {"channel": "email", "email": address}
        answer = browser.post(path, typed, REMOTE_ADDR=place)
        took = time.perf_counter() - began
        if number >= len(warming):  # after the templates are loaded
            times[kind].append(took * 1000)
            answers[kind].add(_told(answer))
    told = set.union(*answers.values())
    # Alike, and the answer of a form that was taken: of refusals alike nothing would follow.
    good = len(told) == 1 and {status for status, *_rest in told} == {303}
    _forget_asked(len(asked) + len(warming))
    for kind in KINDS:
        distance, p = kolmogorov_smirnov(times["unknown"], times[kind])
        deciles = statistics.quantiles(times[kind], n=20)
        print(
            f"{path} {kind}: {count} requests, {len(answers[kind])} different answers,"
            f" median {statistics.median(times[kind]):.2f} ms, p95 {deciles[-1]:.2f} ms,"
            f" D {distance:.4f}, p {p:.3f}",
            flush=True,
        )
        good = good and (kind == "unknown" or p > P_MIN)
    return good


def _forget_asked(count: int) -> None:
    """Each request left the same row behind, for the program that writes the letters."""
    from subscribers.models import Asked

    found = Asked.objects.count()
    if found != count:
        sys.exit(f"{count} asked, and {found} were noted: this says nothing.")
    Asked.objects.all().delete()


def _told(answer: Any) -> tuple[int, bytes, tuple[tuple[str, str], ...], tuple[str, ...]]:
    headers = sorted(
        (name, value) for name, value in answer.items() if name.lower() not in _OF_THE_MOMENT
    )
    return answer.status_code, answer.content, tuple(headers), tuple(sorted(answer.cookies))


if __name__ == "__main__":
    main()
