"""Text messages to phones (N1, O4): plain words and a link, through the provider of the environment.

No provider takes a key of ours, and each message costs money: one whose answer never came is "perhaps
sent" and is not sent again (reliability 3.1).
"""

from collections.abc import Mapping

from django.conf import settings

from common import guarded_http
from notifications.channels import calls, providers
from notifications.channels.base import DeliveryError, Parcel

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
        message = parcel.message
        text = message.text.strip() or message.subject
        return self._provider().call(number=parcel.address, text=calls.shortened(text, _TEXT_MAX))

    def judge(self, answer: guarded_http.Answer, parcel: Parcel) -> None:
        self._provider().judge(answer, parcel)

    def _provider(self) -> providers.Provider:
        provider = providers.chosen()
        if provider is None:
            raise DeliveryError("No provider of text messages is set up.", permanent=True)
        return provider
