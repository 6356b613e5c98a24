"""Keeps threads of a web process free for the published files while the database hangs.

Whatever may wait for the database takes one of a few places, fewer than the server has threads
(`statuspage/serve.py`); the front answers from files without one. Imports no Django.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

logger = logging.getLogger(__name__)


class Bulkhead:
    """So many requests at once, and no more.

    When all places are taken, a request waits: a burst is over soon. Once one waited in vain, nothing
    moves, and for a while nobody waits any more: waiting takes threads that visitors need.

    Args:
        places: how many may be inside.
        patience_s: how long a request waits for a place.
        jam_s: for how long nobody waits after one did in vain.
        clock: seconds that only go forward.
    """

    def __init__(
        self,
        places: int = 24,
        *,
        patience_s: float = 1.0,
        jam_s: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.places = places
        self._free = threading.BoundedSemaphore(places)
        self._patience_s = patience_s
        self._jam_s = jam_s
        self._clock = clock
        self._jammed_until = float("-inf")

    @contextmanager
    def place(self) -> Iterator[bool]:
        """A place for the block, or False: then the request has to come again later."""
        if not self._take():
            yield False
            return
        try:
            yield True
        finally:
            self._free.release()

    def _take(self) -> bool:
        if self._free.acquire(blocking=False):
            return True
        if self._clock() < self._jammed_until:
            return False
        if self._free.acquire(timeout=self._patience_s):
            return True
        if self._clock() >= self._jammed_until:
            logger.warning(
                "All %d requests that may use the database hang; others get 503, the page goes on",
                self.places,
            )
        self._jammed_until = self._clock() + self._jam_s
        return False
