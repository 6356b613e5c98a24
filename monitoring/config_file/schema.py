"""What may stand in a config file: the shape, the limits and the defaults, as pydantic models.

Limits and defaults are those of the database's models (a test compares them). Every key is
described in docs/reference/config-file.md (a test reads it).
"""

import difflib
import unicodedata
import zoneinfo
from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Any

from django.core.exceptions import ValidationError
from django.utils.text import slugify
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from monitoring import addresses
from monitoring.models import Mode, SilenceRule
from notifications import addresses as mail_addresses
from probing import options
from probing.options import HttpOptions

SLUG_LIMIT = 100
# What lets text be shown in another order than it is stored in (reliability D3).
_REORDERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def _fault(message: str) -> PydanticCustomError:
    """An error with our own sentence; it may contain braces, which pydantic would fill in."""
    return PydanticCustomError("fault", "{message}", {"message": message})


def _plain_text(value: str) -> str:
    for char in value:
        if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} or char in _REORDERING:
            raise _fault(f"The text contains a control character (U+{ord(char):04X}). Remove it.")
    return value


def slug_of(name: str) -> str:
    """The slug a name gets when the file gives none; empty when nothing of the name can stand in one."""
    return slugify(name)[:SLUG_LIMIT].strip("-_")


def _slug_or_name(value: object, info: ValidationInfo) -> object:
    if value is not None and value != "":
        return value
    name = info.data.get("name")
    if name is None:
        return "-"  # the name's own mistake is reported
    if slug := slug_of(name):
        return slug
    raise _fault("No slug can be made from this name. Add one, like slug: landing-page.")


def _time_zone(value: str) -> str:
    known = zoneinfo.available_timezones()
    if value in known:
        return value
    hint = nearest(value, known)
    raise _fault(f"This is not a time zone. Write {hint or 'one like Europe/Paris or UTC'}.")


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant."""
    by_lower = {candidate.lower(): candidate for candidate in sorted(known)}
    found = difflib.get_close_matches(word[:100].lower(), by_lower, n=1, cutoff=0.7)
    return by_lower[found[0]] if found else None


def _address(value: str) -> str:
    """The normalised address, so that two spellings of one target are one replica."""
    try:
        return addresses.check(value).url
    except ValidationError as error:
        raise _fault(" ".join(error.messages)) from None


def _email(value: str) -> str:
    try:
        return mail_addresses.check_address(value, allow_single_label=True)
    except mail_addresses.AddressInvalid as error:
        raise _fault(str(error)) from None


def _mode(value: str) -> str:
    if value not in Mode.values:
        raise _fault(f"This is not a mode. Write {' or '.join(Mode.values)}.")
    return value


def _silence_rule(value: str) -> str:
    if value not in SilenceRule.values:
        raise _fault(f"This is not a rule. Write {' or '.join(SilenceRule.values)}.")
    return value


def _weight(value: float) -> float:
    if round(value, 3) != value:
        raise _fault("At most three digits after the point are kept.")
    return value


Text = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_plain_text)]
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100),
    AfterValidator(_plain_text),
]
Description = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=500), AfterValidator(_plain_text)
]
Slug = Annotated[
    str,
    StringConstraints(min_length=1, max_length=SLUG_LIMIT, pattern=r"^[-a-zA-Z0-9_]+$"),
    BeforeValidator(_slug_or_name),
]
Address = Annotated[Text, AfterValidator(_address)]
Email = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=254), AfterValidator(_email)
]
BodyText = Annotated[
    str, StringConstraints(min_length=1, max_length=500), AfterValidator(_plain_text)
]
Weight = Annotated[float, Field(ge=0, le=1), AfterValidator(_weight)]
StatusCode = Annotated[int, Field(ge=100, le=599)]


class Section(BaseModel):
    """Nothing is guessed: a word is not a number, and an unknown key is a mistake."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Weights(Section):
    """How much of the time in a status counts as down, from 0 to 1."""

    major_outage: Weight = 1.0
    partial_outage: Weight = 1.0
    degraded_performance: Weight = 0.0
    under_maintenance: Weight = 0.0

    def exact(self, status: str) -> Decimal:
        """The weight as it is stored."""
        return Decimal(str(getattr(self, status))).quantize(Decimal("0.001"))


class Page(Section):
    """The page itself. Left out, `weights` keeps what is stored."""

    name: Name
    time_zone: Annotated[Text, AfterValidator(_time_zone)] = "UTC"
    weights: Weights | None = None


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
                raise _fault(message)
        return value

    @field_validator("headers")
    @classmethod
    def _named_once(cls, value: dict[str, str | None]) -> dict[str, str | None]:
        lower = [name.lower() for name in value]
        if twice := [name for name in value if lower.count(name.lower()) > 1]:
            raise _fault(f"{' and '.join(twice)} are the same header.")
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
    """One way a component is looked at, and the replicas it looks at."""

    name: Name
    slug: Slug = Field("", validate_default=True)
    mode: Annotated[str, AfterValidator(_mode)] = Mode.POLL.value
    interval_s: int = Field(60, ge=1, le=86_400)
    retries: int = Field(2, ge=0, le=10)
    dead_after_s: float = Field(10.0, ge=0.05, le=120)
    sick_after_s: float = Field(5.0, ge=0.001, le=120, validate_default=True)
    silent_after_s: float = Field(60.0, ge=1, le=604_800)
    silence_rule: Annotated[str, AfterValidator(_silence_rule)] = SilenceRule.LONGER.value
    cpu_sick_above: float = Field(0.9, ge=0, le=100)
    ram_sick_above: float = Field(0.9, ge=0, le=100)
    http: Http = Http()
    replicas: list[Address] = []

    @field_validator("replicas")
    @classmethod
    def _reported_replicas(cls, value: list[str], info: ValidationInfo) -> list[str]:
        if value and info.data.get("mode") == Mode.PUSH:
            raise _fault("A push node's replicas appear with their first report. Leave them out.")
        return value

    @field_validator("sick_after_s")
    @classmethod
    def _sick_before_dead(cls, value: float, info: ValidationInfo) -> float:
        dead_after_s = info.data.get("dead_after_s", value)
        if value > dead_after_s:
            raise _fault(
                f"sick_after_s ({value:g}) is longer than dead_after_s ({dead_after_s:g}). "
                "Write one that is shorter or equal."
            )
        return value


class Component(Section):
    """A service that visitors know by name. Left out, `manual` stays what people made it."""

    name: Name
    slug: Slug = Field("", validate_default=True)
    description: Description = ""
    visible: bool = True
    show_addresses: bool = False
    manual: bool | None = None
    nodes: list[Node] = []


class Group(Section):
    """A heading with components under it."""

    name: Name
    collapsed: bool = False
    components: list[Component] = []


class EmailAlerts(Section):
    """Who gets a mail when a replica dies."""

    to: list[Email]
    enabled: bool = True
    recovery: bool = True


class Alerts(Section):
    """How operators are told. A channel that is left out keeps what is stored."""

    email: EmailAlerts | None = None


class Document(Section):
    """A whole config file."""

    page: Page | None = None
    groups: list[Group] = []
    components: list[Component] = []  # those without a group, shown after the groups
    alerts: Alerts | None = None


def keys(section: type[BaseModel] = Document) -> "dict[str, type[BaseModel] | None]":
    """The keys of a section, each with the section it holds, if it holds one (or a list of them)."""
    return {name: _section_in(field.annotation) for name, field in section.model_fields.items()}


def _section_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (_section_in(part) for part in getattr(annotation, "__args__", ()))
    return next((section for section in inner if section is not None), None)
