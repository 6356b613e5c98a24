"""Text messages to phones (N1, O4): plain words and a link, through the provider of the environment.

No provider takes a key of ours, and each message costs money: after one whose answer never came the
provider is asked whether it has it, and only what it surely has not is sent again (reliability 3.1).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.conf import settings

from common import guarded_http
from notifications.channels import calls, providers
from notifications.channels.base import CannotAsk, Carried, DeliveryError, Parcel

# Ten parts, the most that a provider joins.
_TEXT_MAX = 1530


class SmsChannel(calls.HttpChannel):
    name = "sms"
    title = "Text message"
    fields = ()
    has_many_hosts = False
    # A provider takes several at once; one after the other, 500 take longer than is promised.
    connections = 8

    @property
    def per_s(self) -> int:  # type: ignore[override]  # a setting, read when it is asked for
        return int(settings.SMS_PER_S)

    def destination(self, secrets: Mapping[str, str]) -> str:
        return ""

    def address_of(self, secrets: Mapping[str, str]) -> str:
        return self._provider().url

    def call(self, parcel: Parcel) -> calls.Call:
        provider = self._provider()
        reports = provider.status_url
        if reports:
            reports = f"{reports}?of={parcel.number}-{parcel.delivery_id}"
        text = self.text_of(parcel)
        return provider.call(number=parcel.address, text=text, status_url=reports)

    def text_of(self, parcel: Parcel) -> str:
        message = parcel.filled.message
        return calls.shortened(message.text.strip() or message.subject, _TEXT_MAX)

    def receipt(self, answer: guarded_http.Answer) -> str:
        return self._provider().receipt(answer)

    def find(self, *, parcel: Parcel, since: datetime) -> Sequence[Carried]:
        provider = providers.chosen()
        if provider is None:
            raise CannotAsk("No provider of text messages is set up.")
        return provider.find(number=parcel.address, since=since)

    def judge(self, answer: guarded_http.Answer, parcel: Parcel) -> None:
        self._provider().judge(answer, parcel)

    def _provider(self) -> providers.Provider:
        provider = providers.chosen()
        if provider is None:
            raise DeliveryError("No provider of text messages is set up.", permanent=True)
        return provider
