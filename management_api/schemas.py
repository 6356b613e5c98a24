"""What every body has in common: strict objects, texts that every database takes, sane moments."""

from collections.abc import Callable
from datetime import timedelta
from enum import Enum
from typing import Annotated, Any, Generic, TypeVar

from ninja import Path, Schema
from pydantic import (
    AfterValidator,
    AwareDatetime,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)

from common import moments, nested_values

T = TypeVar("T")

_BIGGEST_ID = 2**31 - 1

Moment = Annotated[AwareDatetime, AfterValidator(moments.sane)]
Length = Annotated[timedelta, Field(ge=timedelta(minutes=1), le=timedelta(days=366))]
RowId = Annotated[int, Path(ge=1, le=_BIGGEST_ID, examples=[1])]
PublicId = Annotated[
    str, Path(min_length=1, max_length=100, pattern=r"^[0-9A-Za-z_-]+$", examples=["k3f8gr2bxq9t"])
]
# What is looked for in names; a NUL in a query is refused by PostgreSQL.
Words = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]
Slug = Annotated[str, Field(max_length=100, pattern=r"^[A-Za-z0-9_-]*$")]
Name = Annotated[str, Field(min_length=1, max_length=100)]
# As large as an integer column of every database.
Position = Annotated[int, Field(ge=0, le=_BIGGEST_ID)]


def in_place(kind: type[Enum]) -> WithJsonSchema:
    """For enums whose name another one has as well: the document would tell one of them for both."""
    return WithJsonSchema({"type": "string", "enum": [one.value for one in kind]})


class In(Schema):
    """A body. A field that is not known is an error: it would be silently lost otherwise."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _without_nul(cls, data: Any) -> Any:
        if any("\0" in text for text in nested_values.texts(getattr(data, "_obj", data))):
            raise ValueError("a text holds the character NUL")
        return data

    def given(self) -> dict[str, Any]:
        """The fields that the body named, with their values; for PATCH."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class Out(Schema):
    """An answer."""


class Listed(Out, Generic[T]):
    """One page of a list; `next` is the cursor of the next one, null at the end."""

    data: list[T]
    next: str | None = None


def left_out(make: Callable[[], Any] = str, **rules: Any) -> Any:
    """A field of a PATCH body that may be missing; its default is never read (see `In.given`)."""
    return Field(default_factory=make, **rules)
