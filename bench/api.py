"""Whatever is sent, the management API answers as declared: `bin/bench api [requests] [seed]`.

schemathesis makes requests from the OpenAPI document (examples, the edges of every field, random ones,
rows of them that build upon each other) against a throw-away SQLite file, in rounds with a seed each,
until there were so many, 50,000 if nothing is said. Prints what was not as declared, and a line with
the figures; ends with 0 when everything was.
"""

import logging
import os
import sys
import tempfile
import time
from collections import Counter

REQUESTS = 50_000


def main() -> None:
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else REQUESTS
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    with tempfile.TemporaryDirectory(prefix="candor-bench-") as folder:
        os.environ.update(
            DJANGO_SETTINGS_MODULE="tests.settings", SECRET_KEY="bench", CANDOR_DATA=folder
        )
        os.environ.pop("DATABASE_URL", None)
        import django

        django.setup()
        logging.disable(logging.CRITICAL)
        sys.exit(_run(wanted, seed))


def _run(wanted: int, seed: int) -> int:
    from django.conf import settings
    from django.core.management import call_command

    from tests.management_api import fuzzed_world, fuzzing
    from tests.management_api.calling import Caller

    settings.API_PER_MINUTE = 10**9
    began, by_status, sent, problems = time.process_time(), Counter[int](), 0, 0
    call_command("migrate", verbosity=0)
    while sent < wanted:
        call_command("flush", interactive=False, verbosity=0)
        fuzzed_world.fill(seed=seed)
        report = fuzzing.run(secret=Caller().secret, seed=seed, examples=60, stories=60)
        seed, sent, problems = seed + 1, sent + report.requests, problems + len(report.problems)
        by_status += report.by_status
        for problem in report.problems:
            print(problem, flush=True)
    statuses = ", ".join(f"{status}: {count}" for status, count in sorted(by_status.items()))
    spent_s = time.process_time() - began
    print(f"{sent} requests ({statuses}), {problems} not as declared, {spent_s:.0f} s of processor")
    return 1 if problems else 0


if __name__ == "__main__":
    main()
