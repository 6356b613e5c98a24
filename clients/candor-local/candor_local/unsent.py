"""Results that wait to be sent: the latest of each replica, few enough to hold, kept on disk.

A report carries no time of its own and counts as the present when it arrives. So an older result
of the same replica is replaced rather than queued behind, and one that was not renewed in time (the
daemon was down as well) is thrown away: sent late it would be untrue.
"""

import json
import logging
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from probing.health import Health

logger = logging.getLogger("candor_local")

LIMIT = 2_000
# A result counts until the next one of its replica is due, and as long again.
_FRESH_INTERVALS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The health of one replica. `at` is a Unix time: it has to mean something after a restart."""

    service: str
    node: str
    replica: str
    health: Health
    interval_s: float
    at: float

    @property
    def key(self) -> tuple[str, str, str]:
        return self.service, self.node, self.replica

    def is_stale(self, *, at: float) -> bool:
        # A clock that was set back makes a result of the future: nobody knows how old it is.
        return not -_FRESH_INTERVALS <= (at - self.at) / self.interval_s <= _FRESH_INTERVALS


class Unsent:
    """The queue. `path` None keeps it in memory only."""

    def __init__(self, path: Path | None, *, limit: int = LIMIT) -> None:
        self._path, self._limit = path, limit
        self._results: dict[tuple[str, str, str], Result] = {}
        self._is_saved, self._has_failed = True, False
        self._on_disk = False

    def __len__(self) -> int:
        return len(self._results)

    def __iter__(self) -> Iterator[Result]:
        return iter(list(self._results.values()))

    def load(self, *, at: float) -> None:
        """Take up what an earlier run left, but for what is stale."""
        if self._path is None or not self._path.exists():
            return
        self._on_disk = True
        try:
            rows = json.loads(self._path.read_text("utf-8"))["unsent"]
            found = [Result(**{**row, "health": Health(row["health"])}) for row in rows]
            fresh = [result for result in found if not result.is_stale(at=at)]
        except (OSError, ValueError, KeyError, TypeError, ArithmeticError) as error:
            logger.warning("the queue %s cannot be read and begins empty: %s", self._path, error)
            return
        if len(fresh) < len(found):
            logger.info("%d unsent results of an earlier run are too old", len(found) - len(fresh))
        for result in fresh:
            self.put(result)

    def put(self, result: Result) -> None:
        """Add a result in place of an earlier one of the same replica; drops the oldest when full."""
        self._results.pop(result.key, None)
        self._results[result.key] = result
        self._is_saved = False
        if len(self._results) > self._limit:
            oldest = min(self._results.values(), key=lambda kept: kept.at)
            del self._results[oldest.key]
            logger.warning(
                "the queue is full (%d): dropped the result of %s", self._limit, oldest.replica
            )

    def done(self, result: Result) -> None:
        """The result needs no sending any more, unless a newer one has taken its place."""
        if self._results.get(result.key) is result:
            del self._results[result.key]
            self._is_saved = False

    def drop_stale(self, *, at: float) -> None:
        """Throw away results that nobody renewed in time."""
        for result in self:
            if result.is_stale(at=at):
                logger.info("dropped an unsent result of %s: it is too old", result.replica)
                self.done(result)

    def save(self) -> None:
        """Write the queue to disk, whole or not at all; nothing to do in good times."""
        if self._path is None or self._is_saved or not (self._results or self._on_disk):
            return
        rows = [asdict(result) for result in self._results.values()]
        scratch = self._path.with_name(f"{self._path.name}.new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(
                os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w"
            ) as file:
                json.dump({"unsent": rows}, file)
            scratch.replace(self._path)
        except OSError as error:
            if not self._has_failed:
                logger.warning("the queue cannot be written: %s", error)
            self._has_failed = True
            return
        self._is_saved, self._has_failed = True, False
        self._on_disk = bool(rows)
