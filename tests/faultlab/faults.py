"""`bin/faultlab`: inject named faults of reliability 3.3 into the running product, print the verdicts.

A verdict counts what the sinks took, not what we believe was sent.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.faultlab import of_hooks, of_mail, of_processes, of_stores

Verdict = dict[str, Any]


@dataclass(frozen=True)
class Fault:
    """`size` is how many there are to be told unless one says otherwise; `of_the_spec` with `--spec`."""

    run: Callable[[int], Verdict]
    size: int
    of_the_spec: int = 0

    @property
    def title(self) -> str:
        return (self.run.__doc__ or "").strip()


FAULTS: Mapping[str, Fault] = {
    "none": Fault(of_processes.none, 1000),
    "F-01": Fault(of_processes.f01, 1000, 10_000),
    "F-02": Fault(of_processes.f02, 14),
    "F-03": Fault(of_processes.f03, 1000, 10_000),
    "F-04": Fault(of_processes.f04, 1000, 10_000),
    "F-05": Fault(of_processes.f05, 1000, 10_000),
    "F-08": Fault(of_stores.f08, 1000, 10_000),
    "F-10": Fault(of_stores.f10, 2000, 10_000),
    "F-15": Fault(of_mail.f15, 1000, 10_000),
    "F-16": Fault(of_mail.f16, 300),
    "F-17": Fault(of_mail.f17, 300),
    "F-18": Fault(of_mail.f18, 300),
    "F-19": Fault(of_mail.f19, 300),
    "F-20": Fault(of_mail.f20, 1000),
    "F-23": Fault(of_hooks.f23, 1000),
    "F-24": Fault(of_hooks.f24, 1000),
    "F-25": Fault(of_hooks.f25, 300),
}


def run(name: str, *, size: int | None = None, is_spec: bool = False) -> Verdict:
    """Inject one fault; its verdict."""
    fault = FAULTS[name]
    if is_spec:
        size = size or fault.of_the_spec
        os.environ["FAULTLAB_ABSENT_S"] = "600"
    began = time.monotonic()
    found = fault.run(size or fault.size)
    return {
        "fault": name,
        **found,
        "took_s": round(time.monotonic() - began),
        "machine": machine(),
    }


def machine() -> str:
    """What it ran on, for the table of results."""
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, load {load:.1f} at the end"


def main() -> None:
    parser = argparse.ArgumentParser(prog="bin/faultlab", description=__doc__)
    parser.add_argument("fault", nargs="?", choices=sorted(FAULTS), metavar="FAULT")
    parser.add_argument("size", nargs="?", type=int, help="how many there are to be told")
    parser.add_argument("--list", action="store_true", help="the faults")
    parser.add_argument("--all", action="store_true", help="all, one after the other")
    parser.add_argument(
        "--spec",
        action="store_true",
        help="as many, and away as long, as reliability 3.3 says: hours on two cores",
    )
    asked = parser.parse_args()
    if asked.list or not (asked.all or asked.fault):
        for name, fault in FAULTS.items():
            print(f"{name}  {fault.title} ({fault.size})")
        return
    is_good = True
    for name in FAULTS if asked.all else [asked.fault]:
        found = run(name, size=asked.size, is_spec=asked.spec)
        print(json.dumps(found), flush=True)
        is_good = is_good and found["is_good"]
    sys.exit(0 if is_good else 1)


if __name__ == "__main__":
    main()
