"""Token buckets in the memory of each web process: how often one program may report for one node.

Exact counting over processes would cost a write a report; two web processes allow twice as much at
most. Decision 8: the answer is 503 with Retry-After, because a 4xx ends a known client for good.
"""

import random
import threading
from collections import OrderedDict

_KEPT = 20_000


class Buckets:
    """Buckets by key, each holding up to `burst` and filled with `per_s` a second."""

    def __init__(self, *, per_s: float, burst: float) -> None:
        self._per_s = per_s
        self._burst = burst
        self._buckets: OrderedDict[object, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, key: object, *, at_s: float) -> int:
        """0 when one may pass (and is taken), else after how many seconds to come back.

        `at_s` is a monotonic time. The wait has jitter, so that those refused do not return at once.
        """
        with self._lock:
            left, filled_at = self._buckets.pop(key, (self._burst, at_s))
            left = min(self._burst, left + (at_s - filled_at) * self._per_s)
            is_free = left >= 1
            self._buckets[key] = (left - 1 if is_free else left, at_s)
            if len(self._buckets) > _KEPT:
                self._buckets.popitem(last=False)
        return 0 if is_free else 1 + random.randrange(5)  # noqa: S311 - spreads load, guards nothing
