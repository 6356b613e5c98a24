"""What may stand under a node of a config file: how it is watched, judged and told."""

from typing import Annotated, Any

from django.core.exceptions import ValidationError
from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo, field_validator

from monitoring import addresses
from monitoring.config_file.values import (
    SLUG_LIMIT,
    SLUG_PATTERN,
    Moment,
    Name,
    Section,
    Slug,
    Text,
    fault,
    one_of,
    plain_text,
)
from monitoring.models import Mode, SilenceRule
from probing import options
from probing.options import HttpOptions


def _address(value: str) -> str:
    """The normalised address, so that two spellings of one target are one replica."""
    try:
        return addresses.check(value).url
    except ValidationError as error:
        raise fault(" ".join(error.messages)) from None


def _node_name(value: str) -> str:
    component, slash, node = value.partition("/")
    if not (slash and component and node) or "/" in node:
        raise fault("Write the slugs of a component and of its node, like shop/web.")
    return value


Address = Annotated[Text, AfterValidator(_address)]
LocationSlug = Annotated[
    str, StringConstraints(min_length=1, max_length=SLUG_LIMIT, pattern=SLUG_PATTERN)
]
NodeName = Annotated[Text, AfterValidator(_node_name)]
BodyText = Annotated[
    str, StringConstraints(min_length=1, max_length=500), AfterValidator(plain_text)
]
StatusCode = Annotated[int, Field(ge=100, le=599)]


class Http(Section):
    """How an HTTP answer is asked for and judged; other kinds of replica ignore it."""

    status: Annotated[list[StatusCode], Field(min_length=2, max_length=2)] = [200, 399]
    body_contains: BodyText | None = None
    body_regex: BodyText | None = None
    method: str = Field("GET", validate_default=True)  # after the body, which HEAD has none of
    headers: dict[str, str | None] = {}  # null keeps the stored value
    follow_redirects: bool = True
    verify_tls: bool = True

    @field_validator("status", "body_contains", "body_regex", "method", "headers")
    @classmethod
    def _usable(cls, value: Any, info: ValidationInfo) -> Any:
        """What the probe itself says about the options, each reported at its own key."""
        given = {**info.data, info.field_name or "": value}
        for name, message in options.problems(_http_options(given)):
            if name == info.field_name:
                raise fault(message)
        return value

    @field_validator("headers")
    @classmethod
    def _named_once(cls, value: dict[str, str | None]) -> dict[str, str | None]:
        lower = [name.lower() for name in value]
        if twice := [name for name in value if lower.count(name.lower()) > 1]:
            raise fault(f"{' and '.join(twice)} are the same header.")
        return value


def _http_options(given: dict[str, Any]) -> HttpOptions:
    status_min, status_max = given.get("status") or (200, 399)
    return HttpOptions(
        method=given.get("method", "GET"),
        headers={name: value or "" for name, value in given.get("headers", {}).items()},
        status_min=status_min,
        status_below=status_max + 1,
        body_contains=given.get("body_contains"),
        body_regex=given.get("body_regex"),
    )


class Node(Section):
    """One way a component is looked at, and the replicas it looks at.

    Left out, `muted_until` stays what people made it; null ends the mute.
    """

    name: Name
    slug: Slug = Field("", validate_default=True)
    mode: Annotated[str, AfterValidator(one_of("mode", Mode.values))] = Mode.POLL.value
    interval_s: int = Field(60, ge=1, le=86_400)
    retries: int = Field(2, ge=0, le=10)
    dead_after_s: float = Field(10.0, ge=0.05, le=120)
    sick_after_s: float = Field(5.0, ge=0.001, le=120, validate_default=True)
    silent_after_s: float | None = Field(None, ge=1, le=604_800)
    silence_rule: Annotated[str, AfterValidator(one_of("rule", SilenceRule.values))] = (
        SilenceRule.LONGER.value
    )
    ping_every_s: int | None = Field(None, ge=60, le=31_536_000)
    cpu_sick_above: float = Field(0.9, ge=0, le=100)
    ram_sick_above: float = Field(0.9, ge=0, le=100)
    bad_checks: int = Field(1, ge=1, le=20)
    good_checks: int = Field(1, ge=1, le=20)
    polled_centrally: bool = True
    locations: list[LocationSlug] = Field([], validate_default=True)
    quorum: int | None = Field(None, ge=1, le=32_767)
    depends_on: list[NodeName] = []
    muted_until: Moment | None = None
    http: Http = Http()
    replicas: list[Address] = []

    @field_validator("locations")
    @classmethod
    def _checked_from_somewhere(cls, value: list[str], info: ValidationInfo) -> list[str]:
        if info.data.get("mode") == Mode.POLL and not (value or info.data.get("polled_centrally")):
            raise fault("Nobody would check it. List a location, or remove polled_centrally.")
        return value

    @field_validator("replicas")
    @classmethod
    def _reported_replicas(cls, value: list[str], info: ValidationInfo) -> list[str]:
        if value and info.data.get("mode") == Mode.PUSH:
            raise fault("A push node's replicas appear with their first report. Leave them out.")
        return value

    @field_validator("sick_after_s")
    @classmethod
    def _sick_before_dead(cls, value: float, info: ValidationInfo) -> float:
        dead_after_s = info.data.get("dead_after_s", value)
        if value > dead_after_s:
            raise fault(
                f"sick_after_s ({value:g}) is longer than dead_after_s ({dead_after_s:g}). "
                "Write one that is shorter or equal."
            )
        return value
