"""Which page a host name or a path means: `hosts.json` of the published folder. Without Django.

The publisher writes it (`host_map` makes it from the database); the front, the proxy's question for
a certificate and ALLOWED_HOSTS read it, so that all three know the same names and none needs a
database (reliability 1.1, A1, A9). A file that is missing or broken takes nothing from the main
page, whose own names stand in the settings: the last whole map stays, or none.
"""

import json
import logging
import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from common import host_names

logger = logging.getLogger(__name__)

FILE = "hosts.json"
MAIN_ID = 1
_VERSION = 1


class State(StrEnum):
    """How a page answers."""

    PUBLISHED = "published"  # from its tree of the published folder
    DYNAMIC = "dynamic"  # a customer page: Django answers, nothing is on disk
    GONE = "gone"  # retired: everything is 410


@dataclass(frozen=True, slots=True)
class Place:
    """The page that a host name or a slug stands for.

    `origin` is where a slug has moved to: the page's own default host name, like
    https://eu.status.example.com; empty where the page is a path of the main host.
    """

    page_id: int = MAIN_ID
    state: State = State.PUBLISHED
    origin: str = ""

    @property
    def tree(self) -> str:
        """The page's folder below the published folder; see `tree`."""
        return tree(self.page_id)


MAIN = Place()


@dataclass(frozen=True, slots=True)
class HostMap:
    """Every name and slug that leads to a page, beside the names of the main host itself.

    `hosts`: names (strict, lower case) of pages: default names below the service domain, and
    customers' own names that are verified. `slugs`: the pages that are /s/<slug> of the main host.
    """

    hosts: Mapping[str, Place] = field(default_factory=dict)
    slugs: Mapping[str, Place] = field(default_factory=dict)


def tree(page_id: int) -> str:
    """The folder of a page below the published folder: empty for the main page, else pages/<id>/."""
    return "" if page_id == MAIN_ID else f"pages/{page_id}/"


def write(root: Path, hosts: HostMap) -> bool:
    """Replace the map in a published folder as a whole, if it differs; whether it was written.

    Raises:
        OSError: it could not be written; the old map is still there.
    """
    body = _encode(hosts)
    path = root / FILE
    try:
        if path.read_bytes() == body:
            return False
    except OSError:
        pass  # none yet
    root.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{FILE}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return True


class HostFile:
    """The map of one published folder, read again when the file has changed."""

    def __init__(self, root: Path) -> None:
        self._path = root / FILE
        self._lock = threading.Lock()
        self._signature: tuple[int, int, int] | None = None
        self._map = HostMap()

    def read(self) -> HostMap:
        """The map as it is now; the last whole one where the file is missing or broken."""
        try:
            stat = self._path.stat()
        except OSError:
            return self._map
        signature = stat.st_ino, stat.st_mtime_ns, stat.st_size
        if signature != self._signature:
            with self._lock:
                self._read_again(signature)
        return self._map

    def _read_again(self, signature: tuple[int, int, int]) -> None:
        try:
            self._map = _decode(self._path.read_bytes())
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            logger.exception("%s cannot be read; the names known before go on", self._path)
        self._signature = signature


class AllowedHosts(list[str]):
    """Django's ALLOWED_HOSTS: the main host's names, and those of the map at this moment.

    `domain` is the service domain: every name below it leads here, and `page_requests` knows which
    of them are pages. A list, because Django asks for one; it goes through it at each request.
    """

    def __init__(self, main: list[str], *, root: Path, domain: str = "") -> None:
        super().__init__([*main, *([f".{domain}"] if domain else [])])
        self._file = HostFile(root)

    def __iter__(self) -> Iterator[str]:
        yield from super().__iter__()
        yield from self._file.read().hosts


def _encode(hosts: HostMap) -> bytes:
    stored = {
        "version": _VERSION,
        "hosts": {name: _packed(place) for name, place in sorted(hosts.hosts.items())},
        "slugs": {slug: _packed(place) for slug, place in sorted(hosts.slugs.items())},
    }
    return json.dumps(stored, indent=0).encode()


def _packed(place: Place) -> list[Any]:
    return [place.page_id, place.state.value, place.origin]


def _decode(body: bytes) -> HostMap:
    stored = json.loads(body)
    if stored["version"] != _VERSION:
        raise ValueError(f"version {stored['version']!r} of the map is not known")
    hosts = {name: _unpacked(packed) for name, packed in stored["hosts"].items()}
    if unfit := [name for name in hosts if host_names.strict(name) != name]:
        raise ValueError(f"{unfit[0]!r} is not a host name")
    return HostMap(hosts, {slug: _unpacked(packed) for slug, packed in stored["slugs"].items()})


def _unpacked(packed: list[Any]) -> Place:
    page_id, state, origin = packed
    # The id becomes a folder: nothing but a number may.
    return Place(int(page_id), State(state), str(origin))
