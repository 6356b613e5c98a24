"""Keeps threads of a web process free for the published files while the database hangs.

Whatever may wait for the database takes one of a few places, fewer than the server has threads
(`statuspage/serve.py`); the front answers from files without one. Imports no Django.
"""

import logging
import queue
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

logger = logging.getLogger(__name__)

# Whoever waited that often, and each time saw somebody else get the place, comes again later.
_MOST_WAITS = 10


class Bulkhead:
    """So many requests at once, and no more.

    When all places are taken, a request waits, as long as others come out: that is a burst, and over
    soon. When nobody came out all the while, nothing moves, and for a time nobody waits any more:
    waiting takes threads that visitors need.

    Args:
        places: how many may be inside.
        patience_s: how long a request waits without seeing anybody come out.
        jam_s: for how long nobody waits after that.
        clock: seconds that only go forward.
    """

    def __init__(
        self,
        places: int = 24,
        *,
        patience_s: float = 2.0,
        jam_s: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.places = places
        # A queue, which is written in C: with a semaphore a quarter less reports were taken a second.
        self._free: queue.SimpleQueue[None] = queue.SimpleQueue()
        for _ in range(places):
            self._free.put(None)
        self._patience_s = patience_s
        self._jam_s = jam_s
        self._clock = clock
        self._jammed_until = float("-inf")
        self._last_out = object()

    @contextmanager
    def place(self, *, patience_s: float | None = None) -> Iterator[bool]:
        """A place for the block, or False: then the request has to come again later.

        With a patience of its own it waits so long, and says nothing of the database in vain.
        """
        if not self._take(patience_s):
            yield False
            return
        try:
            yield True
        finally:
            self._last_out = object()
            self._free.put(None)

    def _take(self, patience_s: float | None) -> bool:
        if self._is_free(within_s=0):
            return True
        if patience_s is not None:
            return self._is_free(within_s=patience_s)
        for _ in range(_MOST_WAITS):
            if self._clock() < self._jammed_until:
                return False
            seen = self._last_out
            if self._is_free(within_s=self._patience_s):
                return True
            if self._last_out is seen:
                self._note_jam()
                return False
        return False

    def _is_free(self, *, within_s: float) -> bool:
        try:
            self._free.get(block=within_s > 0, timeout=within_s or None)
        except queue.Empty:
            return False
        return True

    def _note_jam(self) -> None:
        if self._clock() >= self._jammed_until:
            logger.warning(
                "All %d requests that may use the database hang; others get 503, the page goes on",
                self.places,
            )
        self._jammed_until = self._clock() + self._jam_s
