"""The processes that the supervisor keeps running: started by themselves, or forked in the nursery.

Standard library only, as the supervisor.
"""

import ctypes
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import IO, Protocol

from statuspage import environment

# A line of a process, after its name.
Lines = queue.SimpleQueue[tuple[str, str]]
CAN_ADOPT = sys.platform == "linux"
_PR_SET_CHILD_SUBREAPER = 36


class Process(Protocol):
    """A process of ours: what `subprocess.Popen` can do, as far as it is needed."""

    pid: int

    @property
    def returncode(self) -> int | None: ...

    def poll(self) -> int | None: ...

    def wait(self) -> int | None: ...


class Adopted:
    """A process that somebody else forked and whose parent we became."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""
        return self._collect(os.WNOHANG)

    def wait(self) -> int | None:
        """Wait for its end."""
        return self._collect(0)

    def _collect(self, options: int) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, options)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode


@dataclass
class Child:
    """One process that is kept running. `inherited` are the descriptors it gets."""

    name: str
    command: Sequence[str]
    process: Process | None = None
    started_at: float = 0.0
    restart_at: float = 0.0
    quick_ends: int = 0
    inherited: tuple[int, ...] = ()

    def start(self, lines: Lines) -> None:
        """Start it by itself."""
        process = subprocess.Popen(
            self.command,
            cwd=environment.ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            pass_fds=self.inherited,
            start_new_session=True,  # its own group: Ctrl-C reaches us alone, and we end the group
        )
        assert process.stdout is not None  # noqa: S101 - asked for above
        self._run(process, process.stdout, lines)

    def adopt(self, pid: int, output: int, lines: Lines) -> None:
        """Look after a process that was forked for this; `output` is where its lines can be read."""
        self._run(Adopted(pid), os.fdopen(output, errors="replace"), lines)

    def _run(self, process: Process, output: IO[str], lines: Lines) -> None:
        self.started_at, self.process = time.monotonic(), process
        threading.Thread(target=_forward, args=(self.name, output, lines), daemon=True).start()

    def signal(self, number: int) -> None:
        """Send a signal to the child and all that it started."""
        if self.process is not None:
            try:
                os.killpg(self.process.pid, number)
            except ProcessLookupError:
                return

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Birth:
    """A process to be forked: a Python with its arguments, and the descriptors it writes to and keeps."""

    command: Sequence[str]
    output: int
    inherited: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the supervisor wants of the nursery.

    Each fork writes its index in `births` and its process id, as one line, to the descriptor
    `answers` once it leads a group of its own.
    """

    supervisor: int
    is_demo: bool
    answers: int
    births: Sequence[Birth]

    def as_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Order":
        stored = json.loads(text)
        return cls(**{**stored, "births": [Birth(**each) for each in stored["births"]]})

    @property
    def descriptors(self) -> set[int]:
        """All that the nursery needs."""
        kept = {fd for birth in self.births for fd in birth.inherited}
        return kept | {birth.output for birth in self.births} | {self.answers}


def raise_all(children: Sequence[Child], *, is_demo: bool, lines: Lines) -> int:
    """Prepare database and files, and fork these children from one process that loaded everything.

    Returns the exit code of that process. What it forked is adopted whatever the code is; a child
    that it did not fork does not run yet.
    """
    born = list(children) if CAN_ADOPT else []
    outputs = [os.pipe() for _ in born]
    answers, answering = os.pipe()
    order = Order(
        supervisor=os.getpid(),
        is_demo=is_demo,
        answers=answering,
        births=[
            Birth(command=child.command, output=writing, inherited=child.inherited)
            for child, (_reading, writing) in zip(born, outputs, strict=True)
        ],
    )
    with _adopting():
        nursery = subprocess.Popen(
            [sys.executable, "-m", "statuspage.nursery"],
            cwd=environment.ROOT,
            stdin=subprocess.PIPE,
            text=True,
            pass_fds=tuple(order.descriptors),
        )
        for writing in (answering, *(writing for _reading, writing in outputs)):
            os.close(writing)
        nursery.communicate(order.as_json())
    with os.fdopen(answers) as told:  # until each fork has said its own, or is gone
        pids = {int(index): int(pid) for index, pid in map(str.split, told)}
    for index, (child, (reading, _writing)) in enumerate(zip(born, outputs, strict=True)):
        if index in pids:
            child.adopt(pids[index], reading, lines)
        else:
            os.close(reading)
    return nursery.returncode


@contextmanager
def _adopting() -> Iterator[None]:
    """Become the parent of processes below us that lose theirs, for as long as this takes.

    Not for longer: what a killed child leaves behind is init's to collect.
    """
    _adopt_orphans(is_on=CAN_ADOPT)
    try:
        yield
    finally:
        _adopt_orphans(is_on=False)


def _adopt_orphans(*, is_on: bool) -> None:
    if CAN_ADOPT:
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, int(is_on), 0, 0, 0)


def _forward(name: str, stream: IO[str], lines: Lines) -> None:
    for line in stream:
        lines.put((name, line.rstrip("\n")))
