"""The world that customer pages are cut from, read once for requests that come together.

Reading it costs a hundred times what cutting does, and open pages refresh themselves every 30 seconds.
It is kept in the memory of one process, for a second at most, and never past a change that visitors
see. Who may see which part of it is asked each time all the same (`access`).
"""

import threading
from datetime import datetime, timedelta

from django.conf import settings

from components import catalogue
from public_pages import reading
from public_pages.page_views import PageView


class _Worlds:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: PageView | None = None

    def now(self, now: datetime) -> PageView:
        """The world of this moment; while one thread reads it, the others wait for what it gets."""
        kept_for = timedelta(seconds=settings.CUSTOMER_WORLD_KEPT_S)
        if not kept_for:
            return reading.everything(now=now)
        with self._lock:
            kept = self._kept
            if kept is None or abs(now - kept.as_of) >= kept_for or _revision() != kept.revision:
                self._kept = kept = reading.everything(now=now)
            return kept


def _revision() -> int:
    return catalogue.page().revision


_worlds = _Worlds()


def world(*, now: datetime) -> PageView:
    """Every visible component and event, as `projecting` takes them."""
    return _worlds.now(now)
