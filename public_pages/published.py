"""Published files as answers: the right form of each, with its tag, kept in memory.

Used by the front only, and like it without Django. A file is read when its inode, time or size
changed. Three things are put into a page while it is served: the visitor's theme, the warning that
it is old, which lies asleep in a comment until it is true, and in the same way the operators' link.
"""

import hashlib
import os
import re
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from public_pages import compression

STALE_AFTER_S = 180.0
_CACHE_BYTES = 64 * 1024 * 1024

# The publisher writes the warning in the page's language and zone; waking it is all that is left.
_ASLEEP = re.compile(rb"<!--stale (.*?)-->", re.DOTALL)
# The way to the composer, for operators; nothing is granted by showing it.
_FOR_OPERATORS = re.compile(rb"<!--operator (.*?)-->", re.DOTALL)

_Key = tuple[str, str, str, bool, bool]


@dataclass(frozen=True, slots=True)
class Answer:
    """Bytes ready to be sent, and the file they were made from."""

    signature: tuple[int, int, int]  # inode, mtime in ns, size
    body: bytes
    etag: str
    encoding: str


class PublishedFiles:
    """The files of one published folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._cache = _Cache(_CACHE_BYTES)

    def find(
        self,
        name: str,
        *,
        accept_encoding: str,
        theme: str = "",
        now: float | None = None,
        is_operator: bool = False,
        aged_by: str = "",
    ) -> Answer | None:
        """Return a file in the best form the client takes, or None when there is no such file.

        `theme` is light, dark or empty; `now` (seconds since 1970) is given for files whose age
        matters: one older than STALE_AFTER_S says so; `aged_by` is the file whose age it has, if not
        its own. `is_operator` shows what is for operators.
        """
        path = self._folder / name
        is_stale = now is not None and self.is_stale(aged_by or name, now=now)
        for encoding in accepted(accept_encoding):
            try:
                if is_stale or theme or is_operator:
                    return self._made(
                        path, encoding, theme=theme, is_stale=is_stale, is_operator=is_operator
                    )
                return self._read(path, encoding)
            except OSError:
                continue  # no compressed twin, or replaced at this moment: the next form will do
        return None

    def is_there(self, name: str) -> bool:
        """Whether there is such a file."""
        return (self._folder / name).is_file()

    def is_stale(self, name: str, *, now: float) -> bool:
        """Whether a file is older than STALE_AFTER_S, or not there; `now` in seconds since 1970."""
        try:
            return now - (self._folder / name).stat().st_mtime > STALE_AFTER_S
        except OSError:
            return True

    def _read(self, path: Path, encoding: str) -> Answer:
        """A published file as it is."""
        file = path.with_name(path.name + compression.SUFFIXES.get(encoding, ""))
        key = (str(path), encoding, "", False, False)
        found = self._cache.get(key)
        if found is not None and found.signature == _signature(file.stat()):
            return found
        body, signature = _whole(file)
        return self._cache.put(key, Answer(signature, body, _etag(body), encoding))

    def _made(
        self, path: Path, encoding: str, *, theme: str, is_stale: bool, is_operator: bool
    ) -> Answer:
        """A published file with the visitor's theme in it, or with what was asleep in it awake."""
        key = (str(path), encoding, theme, is_stale, is_operator)
        found = self._cache.get(key)
        if found is not None and found.signature == _signature(path.stat()):
            return found
        body, signature = _whole(path)
        if theme:
            body = _with_theme(body, theme)
        if is_stale:
            body = _awake(body)
        if is_operator:
            body = _FOR_OPERATORS.sub(rb"\1", body)
        body = compression.compress(body, encoding, brotli_quality=4)
        return self._cache.put(key, Answer(signature, body, _etag(body), encoding))


def as_asked(body: bytes, *, theme: str) -> bytes:
    """A page that was made for one request: with the visitor's theme, and without what lies asleep."""
    body = _FOR_OPERATORS.sub(b"", _ASLEEP.sub(b"", body))
    return _with_theme(body, theme) if theme in {"light", "dark"} else body


class _Cache:
    """The latest answers, up to a number of bytes; the one unused for longest goes first."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._size = 0
        self._answers: OrderedDict[_Key, Answer] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: _Key) -> Answer | None:
        with self._lock:
            found = self._answers.get(key)
            if found is not None:
                self._answers.move_to_end(key)
            return found

    def put(self, key: _Key, answer: Answer) -> Answer:
        with self._lock:
            if old := self._answers.pop(key, None):
                self._size -= len(old.body)
            self._answers[key] = answer
            self._size += len(answer.body)
            while self._size > self._limit and len(self._answers) > 1:
                _, dropped = self._answers.popitem(last=False)
                self._size -= len(dropped.body)
        return answer


def accepted(header: str) -> list[str]:
    """Return the encodings of ours that an Accept-Encoding header takes, the best first.

    By quality, then by size: br, gzip, identity (RFC 9110, 12.5.3). Identity is always last
    resort, also for a client that refuses it: an answer it cannot read beats none.
    """
    qualities: dict[str, float] = {}
    for part in header.lower().split(","):
        coding, _, parameters = part.strip().partition(";")
        qualities[coding.strip()] = _quality(parameters)
    rest = qualities.get("*")
    found = []
    for order, coding in enumerate(compression.SUFFIXES):
        quality = qualities.get(coding, 0.0 if rest is None else rest)
        if quality > 0:
            found.append((-quality, order, coding))
    return [coding for _, _, coding in sorted(found)] + ["identity"]


def _quality(parameters: str) -> float:
    name, _, value = parameters.replace(" ", "").partition("=")
    if name != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0


def _with_theme(body: bytes, theme: str) -> bytes:
    value = theme.encode()
    body = body.replace(b"<html ", b'<html data-theme="' + value + b'" ', 1)
    option = b'<option value="' + value + b'"'
    return body.replace(option, option + b" selected", 1)


def _awake(body: bytes) -> bytes:
    # In JSON the mark comes before any name, and a quote inside a name is escaped.
    return _ASLEEP.sub(rb"\1", body).replace(b'"stale": false', b'"stale": true', 1)


def _whole(path: Path) -> tuple[bytes, tuple[int, int, int]]:
    """A file's bytes with the signature of the very file they came from."""
    with path.open("rb") as file:
        signature = _signature(os.fstat(file.fileno()))
        return file.read(), signature


def _signature(stat: os.stat_result) -> tuple[int, int, int]:
    return stat.st_ino, stat.st_mtime_ns, stat.st_size


def _etag(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:20]}"'
