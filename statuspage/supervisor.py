"""Run the whole product in one foreground process tree: what `bin/up` starts.

web (two processes on one socket, so that a killed one leaves no hole), three Celery workers, beat and
the publisher; each restarted when it dies, all ended within seconds on Ctrl-C. Knows no Django:
it must stay up whatever happens to the rest.
"""

import argparse
import fcntl
import os
import queue
import signal
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from statuspage import environment
from statuspage.children import Child, Lines, raise_all

GRACE_S = 3.0  # of the 5 s that Ctrl-C may take
LONGEST_PAUSE_S = 15.0


class CannotStart(Exception):
    """A reason, in a sentence, why nothing was started."""


@dataclass
class Supervisor:
    """Keeps the children running until it is told to stop."""

    children: list[Child]
    lines: Lines = field(default_factory=queue.SimpleQueue)
    is_stopping: bool = False

    def prepare(self, *, is_demo: bool) -> None:
        """Bring database and files up to date, and start the children together."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop)
        code = raise_all(self.children, is_demo=is_demo, lines=self.lines)
        if code and not self.is_stopping:
            self._end_all()
            raise CannotStart("The database could not be prepared; see the message above.")

    def run(self) -> None:
        """Keep them running until told to stop; then end them all."""
        for child in self.children:
            if child.process is None and not self.is_stopping:
                child.start(self.lines)
        while not self.is_stopping:
            self._print(timeout_s=0.2)
            for child in self.children:
                self._look_after(child)
        self._end_all()

    def _stop(self, *_: object) -> None:
        self.is_stopping = True

    def _look_after(self, child: Child) -> None:
        """Restart a dead child: at once the first time, then with growing pauses."""
        now = time.monotonic()
        if child.is_running or self.is_stopping:
            return
        if not child.restart_at:
            code = (child.process and child.process.returncode) or 0
            child.signal(signal.SIGKILL)  # what it left behind must not hold its port or its work
            child.quick_ends = child.quick_ends + 1 if now - child.started_at < 10 else 0
            pause_s = min(
                LONGEST_PAUSE_S, 0.0 if not child.quick_ends else 2.0 ** (child.quick_ends - 1)
            )
            child.restart_at = now + pause_s
            _say(
                "up",
                f"{child.name} ended ({_ending(code)}); starting it again"
                + (f" in {pause_s:.0f} s" if pause_s else ""),
            )
        if now >= child.restart_at:
            child.restart_at = 0.0
            child.start(self.lines)

    def _print(self, *, timeout_s: float) -> None:
        try:
            _say(*self.lines.get(timeout=timeout_s))
            while True:
                _say(*self.lines.get_nowait())
        except queue.Empty:
            return

    def _end_all(self) -> None:
        _say("up", "stopping")
        for child in self.children:
            child.signal(signal.SIGTERM)
        ends = time.monotonic() + GRACE_S
        while any(child.is_running for child in self.children) and time.monotonic() < ends:
            self._print(timeout_s=0.05)
        for child in self.children:
            child.signal(signal.SIGKILL)
            if child.process is not None:
                child.process.wait()
        self._print(timeout_s=0.1)
        _say("up", "stopped")


def _say(name: str, text: str) -> None:
    """A line with its origin. A closed terminal must not stop the product."""
    try:
        print(f"{name:>10} | {text}", flush=True)
    except (BrokenPipeError, OSError):
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - for the rest of the process's life


def _ending(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bin/up", description="Run Candor: web, workers, beat and publisher."
    )
    parser.add_argument(
        "--demo", action="store_true", help="with made-up targets and history to look at"
    )
    parser.add_argument(
        "--host",
        default=os.environ.get("HOST", "127.0.0.1"),
        help="address to listen on (default 127.0.0.1)",
    )
    parser.add_argument(
        "--port",
        type=_port,
        default=os.environ.get("PORT", "8000"),
        help="port to listen on (default 8000)",
    )
    return parser.parse_args(arguments)


def _port(text: str) -> int:
    if not (text.isdecimal() and 1 <= int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is no port. Use a number from 1 to 65535.")
    return int(text)


def _data_folder() -> Path:
    folder = Path(os.environ.get("CANDOR_DATA") or environment.ROOT / "var").resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "published").mkdir(exist_ok=True)
    except OSError as error:
        raise CannotStart(f"The data folder cannot be used: {error}") from None
    os.environ["CANDOR_DATA"] = str(folder)
    return folder


def _lock(folder: Path) -> IO[str]:
    """Hold the data folder for this process; the kernel lets go when it ends, however it ends."""
    lock = (folder / "up.lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        raise CannotStart(
            f"bin/up is already running on this data folder (process {lock.read().strip() or 'unknown'}). "
            "Stop it first, or set CANDOR_DATA to another folder."
        ) from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def _listen(host: str, port: int) -> socket.socket:
    """The listening socket that all web processes share and that outlives each of them."""
    listener = None
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(1024)
    except (OSError, OverflowError) as error:
        if listener is not None:
            listener.close()
        raise CannotStart(
            f"Port {port} on {host} cannot be used: {error}. Choose another with --port."
        ) from None
    listener.set_inheritable(True)
    os.environ["CANDOR_SOCKET_FD"] = str(listener.fileno())
    return listener


def _children(listener: socket.socket, *, is_demo: bool) -> list[Child]:
    python = sys.executable
    host, port = listener.getsockname()[:2]
    web = [python, "-m", "statuspage.serve", f"{host}:{port}"]
    sockets = (listener.fileno(),)
    celery = [python, "-m", "celery", "-A", "statuspage", "--quiet"]
    worker = [
        *celery,
        "worker",
        "--without-gossip",
        "--without-mingle",
        "--without-heartbeat",
        "-l",
        "WARNING",
        "-P",
        "threads",
    ]
    children = [
        Child("web-1", web, inherited=sockets),
        Child("publisher", [python, "manage.py", "publish"]),
        Child("probes", [*worker, "-n", "probes@%h", "-Q", "probes", "-c", "16"]),
        # Two: sending many messages is limited by what one interpreter can do.
        Child("worker", [*worker, "-n", "worker@%h", "-Q", "deliveries,upkeep", "-c", "4"]),
        Child("worker-2", [*worker, "-n", "worker-2@%h", "-Q", "deliveries,upkeep", "-c", "4"]),
        Child("beat", [*celery, "beat", "-l", "WARNING", "--pidfile="]),
        Child("web-2", web, inherited=sockets),
    ]
    if is_demo:
        children.insert(0, Child("targets", [python, "-m", "monitoring.demo.targets"]))
    return children


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parse(arguments)
    try:
        folder = _data_folder()
        lock = _lock(folder)
        listener = _listen(options.host, options.port)
        environment.keep_secret_key()
        shown_host = "127.0.0.1" if options.host in {"0.0.0.0", "::"} else options.host  # noqa: S104
        os.environ.setdefault("CANDOR_ORIGIN", f"http://{shown_host}:{options.port}")
        os.environ["PYTHONUNBUFFERED"] = "1"
        # Celery warns root off pickle on every start; ours takes JSON only.
        os.environ.setdefault("PYTHONWARNINGS", "ignore:You're running the worker with superuser")
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "statuspage.settings")
        if options.demo:
            os.environ.setdefault("CANDOR_ALLOW_PRIVATE_TARGETS", "1")
            os.environ.setdefault("CANDOR_DEMO", "1")
        supervisor = Supervisor(_children(listener, is_demo=options.demo))
        supervisor.prepare(is_demo=options.demo)
    except CannotStart as error:
        print(f"bin/up: {error}", file=sys.stderr)
        return 1
    _say(
        "up",
        f"status page: {os.environ['CANDOR_ORIGIN']}/   console: {os.environ['CANDOR_ORIGIN']}/admin/",
    )
    supervisor.run()
    listener.close()
    lock.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
