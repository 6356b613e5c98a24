"""Maintenance windows: their states, what may follow what, and wall clocks turned into instants.

Pure rules (requirements K1, K2, K4, K6), called by the maintenance operations, the forms and the
pages. Recurrence stands in `recurrence`.
"""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from common.wording import gettext_noop

LONGEST = timedelta(days=30)
EXTENSIONS = (timedelta(minutes=15), timedelta(minutes=30), timedelta(minutes=60))


class StepNotAllowed(Exception):
    """A maintenance cannot take this step now; the message says why, for a person."""


class State(StrEnum):
    """Where a maintenance stands."""

    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    VERIFICATION = "verification"
    COMPLETED = "completed"
    CANCELLED = "cancelled"

    @property
    def label(self) -> str:
        """The English word for a person, to be translated where it is shown."""
        return _LABELS[self]

    @property
    def meaning(self) -> str:
        """One English sentence that tells visitors what the state means."""
        return _MEANINGS[self]

    @property
    def icon(self) -> str:
        """The name of its icon in the page's sprite (design 2.4)."""
        return _ICONS[self]

    @property
    def is_running(self) -> bool:
        """Whether the window is open: its components are under maintenance."""
        return self in RUNNING

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes."""
        return self in {State.COMPLETED, State.CANCELLED}


class Kind(StrEnum):
    """What an entry of a maintenance tells; a reminder is for subscribers, no page shows it."""

    SCHEDULED = "scheduled"
    RESCHEDULED = "rescheduled"
    REMINDER = "reminder"
    STARTED = "started"
    EXTENDED = "extended"
    NOTE = "note"
    VERIFICATION = "verification"
    COMPLETED = "completed"
    CANCELLED = "cancelled"

    @property
    def label(self) -> str:
        """The English words for a person, to be translated where they are shown."""
        return _KIND_LABELS[self]


RUNNING = frozenset({State.IN_PROGRESS, State.VERIFICATION})

_LABELS = {
    State.SCHEDULED: gettext_noop("Scheduled"),
    State.IN_PROGRESS: gettext_noop("In progress"),
    State.VERIFICATION: gettext_noop("Verification"),
    State.COMPLETED: gettext_noop("Completed"),
    State.CANCELLED: gettext_noop("Cancelled"),
}
_MEANINGS = {
    State.SCHEDULED: gettext_noop("The work is planned and has not begun."),
    State.IN_PROGRESS: gettext_noop("The work is going on."),
    State.VERIFICATION: gettext_noop("The work is done and we are checking it."),
    State.COMPLETED: gettext_noop("The work is done and everything is back."),
    State.CANCELLED: gettext_noop("The work does not take place."),
}
_ICONS = {
    State.SCHEDULED: "cal",
    State.IN_PROGRESS: "mt",
    State.VERIFICATION: "pulse",
    State.COMPLETED: "ok",
    State.CANCELLED: "x",
}
_KIND_LABELS = {
    Kind.SCHEDULED: gettext_noop("Scheduled"),
    Kind.RESCHEDULED: gettext_noop("Rescheduled"),
    Kind.REMINDER: gettext_noop("Reminder"),
    Kind.STARTED: gettext_noop("Started"),
    Kind.EXTENDED: gettext_noop("Extended"),
    Kind.NOTE: gettext_noop("Update"),
    Kind.VERIFICATION: gettext_noop("Verification"),
    Kind.COMPLETED: gettext_noop("Completed"),
    Kind.CANCELLED: gettext_noop("Cancelled"),
}
_FOLLOWING: dict[State, Collection[State]] = {
    State.SCHEDULED: {State.SCHEDULED, State.IN_PROGRESS, State.CANCELLED},
    State.IN_PROGRESS: {
        State.IN_PROGRESS,
        State.VERIFICATION,
        State.COMPLETED,
        State.CANCELLED,
    },
    State.VERIFICATION: {
        State.IN_PROGRESS,
        State.VERIFICATION,
        State.COMPLETED,
        State.CANCELLED,
    },
    # A note may follow: what was found afterwards.
    State.COMPLETED: {State.COMPLETED},
    State.CANCELLED: {State.CANCELLED},
}


def check_step(previous: State, state: State) -> None:
    """Check that a maintenance may go from one state to another; the same state again is a note.

    Raises:
        StepNotAllowed: with a sentence that says what to do instead.
    """
    if state in _FOLLOWING[previous]:
        return
    if previous.is_over:
        raise StepNotAllowed(gettext_noop("This maintenance is over. Plan a new one instead."))
    if state == State.SCHEDULED:
        raise StepNotAllowed(
            gettext_noop("This maintenance has begun: it cannot be planned again.")
        )
    raise StepNotAllowed(gettext_noop("This maintenance has not begun. Start it first."))


def instant(wall: datetime, *, zone: ZoneInfo) -> datetime:
    """Return in UTC the instant at which a wall clock (naive) shows this time in a zone.

    A time that happens twice, when the clock is set back, means the first of the two. A time that
    the clock skips is moved forward by the length of the gap: 02:30 in a spring night becomes
    03:30, as many minutes after the jump as were asked for after the missing hour began.

    Raises:
        ValueError: the datetime is aware.
    """
    if wall.tzinfo is not None:
        raise ValueError("A wall clock has no zone of its own")
    # fold=0 is the first of two, and in a gap the offset before the jump: exactly the shift.
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)


def wall_clock(at: datetime, *, zone: ZoneInfo) -> datetime:
    """Return what the wall clock of a zone shows at an instant, naive."""
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


def next_step(
    state: State,
    *,
    starts_at: datetime,
    ends_at: datetime,
    auto_start: bool,
    auto_finish: bool,
) -> datetime | None:
    """Return when the maintenance takes its next step by itself; None when a person has to."""
    if state == State.SCHEDULED and auto_start:
        return starts_at
    if state.is_running and auto_finish:
        return ends_at
    return None


def overrun(state: State, *, ends_at: datetime, now: datetime) -> timedelta:
    """Return how much longer than planned a maintenance is running; nothing when it is not."""
    return max(now - ends_at, timedelta()) if state.is_running else timedelta()
