"""Whatever is sent, the management API answers as declared: `bin/bench api [requests] [seed]`.

schemathesis makes requests from the OpenAPI document (examples, the edges of every field, random ones,
rows of them that build upon each other) against a throw-away SQLite file, in rounds with a seed and a
process each, until there were so many, 50,000 if nothing is said. Prints what was not as declared, and
after each round a line with the figures so far; ends with 0 when everything was.
"""

import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter

REQUESTS = 50_000
EXAMPLES = 14
"""Of each operation in a round."""
ROUND = "--round"


def main() -> None:
    if sys.argv[1:2] == [ROUND]:
        _one_round(int(sys.argv[2]))
        return
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else REQUESTS
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    by_status, spent_s, problems = Counter[str](), 0.0, 0
    while by_status.total() < wanted:
        # A process each: the threads of a round keep its database open.
        command = [sys.executable, "-m", "bench.api", ROUND, str(seed)]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
        *told, figures = done.stdout.decode().splitlines()
        found = json.loads(figures)
        seed, problems = seed + 1, problems + len(told)
        by_status.update(found["by_status"])
        spent_s += found["spent_s"]
        for line in told:
            print(line)
        statuses = ", ".join(f"{status}: {count}" for status, count in sorted(by_status.items()))
        print(
            f"{by_status.total()} requests ({statuses}), {problems} not as declared, "
            f"{spent_s:.0f} s of processor",
            flush=True,
        )
    sys.exit(1 if problems else 0)


def _one_round(seed: int) -> None:
    """Send one round; what was not as declared, a line each, and then the figures."""
    began = time.process_time()
    with tempfile.TemporaryDirectory(prefix="candor-bench-") as folder:
        os.environ.update(
            DJANGO_SETTINGS_MODULE="tests.settings", SECRET_KEY="bench", CANDOR_DATA=folder
        )
        os.environ.pop("DATABASE_URL", None)
        import django

        django.setup()
        logging.disable(logging.CRITICAL)
        from django.conf import settings
        from django.core.management import call_command

        from tests.management_api import fuzzed_world, fuzzing
        from tests.management_api.calling import Caller

        settings.API_PER_MINUTE = 10**9
        call_command("migrate", verbosity=0)
        fuzzed_world.fill(seed=seed)
        report = fuzzing.run(secret=Caller().secret, seed=seed, examples=EXAMPLES, stories=30)
        for problem in report.problems:
            print(" ".join(problem.split()))
        spent_s = time.process_time() - began
        by_status = {str(status): count for status, count in report.by_status.items()}
        print(json.dumps({"by_status": by_status, "spent_s": spent_s}))


if __name__ == "__main__":
    main()
