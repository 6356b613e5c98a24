"""Values of foreign documents: read with care, or refused with a sentence that says where."""

from datetime import UTC, datetime

import pytest

from importing import source_values
from importing.problems import SourceUnreadable
from importing.source_values import Row


def row(value: object) -> Row:
    return Row({"a": value}, "list[2]")


@pytest.mark.parametrize(
    ("value", "text"),
    [("x", "x"), (404, "404"), (None, ""), ("a\x00b", "ab"), ("\ud800!", "?!"), ("é", "é")],
)
def test_a_text_is_one_that_a_database_takes(value: object, text: str) -> None:
    assert row(value).text("a") == text


@pytest.mark.parametrize("value", [[], {}, True, "x" * 100_001])
def test_anything_else_is_no_text(value: object) -> None:
    with pytest.raises(SourceUnreadable, match=r"list\[2\]\.a"):
        row(value).text("a")


@pytest.mark.parametrize("value", ["x", [], True, 10**400, float("inf"), float("nan")])
def test_what_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(SourceUnreadable, match=r"list\[2\]\.a should be a number"):
        row(value).number("a", 1)


@pytest.mark.parametrize(
    ("value", "at"),
    [
        ("2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T12:00:00.123456789+02:00", datetime(2026, 1, 31, 10, 0, 0, 123456, UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("", None),
        (None, None),
    ],
)
def test_times_are_instants_and_a_zero_time_is_none(value: object, at: datetime | None) -> None:
    assert row(value).moment("a") == at


@pytest.mark.parametrize(
    "value",
    ["soon", "2026-01-31T12:00:00", "9999-12-31T23:59:59-23:59", 7, [], "2026-13-01T00:00Z"],
)
def test_what_is_no_time_is_refused(value: object) -> None:
    with pytest.raises(SourceUnreadable, match=r"list\[2\]\.a should be a t"):
        row(value).moment("a")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1h30m", 5400),
        ("500ms", 0.5),
        ("1.5s", 1.5),
        ("0", 0),
        ("2m0.5s", 120.5),
        ("", None),
        ("5", None),
        ("s", None),
        ("1h 30m", None),
        ("-1s", None),
        ("1d", None),
    ],
)
def test_durations_are_those_of_go(text: str, seconds: float | None) -> None:
    assert source_values.go_seconds(text) == seconds


@pytest.mark.parametrize(
    ("value", "flag"), [(True, True), (0, False), (1, True), ("1", True), (None, False)]
)
def test_flags_may_be_numbers(value: object, flag: bool) -> None:
    assert row(value).flag("a") is flag


def test_what_is_no_flag_is_refused() -> None:
    with pytest.raises(SourceUnreadable, match="true or false, but is the text maybe"):
        row("maybe").flag("a")


def test_text_of_a_source_is_shown_on_one_line_and_short() -> None:
    assert source_values.shown("a\nb\x1b[31m") == "a b [31m"
    assert len(source_values.shown("x" * 500)) == 60
