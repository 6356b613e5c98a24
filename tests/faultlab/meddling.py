"""A broker that cannot be trusted (fault F-05): carries Celery's messages from one Redis database to
another, three in ten not at all, the others twice and in any order.

`python -m tests.faultlab.meddling URL_FROM URL_TO COUNTS`; what it did with them is written to COUNTS.
"""

import json
import random
import sys
import time
from collections import Counter
from pathlib import Path

import redis

QUEUES = ("probes", "deliveries", "upkeep")
_LOST = 0.3
_HELD = 8  # so many are shuffled
_HELD_S = 1.5


def main() -> None:
    origin, target = (redis.Redis.from_url(url) for url in sys.argv[1:3])
    chance = random.Random(5)
    done: Counter[str] = Counter()
    held: list[tuple[bytes, bytes]] = []
    since = time.monotonic()
    while True:
        got = origin.brpop(list(QUEUES), timeout=1)
        if got is not None:
            queue, message = _bytes(got[0]), _bytes(got[1])
            is_lost = chance.random() < _LOST
            done["lost" if is_lost else "doubled"] += 1
            if not is_lost:
                held += [(queue, message)] * 2
        if len(held) >= _HELD or (held and time.monotonic() - since > _HELD_S):
            chance.shuffle(held)
            for queue, message in held:
                target.lpush(queue, message)
            held.clear()
            since = time.monotonic()
            Path(sys.argv[3]).write_text(json.dumps(done))


def _bytes(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


if __name__ == "__main__":
    main()
