"""Private PostgreSQL and Redis servers on free loopback ports, ended with the block.

Standard library only: `bin/test` uses it before anything else, tests use it as fixtures.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path


class ServerMissing(RuntimeError):
    """A program that the tests need is not installed."""


def free_port() -> int:
    """A TCP port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for_port(port: int, *, timeout_s: float = 20.0) -> None:
    """Wait until something accepts connections on the loopback port."""
    _until(lambda: _accepts(port), timeout_s, f"nothing listens on port {port}")


def postgres_program(name: str) -> str:
    """The path of a PostgreSQL program: from the PATH, or from Debian's versioned folders."""
    versioned = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    found = shutil.which(name) or (str(versioned[0]) if versioned else None)
    if not found:
        raise ServerMissing(f"{name} is not installed (Debian package: postgresql)")
    return found


@dataclass
class Server:
    """A running server, which tests may end in any way and start again on the same port."""

    url: str
    port: int
    command: Sequence[str | Path]
    folder: Path
    owner: Mapping[str, int] = field(default_factory=dict)
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        self.process = subprocess.Popen(  # type: ignore[call-overload]
            self.command, cwd=self.folder, stdout=subprocess.DEVNULL, **self.owner
        )
        wait_for_port(self.port)

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End it with this signal: of PostgreSQL SIGINT is "fast", SIGQUIT "immediate"."""
        if self.process is not None:
            self.process.send_signal(number)
            _end(self.process)
            self.process = None


@contextmanager
def postgres(
    *, is_durable: bool = False, core: int | None = None, kept: Path | None = None
) -> Iterator[str]:
    """A fresh PostgreSQL; yields `postgres://…/postgres`; arguments as of `postgres_server`."""
    with postgres_server(is_durable=is_durable, core=core, kept=kept) as server:
        yield server.url


@contextmanager
def postgres_server(
    *, is_durable: bool = False, core: int | None = None, kept: Path | None = None
) -> Iterator[Server]:
    """A fresh PostgreSQL that may be stopped and started.

    It forgets everything when the machine fails, unless `is_durable`; `core` pins it to a CPU. With
    `kept` it begins with the databases in that folder; without such a folder it leaves its own there
    when the block ends well (`tests/databases.py` deletes it when they are out of date), and what it
    does for safety alone is off.
    """
    port = free_port()
    folder = Path(tempfile.mkdtemp(prefix="candor-pg-"))
    owner: dict[str, int] = {}
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
        owner = {"user": account.pw_uid, "group": account.pw_gid}
    data = folder / "data"
    if kept is None or not _copied(kept, data):
        _run_initdb(data, owner)
    server = Server(
        url=f"postgres://candor@127.0.0.1:{port}/postgres",
        port=port,
        command=[
            *(("taskset", "-c", str(core)) if core is not None else ()),
            postgres_program("postgres"),
            *("-D", data, "-p", str(port), "-k", folder, "-h", "127.0.0.1"),
            *("-c", "max_connections=100", "-c", "log_min_messages=fatal"),
            *("-c", f"fsync={'on' if is_durable else 'off'}"),
            *(_ONLY_FOR_TESTS if kept is not None else ()),
        ],
        folder=folder,
        owner=owner,
    )
    try:
        server.start()
        yield server
        server.stop(signal.SIGINT)
        if kept is not None and not kept.exists():
            _keep(data, kept)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


# Nothing is written twice or waited for, and nothing is done beside the work that was asked for.
_ONLY_FOR_TESTS = (
    *("-c", "full_page_writes=off", "-c", "synchronous_commit=off", "-c", "autovacuum=off"),
    *("-c", "jit=off", "-c", "wal_level=minimal", "-c", "max_wal_senders=0"),
    *("-c", "min_wal_size=32MB"),
)


def _run_initdb(data: Path, owner: Mapping[str, int]) -> None:
    options = ["-U", "candor", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
    subprocess.run(  # type: ignore[call-overload]
        [postgres_program("initdb"), "-D", data, *options],
        cwd=data.parent,
        check=True,
        stdout=subprocess.DEVNULL,
        **owner,
    )


def _copied(kept: Path, data: Path) -> bool:
    """Whether the databases that were kept are in `data` now: of this version, and whole."""
    version = kept / "PG_VERSION"
    program = [postgres_program("postgres"), "--version"]
    said = subprocess.run(program, check=True, capture_output=True, text=True).stdout
    if not version.exists() or f" {version.read_text().strip()}." not in said:
        shutil.rmtree(kept, ignore_errors=True)
        return False
    if subprocess.run(["cp", "-a", kept, data], check=False).returncode:
        shutil.rmtree(data, ignore_errors=True)  # another run replaced them just now
        return False
    return True


def _keep(data: Path, kept: Path) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    being_made = Path(f"{kept}-{os.getpid()}")
    subprocess.run(["cp", "-a", data, being_made], check=True)
    try:
        being_made.rename(kept)
    except OSError:  # another run was first
        shutil.rmtree(being_made, ignore_errors=True)


@contextmanager
def redis() -> Iterator[str]:
    """A fresh Redis without persistence; yields `redis://…`."""
    with redis_server() as server:
        yield server.url


@contextmanager
def redis_server() -> Iterator[Server]:
    """A fresh Redis without persistence that may be stopped and started."""
    program = shutil.which("redis-server")
    if not program:
        raise ServerMissing("redis-server is not installed (Debian package: redis-server)")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="candor-redis-") as folder:
        server = Server(
            url=f"redis://127.0.0.1:{port}/0",
            port=port,
            command=[
                *(program, "--port", str(port), "--bind", "127.0.0.1"),
                *("--save", "", "--dir", folder),
            ],
            folder=Path(folder),
        )
        try:
            server.start()
            yield server
        finally:
            server.stop()


def _end(server: "subprocess.Popen[bytes]") -> None:
    try:
        server.wait(timeout=10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _until(is_true: Callable[[], bool], timeout_s: float, complaint: str) -> None:
    ends = time.monotonic() + timeout_s
    while not is_true():
        if time.monotonic() > ends:
            raise TimeoutError(complaint)
        time.sleep(0.05)
