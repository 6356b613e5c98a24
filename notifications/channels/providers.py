"""Who carries text messages for us: one small interface, and Twilio as the first provider.

Another provider is a class with these methods, and a line in `PROVIDERS`. Its account stands in the
environment, not in the database: it is the house's, and no subscriber has a part in it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from common import guarded_http
from notifications.channels import base, calls, twilio
from notifications.channels.base import Carried, Parcel

OPTED_OUT = base.OPTED_OUT


class Provider(Protocol):
    """One company that sends text messages and hands over the answers."""

    @property
    def name(self) -> str:
        """Its name in the address of the inbound hook."""

    @property
    def title(self) -> str: ...

    @property
    def is_set_up(self) -> bool:
        """Whether the environment holds an account."""

    @property
    def url(self) -> str:
        """Where its API is reached."""

    @property
    def status_url(self) -> str:
        """Where it is to report what became of a message; empty: nowhere."""

    def call(self, *, number: str, text: str, status_url: str) -> calls.Call:
        """The request that sends one message, and asks for reports at this address if it is one."""

    def receipt(self, answer: guarded_http.Answer) -> str:
        """The name that it gave the message it took; empty when it did not say."""

    def find(self, *, number: str, since: datetime) -> Sequence[Carried]:
        """All messages to this number that we gave it since then. Raises CannotAsk."""

    def report(self, params: Mapping[str, Sequence[str]]) -> Carried | None:
        """What a genuine report says became of a message; None when it says nothing we know."""

    def judge(self, answer: guarded_http.Answer, parcel: Parcel) -> None:
        """Return when it took the message.

        Raises:
            DeliveryError: it did not; the words begin with OPTED_OUT when the number said STOP.
            OutcomeUnknown: it broke while it had the message.
        """

    def is_genuine(
        self, *, url: str, params: Mapping[str, Sequence[str]], headers: Mapping[str, str]
    ) -> bool:
        """Whether an inbound request to this public address was made by the provider."""


PROVIDERS: Mapping[str, Provider] = {each.name: each for each in (twilio.Twilio(),)}


def chosen() -> Provider | None:
    """The provider whose account the environment holds; None without any."""
    return next((each for each in PROVIDERS.values() if each.is_set_up), None)
