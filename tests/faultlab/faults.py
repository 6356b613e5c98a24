"""One named fault against the running product, and the verdict of reliability 3.1.

`bin/faultlab FAULT [SUBSCRIBERS]` prints it as JSON; without a fault it lists them. Injected faults
are those of reliability 3.3; the verdict counts what a sink took, not what we believe was sent.
"""

import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from tests.faultlab import lab
from tests.faultlab.lab import Lab, Taken

_IN_FLIGHT = 16  # connections of a worker: what a kill may leave in doubt
# A lease and the pause after doubt have to pass before a killed sender's messages are taken up.
_PATIENCE_S = 480.0


def none(running: Lab, expected: int) -> int:
    """No fault: nothing may be doubled."""
    running.wait_for(expected, timeout_s=120)
    return 0


def f01_kill_worker(running: Lab, expected: int) -> int:
    """F-01: kill -9 of a worker in the middle of the fan-out; another starts."""
    running.wait_for(expected // 2, timeout_s=60)
    running.kill("worker-1")
    running.start("worker-2")
    return 1


def f03_kill_beat(running: Lab, expected: int) -> int:
    """F-03: beat dies; the workers sweep by themselves."""
    running.kill("beat-1")
    running.post(1)
    return 0


def f04_two_beats(running: Lab, expected: int) -> int:
    """F-04: two beats and two workers at once."""
    running.start("beat-2")
    running.start("worker-2")
    return 0


def f08_redis_gone(running: Lab, expected: int) -> int:
    """F-08: the broker loses everything while messages leave, and once more."""
    port = urlsplit(running.environment["BROKER_URL"]).port
    for _round in range(2):
        subprocess.run(
            ["redis-cli", "-p", str(port), "flushall"], check=True, stdout=subprocess.DEVNULL
        )
        time.sleep(1)
    return 0


FAULTS: Mapping[str, Callable[[Lab, int], int]] = {
    "none": none,
    "F-01": f01_kill_worker,
    "F-03": f03_kill_beat,
    "F-04": f04_two_beats,
    "F-08": f08_redis_gone,
}


def run(fault: str, *, subscribers: int, updates: int = 1) -> dict[str, Any]:
    """Post updates to so many subscribers, inject the fault, wait until all is quiet; the verdict."""
    with lab.running(pause_ms=5) as running:
        running.seed({"email": subscribers})
        running.start("worker-1")
        running.start("beat-1")
        running.warm_up()
        _began, posted = running.post(0)
        kills = FAULTS[fault](running, subscribers)
        for number in range(1, updates):
            running.post(number)
        counts = _quiet(running)
        return verdict(
            fault=fault,
            taken=running.taken(),
            counts=counts,
            subscribers=subscribers,
            kills=kills,
            posted=posted,
        )


def verdict(
    *,
    fault: str,
    taken: list[Taken],
    counts: Mapping[str, Any],
    subscribers: int,
    kills: int,
    posted: float,
) -> dict[str, Any]:
    """What the sinks and the rows say together; `is_good` when no invariant is broken."""
    reached = {each.recipient for each in taken}
    missing = sorted({f"reader{number}@example.com" for number in range(subscribers)} - reached)
    waits = [each.at - posted for each in taken]
    duplicates = lab.duplicates(taken)
    found = {
        "fault": fault,
        "rows": counts["rows"],
        "states": dict(counts["states"]),
        "sink": len(taken),
        "sink_dupes": duplicates,
        "missing": missing[:10],
        "out_of_order": out_of_order(taken),
        "p50": round(lab.percentile(waits, 0.5), 1),
        "p99": round(lab.percentile(waits, 0.99), 1),
    }
    is_ended = not any(counts["states"].get(state) for state in ("pending", "leased"))
    found["is_good"] = (
        not missing
        and is_ended
        and not counts["unexpanded"]
        and duplicates <= kills * _IN_FLIGHT
        and not found["out_of_order"]
    )
    return found


_ORDER = ("Investigating", "Identified", "Monitoring", "Resolved")


def out_of_order(taken: list[Taken]) -> int:
    """How many messages came to somebody after one that says something newer."""
    newest: dict[str, int] = defaultdict(int)
    wrong = 0
    for each in sorted(taken, key=lambda one: one.at):
        step = next((at for at, word in enumerate(_ORDER) if word in each.subject), 0)
        wrong += step < newest[each.recipient]
        newest[each.recipient] = max(newest[each.recipient], step)
    return wrong


def _quiet(running: Lab) -> Any:
    ends = time.monotonic() + _PATIENCE_S
    while True:
        counts = running.counts()
        open_ones = sum(counts["states"].get(state, 0) for state in ("pending", "leased"))
        if (not open_ones and not counts["unexpanded"]) or time.monotonic() > ends:
            return counts
        time.sleep(2)


def main() -> None:
    if len(sys.argv) < 2 or sys.argv[1] not in FAULTS:
        known = "\n".join(f"  {name}: {fault.__doc__}" for name, fault in FAULTS.items())
        sys.exit(f"Usage: bin/faultlab FAULT [SUBSCRIBERS]\n{known}")
    subscribers = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
    found = run(sys.argv[1], subscribers=subscribers, updates=3)
    print(json.dumps(found))
    sys.exit(0 if found["is_good"] else 1)


if __name__ == "__main__":
    main()
