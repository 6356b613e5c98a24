"""How fast an update reaches everybody: `bin/bench fanout [E-MAILS [alone]]` (10240 unless given).

The product with one worker process and beat, durable PostgreSQL, Redis, and sinks that take 20 ms for
each message. Every ten seconds it prints how far it is, then what the processor was used for, and in
the last line, for each channel, the rate and the percentiles of the time from the operator's commit
to the sink's answer.
"""

import os
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

from tests.faultlab import lab
from tests.faultlab.lab import Lab

_OTHERS = {"sms": 500, "webhook": 200, "webpush": 200, "slack": 1}
# So many mails are sent alone: that they arrive within five minutes is what is asked of them.
_ALONE_FROM = 20_000
_LONGEST_S = 1_800
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def main() -> None:
    mails = int(sys.argv[1]) if len(sys.argv) > 1 else 10_240
    is_alone = mails > _ALONE_FROM or "alone" in sys.argv
    counts = {"email": mails, **({} if is_alone else _OTHERS)}
    # The sinks set the pace, not a contract with a provider.
    unlimited = {"CANDOR_SMS_PER_S": "0"}
    with lab.running(pause_ms=20, is_durable=True, settings=unlimited) as running:
        made = running.seed(counts)
        running.start("worker-1")
        running.start("beat-1")
        running.warm_up()
        used_before = _processor_s()
        began, posted = running.post(0)
        expected = sum(made.values())
        _wait(running, expected, posted)
        used = _processor_s()
        taken = running.taken()
        if len(taken) < expected:
            print(running.errors()[-3000:], running.counts(), file=sys.stderr)
    spent = {name: used[name] - used_before.get(name, 0.0) for name in used}
    shares = ", ".join(
        f"{name} {seconds * 1000 / max(len(taken), 1):.2f}"
        for name, seconds in sorted(spent.items(), key=lambda found: -found[1])
    )
    total_ms = sum(spent.values()) * 1000 / max(len(taken), 1)
    print(f"processor: {total_ms:.2f} ms a message ({shares})")
    waits: dict[str, list[float]] = defaultdict(list)
    for each in taken:
        waits[each.kind].append(each.at - posted)
    parts = [
        f"{kind} {len(found)} of {made[kind]}, {len(found) / max(found):.0f}/s,"
        f" p50 {lab.percentile(found, 0.5):.1f} s, p99 {lab.percentile(found, 0.99):.1f} s,"
        f" max {max(found):.1f} s"
        for kind, found in waits.items()
    ]
    missing = [kind for kind in counts if kind not in made]
    print(
        f"fanout: posted in {(posted - began) * 1000:.0f} ms; {'; '.join(parts)};"
        f" {lab.duplicates(taken)} doubled{'; no channel ' + ', '.join(missing) if missing else ''}"
    )


def _wait(running: Lab, expected: int, posted: float) -> None:
    ends = time.monotonic() + _LONGEST_S
    while not running.wait_for(expected, timeout_s=10) and time.monotonic() < ends:
        taken = Counter(each.kind for each in running.taken())
        print(f"after {time.time() - posted:.0f} s: {dict(taken)}", flush=True)


def _processor_s() -> dict[str, float]:
    """The processor time of everything that this program started, by what it runs."""
    parents: dict[int, int] = {}
    used: dict[int, tuple[str, float]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(") ")[2].split()
            command = (path.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:  # it ended meanwhile
            continue
        pid = int(path.parent.name)
        parents[pid] = int(fields[1])
        # Of itself and of children that ended, in user and system mode.
        used[pid] = (_kind(command), sum(map(int, fields[11:15])) / _TICKS_PER_S)
    found: dict[str, float] = defaultdict(float)
    for pid, (kind, seconds) in used.items():
        ancestor = pid
        while ancestor in parents and ancestor != os.getpid():
            ancestor = parents[ancestor]
        if ancestor == os.getpid() and pid != os.getpid():
            found[kind] += seconds
    return found


def _kind(command: str) -> str:
    for word in ("postgres", "redis", "sinks", "worker", "beat"):
        if word in command:
            return word
    return "other"


if __name__ == "__main__":
    main()
