"""What may stand under `alerts` in a config file: who is told, over what, and how often.

Keys of a channel are those that its module in `notifications.channels` declares (a test compares
them); secrets are named and never written down.
"""

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from monitoring.config_file.values import (
    Email,
    Moment,
    Name,
    Section,
    Text,
    fault,
    one_of,
    plain_text,
)
from monitoring.reminders import Backoff


def _variable(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,199}", value):
        raise fault("This is not the name of an environment variable.")
    return value


def _whole_path(value: str) -> str:
    if not value.startswith("/") or len(value) > 1000:
        raise fault("Write the whole path of the file, from / on.")
    return value


class Secret(Section):
    """Where a secret comes from; `stored` keeps what the database has."""

    env: Annotated[str, AfterValidator(_variable)] | None = None
    file: Annotated[Text, AfterValidator(_whole_path)] | None = None
    stored: bool | None = None

    @model_validator(mode="after")
    def _is_one(self) -> "Secret":
        if len(self.model_fields_set) != 1 or not (self.env or self.file or self.stored):
            raise fault("Write one of {env: NAME}, {file: /PATH} and {stored: true}.")
        return self

    def __str__(self) -> str:
        if self.stored:
            return "stored"
        return f"env {self.env}" if self.env else f"file {self.file}"


def _reference(value: object) -> object:
    if not isinstance(value, dict):
        raise fault(
            "A secret does not belong in the file. Write where it is: {env: NAME} or {file: /PATH}."
        )
    return value


Reference = Annotated[Secret, BeforeValidator(_reference)]
OwnName = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=100), AfterValidator(plain_text)
]
Recipients = Annotated[list[Email], Field(min_length=1)]


class Channel(Section):
    """What every channel has. `name` tells two of a kind apart."""

    name: OwnName = ""
    enabled: bool = True
    recovery: bool = True
    reminders_only: bool = False


class FirstEmail(Section):
    """The e-mail channel without a name."""

    to: Recipients
    enabled: bool = True
    recovery: bool = True
    reminders_only: bool = False


class MoreEmail(Channel):
    """One more e-mail channel, with a name of its own."""

    name: Name
    to: Recipients


class Hook(Channel):
    """A channel with one secret address: Slack, Microsoft Teams, Discord."""

    url: Reference


class Telegram(Channel):
    """A bot and the chats it writes to."""

    token: Reference
    chats: Annotated[list[Text], Field(min_length=1)]


class Pushover(Channel):
    """An application and the keys of users and groups, one on each line of the secret."""

    token: Reference
    keys: Reference


class PagerDuty(Channel):
    """An integration of a service."""

    routing_key: Reference


class Opsgenie(Channel):
    """An integration of a team."""

    key: Reference


class Webhook(Channel):
    """Any address, with signed bodies. Left out, `previous_secret` stays; null ends a rotation."""

    url: Reference
    secret: Reference
    previous_secret: Reference | None = None


class HealthWebhook(Section):
    """A receiver of `status:health:changed`; its secrets are those of a webhook."""

    name: Name
    enabled: bool = True
    url: Reference
    secret: Reference
    previous_secret: Reference | None = None


class Channels(Section):
    """All channels but the first e-mail and the browsers, by kind."""

    email: list[MoreEmail] = []
    slack: list[Hook] = []
    teams: list[Hook] = []
    discord: list[Hook] = []
    telegram: list[Telegram] = []
    pushover: list[Pushover] = []
    pagerduty: list[PagerDuty] = []
    opsgenie: list[Opsgenie] = []
    webhook: list[Webhook] = []


class Reminders(Section):
    """When operators hear again of what is still dead. Left out, `muted_until` stays; null ends it."""

    interval_s: int | None = Field(None, ge=10, le=604_800)
    backoff: Annotated[str, AfterValidator(one_of("back-off", Backoff))] = Backoff.NONE.value
    limit: int = Field(3, ge=1, le=100)
    escalates: bool = False
    muted_until: Moment | None = None


class Grouping(Section):
    """How long the death of a node that depends on others is held back for its root cause."""

    window_s: int = Field(60, ge=0, le=3600)


class Elsewhere(Section):
    """The warning in other places, once the page was dead without a break."""

    enabled: bool = True
    after_s: int = Field(180, ge=0, le=604_800)


class Alerts(Section):
    """How operators are told. A section that is left out keeps what is stored."""

    email: FirstEmail | None = None
    channels: Channels | None = None
    health_webhooks: list[HealthWebhook] | None = None
    reminders: Reminders | None = None
    grouping: Grouping | None = None
    warning: Elsewhere | None = None
