"""Which loopback ports the demo's targets listen on, kept in a file so that they stay the same.

Standard library only: the targets run without Django.
"""

import fcntl
import json
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

HOST = "127.0.0.1"
# The first choices lie below the range that outgoing connections take theirs from.
FIRST_PORT = 21_800
NAMES = (
    "landing_1",
    "landing_2",
    "portal",
    "api_1",
    "api_2",
    "search",
    "images_1",
    "images_2",
    "images_3",
    "mail",
    "name_server",
)
UDP = frozenset({"name_server"})


class PortsBroken(Exception):
    """The file is there and holds no ports; the message says what to do."""


def read(folder: Path) -> dict[str, int]:
    """The ports by target name; empty when none were chosen yet. Raises PortsBroken."""
    file = folder / "ports.json"
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise PortsBroken(f"{file} cannot be read ({error}). Delete it.") from None
    if isinstance(found, dict) and all(isinstance(found.get(name), int) for name in NAMES):
        return {name: found[name] for name in NAMES}
    raise PortsBroken(f"{file} does not name a port for every target. Delete it.")


def write(folder: Path, ports: Mapping[str, int]) -> None:
    """Keep the ports for the next start; a reader sees the old file or the new one."""
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f"ports.json.{os.getpid()}"
    draft.write_text(json.dumps(dict(ports), indent=2) + "\n", encoding="utf-8")
    draft.replace(folder / "ports.json")


def choose(known: Mapping[str, int]) -> dict[str, int]:
    """A free port for each target: the known one, else a fixed first choice, else any."""
    chosen: dict[str, int] = {}
    for index, name in enumerate(NAMES):
        # Any free one may be one that was chosen already: then it is asked for again.
        wishes = [known.get(name, FIRST_PORT + index), FIRST_PORT + index, *[0] * 20]
        for wish in wishes:
            port = _free(wish, is_udp=name in UDP)
            if port is not None and port not in chosen.values():
                chosen[name] = port
                break
    return chosen


def _free(port: int, *, is_udp: bool) -> int | None:
    """The port when it is free (for 0 any free one), else None."""
    kind = socket.SOCK_DGRAM if is_udp else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as probe:
        if not is_udp:  # like the servers: connections of the last run must not hold the port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            probe.bind((HOST, port))
            free: int = probe.getsockname()[1]
            return free
    return None


@contextmanager
def held(folder: Path) -> Iterator[bool]:
    """Hold the ports while the block runs; False when a running targets program has them.

    The kernel lets go when the process ends, however it ends.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "targets.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
