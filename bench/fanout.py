"""How fast an update reaches everybody: `bin/bench fanout [E-MAILS]` (10240 unless given).

The product with one worker process and beat, durable PostgreSQL, Redis, and sinks that take 20 ms for
each message. The last line prints, for each channel, the rate and the percentiles of the time from
the operator's commit to the sink's answer.
"""

import sys
from collections import defaultdict

from tests.faultlab import lab

_OTHERS = {"sms": 500, "webhook": 200, "webpush": 200, "slack": 1}


def main() -> None:
    mails = int(sys.argv[1]) if len(sys.argv) > 1 else 10_240
    counts = {"email": mails, **(_OTHERS if mails <= 20_000 else {})}
    with lab.running(pause_ms=20, is_durable=True) as running:
        made = running.seed(counts)
        running.start("worker-1")
        running.start("beat-1")
        running.warm_up()
        began, posted = running.post(0)
        expected = sum(made.values())
        is_done = running.wait_for(expected, timeout_s=900)
        taken = running.taken()
        if not is_done:
            print(running.errors()[-3000:], running.counts(), file=sys.stderr)
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


if __name__ == "__main__":
    main()
