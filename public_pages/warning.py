"""When other places (a chat widget, a help desk) warn about us (U1-U4): rules on values, no reads.

The page's general health is what counts, whichever replica is the cause (AMB-20); how long it has
been dead is counted anew after each recovery.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What the rule is asked with: the page is dead since `dead_since`, or not at all."""

    dead_since: datetime | None
    after_s: int
    is_on: bool = True

    def is_due(self, *, now: datetime) -> bool:
        """Whether the page has been dead for longer than `after_s` (not: as long as)."""
        return self.due_at is not None and now >= self.due_at

    @property
    def due_at(self) -> datetime | None:
        """The first moment at which it is due if nothing changes; None while it will not be."""
        if self.dead_since is None or not self.is_on:
            return None
        return self.dead_since + timedelta(seconds=self.after_s) + timedelta.resolution


NOT_DEAD = Watch(dead_since=None, after_s=180)
