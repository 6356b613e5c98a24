"""What a channel is, and how it says that a message did not arrive."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, runtime_checkable

from notifications.backoff import Schedule
from notifications.messages import Message

# Called by a channel just before its point of no return; raises when the delivery is no longer its.
Handing = Callable[[], None]


# Begins the error of a delivery whose phone has told the provider to stop.
OPTED_OUT = "This number has answered STOP"


class Blame(StrEnum):
    """What a permanent failure says something about."""

    ADDRESS = "address"  # nobody is there: do not write to it again
    CONTENT = "content"  # the message or its sender is refused: so will be the next ones
    NOTHING = "nothing"


class DeliveryError(Exception):
    """The message certainly did not arrive. `permanent`: another try would end the same way.

    `retry_after_s` is what the other side asked for, in seconds. `is_unreachable`: the host could
    not be reached, so nothing else for it would arrive either.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        retry_after_s: float | None = None,
        blame: Blame = Blame.NOTHING,
        is_unreachable: bool = False,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after_s = retry_after_s
        self.blame = blame
        self.is_unreachable = is_unreachable


class ChannelDown(DeliveryError):
    """The server is not there or refuses everybody: no fault of this delivery, and no use to go on."""


class OutcomeUnknown(DeliveryError):
    """The message was handed over and the answer never came: perhaps it arrived."""


class CannotAsk(Exception):
    """The far end did not say what it was given; perhaps it will later."""


class FieldInvalid(ValueError):
    """A value that a channel cannot work with; `name` is the field, the text says what to do."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Something a channel has to be told. `is_many`: one value a line, one recipient each.

    A secret is never shown again once it is stored.
    """

    name: str
    label: str
    help_text: str = ""
    is_secret: bool = False
    is_required: bool = True
    is_many: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One recipient of a channel: the `address` and `secrets` to put into a letter."""

    address: str
    secrets: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One message on its way out.

    `delivery_id` is the same for every copy of a delivery, so that receivers can tell.
    `created_at` is when the letter was put, `now` is this attempt. Where many get the same message,
    `shared_as` names it, equal for equal messages, and `parts` fill the gaps that it still has:
    ask for `filled` unless the channel fills them itself. `number` is its row, 0 for none.
    """

    address: str
    message: Message
    delivery_id: str
    created_at: datetime
    now: datetime
    secrets: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)
    shared_as: str = ""
    number: int = 0

    @property
    def filled(self) -> "Parcel":
        """The same parcel with a message that has no gaps."""
        if not self.shared_as:
            return self
        return replace(self, message=self.message.filled(self.parts), parts={}, shared_as="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A message that the far end has from us, by the name it gave it.

    `refusal` is why it did not arrive, where that is known by now.
    """

    provider_id: str
    text: str = ""
    refusal: DeliveryError | None = None
    is_delivered: bool = False


class Session(Protocol):
    """A channel during one run of the drain; may keep its connection."""

    def send(self, *, parcel: Parcel, handing: Handing) -> str | None:
        """Send one message, and return once the other side has taken it: its name there, if any.

        What `handing` raises ends the sending without a message leaving.

        Raises:
            DeliveryError, ChannelDown, OutcomeUnknown: see there.
        """


class Channel(Protocol):
    """One way out of the house. `send_timeout` is the hard limit of one `send`."""

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str:
        """Its name for people."""

    @property
    def fields(self) -> Sequence[Field]:
        """What operators have to enter, in the order of the form."""

    @property
    def schedule(self) -> Schedule: ...

    @property
    def send_timeout(self) -> timedelta: ...

    @property
    def max_copies(self) -> int | None:
        """How often an unanswered message may be handed over; None: as its schedule says.

        More than one only where receivers fold equal ids.
        """

    @property
    def has_many_hosts(self) -> bool:
        """Whether letters go to hosts of their own, several at once; `send` from any thread then."""

    @property
    def connections(self) -> int:
        """How many sessions one run may use at once where there is but one server."""

    @property
    def per_s(self) -> int:
        """How many messages a second may leave over all workers; 0: as many as it takes."""

    @property
    def holds_incidents(self) -> bool:
        """Whether a problem stays open over there until a recovery with its key closes it."""

    def check(self, values: Mapping[str, str]) -> dict[str, str]:
        """The values of `fields` in the form to store. Raises FieldInvalid."""

    def recipients(self, values: Mapping[str, str]) -> list[Recipient]:
        """Everybody whom checked values name."""

    def destination(self, secrets: Mapping[str, str]) -> str:
        """The host that letters with these secrets go to; empty where there is but one server."""

    def session(self) -> AbstractContextManager[Session]: ...


@runtime_checkable
class Askable(Protocol):
    """A channel whose far end says what it was given, so that a doubt is asked about, then decided.

    All others have no such question (Slack, Pushover, X): there a doubt stays one, and is shown.
    """

    def text_of(self, parcel: Parcel) -> str:
        """What the far end was given, or was to be given."""

    def find(self, *, parcel: Parcel, since: datetime) -> Sequence[Carried]:
        """All that it has from us for this recipient since then. Raises CannotAsk."""
