"""What a channel is, and how it says that a message did not arrive."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from notifications.backoff import Schedule
from notifications.messages import Message

# Called by a channel just before its point of no return; raises when the delivery is no longer its.
Handing = Callable[[], None]


class Blame(StrEnum):
    """What a permanent failure says something about."""

    ADDRESS = "address"  # nobody is there: do not write to it again
    CONTENT = "content"  # the message or its sender is refused: so will be the next ones
    NOTHING = "nothing"


class DeliveryError(Exception):
    """The message certainly did not arrive. `permanent`: another try would end the same way.

    `retry_after_s` is what the other side asked for, in seconds.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        retry_after_s: float | None = None,
        blame: Blame = Blame.NOTHING,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after_s = retry_after_s
        self.blame = blame


class ChannelDown(DeliveryError):
    """The server is not there or refuses everybody: no fault of this delivery, and no use to go on."""


class OutcomeUnknown(DeliveryError):
    """The message was handed over and the answer never came: perhaps it arrived."""


class Session(Protocol):
    """A channel during one run of the drain; keeps its connection."""

    def send(self, *, address: str, message: Message, delivery_id: str, handing: Handing) -> None:
        """Send one message, and return once the other side has taken it.

        `delivery_id` is the same for every copy of a delivery, so that receivers can tell. What
        `handing` raises ends the sending without a message leaving.

        Raises:
            DeliveryError, ChannelDown, OutcomeUnknown: see there.
        """


class Channel(Protocol):
    """One way out of the house. `send_timeout` is the hard limit of one `send`."""

    @property
    def name(self) -> str: ...

    @property
    def schedule(self) -> Schedule: ...

    @property
    def send_timeout(self) -> timedelta: ...

    @property
    def max_copies(self) -> int:
        """How often an unanswered message may be handed over: 2 where receivers fold equal ids."""

    def check_address(self, text: str) -> str:
        """The address in the form to store, as operators may write it; raises ValueError."""

    def session(self) -> AbstractContextManager[Session]: ...
