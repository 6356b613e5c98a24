"""The published folder: files that are whole at every moment, with their compressed twins.

Used by the publisher only; the front reads the files without this module. A write goes to
temporary files that are synced (where the folder is durable) and then renamed, so a full disk or a crash leaves the old files as
they were (reliability F-13).
"""

import contextlib
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from public_pages import compression

# Below this a compressed twin saves less than a network packet.
_WORTH_COMPRESSING = 512
_TEMPORARY = ".tmp"


class Folder:
    """One page's published folder.

    Without `is_durable` files are not synced: they are whole after a crash of the program, and not
    after one of the machine. For a thousand pages that is most of the time it takes to write them;
    their publisher writes everything anew after the machine has started again.
    """

    def __init__(self, root: Path, *, is_durable: bool = True) -> None:
        self.root = root
        self.is_durable = is_durable

    def write(
        self,
        name: str,
        body: bytes,
        *,
        at: datetime,
        brotli_quality: int = 5,
        has_twins: bool = True,
    ) -> None:
        """Replace a file and its twins; `at` is the age of its data, and becomes its mtime.

        `has_twins` is the same at every time for one name.

        Raises:
            OSError: it could not be written; the old files are still there.
        """
        path = f"{self.root}/{name}"
        above, _, own_name = path.rpartition("/")
        versions = {"": body}
        if has_twins and len(body) >= _WORTH_COMPRESSING:
            for coding, suffix in compression.SUFFIXES.items():
                versions[suffix] = compression.compress(body, coding, brotli_quality=brotli_quality)
        made: list[tuple[str, str]] = []  # no paths: they take longer to make than files to write
        try:
            for suffix, version in versions.items():
                temporary = f"{above}/.{own_name}{suffix}.{os.getpid()}{_TEMPORARY}"
                made.append((temporary, path + suffix))
                _store(temporary, version, at, is_synced=self.is_durable)
            while made:
                os.replace(*made[0])  # noqa: PTH105 - as above
                del made[0]
        finally:
            for temporary, _final in made:  # after a fault
                _unlink(temporary)
        if has_twins and len(versions) == 1:
            self._remove_twins(path)

    def holds(self, name: str, body: bytes) -> bool:
        """Whether a file is there with exactly these bytes."""
        try:
            return (self.root / name).read_bytes() == body
        except OSError:
            return False

    def remove(self, name: str) -> None:
        """Remove a file with its twins, if it is there."""
        path = f"{self.root}/{name}"
        _unlink(path)
        self._remove_twins(path)

    def names(self, below: str, suffix: str) -> Iterator[str]:
        """Yield the names of the files below a folder that end so, at any depth."""
        for path in (self.root / below).rglob(f"*{suffix}"):
            yield path.relative_to(self.root).as_posix()

    def remove_empty(self, below: str) -> None:
        """Remove the empty folders below a folder."""
        for path in sorted((self.root / below).glob("*/"), reverse=True):
            with contextlib.suppress(OSError):  # not empty, or not a folder
                path.rmdir()

    def remove_folder(self, name: str) -> None:
        """Remove a folder, if it is there and empty."""
        with contextlib.suppress(OSError):
            (self.root / name).rmdir()

    def sweep(self) -> None:
        """Remove what a killed publisher left half-written."""
        for path in self.root.rglob(f".*{_TEMPORARY}"):
            path.unlink(missing_ok=True)

    def _remove_twins(self, path: str) -> None:
        for suffix in compression.SUFFIXES.values():
            _unlink(path + suffix)


def _unlink(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)  # noqa: PTH108 - a path takes longer to make


def _store(path: str, body: bytes, at: datetime, *, is_synced: bool) -> None:
    # Readable for a web server that runs as another user, as far as the umask allows.
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    try:
        descriptor = os.open(path, flags, 0o644)
    except FileNotFoundError:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, flags, 0o644)
    with os.fdopen(descriptor, "wb") as file:
        file.write(body)
        file.flush()
        os.utime(descriptor, (at.timestamp(), at.timestamp()))
        if is_synced:
            os.fsync(descriptor)
