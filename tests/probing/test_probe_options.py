"""Options a person may set: every problem is found and named at its field."""

import pytest

from probing import options, patterns
from probing.options import HttpOptions


def test_the_defaults_are_right() -> None:
    assert options.problems(HttpOptions()) == []


@pytest.mark.parametrize(
    ("http", "field", "says"),
    [
        (HttpOptions(method="TRACE"), "method", "one of GET"),
        (HttpOptions(method="get"), "method", "one of GET"),
        (HttpOptions(method="HEAD", body_contains="ok"), "method", "use GET"),
        (HttpOptions(status_min=400, status_below=400), "status", "100 to 599"),
        (HttpOptions(status_min=0), "status", "100 to 599"),
        (HttpOptions(status_below=601), "status", "100 to 599"),
        (HttpOptions(max_redirects=6), "max_redirects", "At most 5"),
        (HttpOptions(headers={"X Y": "1"}), "headers", "not a header name"),
        (HttpOptions(headers={"": "1"}), "headers", "not a header name"),
        (HttpOptions(headers={"X\r\nY": "1"}), "headers", "not a header name"),
        (HttpOptions(headers={"X": "a\r\nHost: evil"}), "headers", "one line"),
        (HttpOptions(headers={"X": "ü"}), "headers", "plain ASCII"),
        (HttpOptions(headers={"X": " a"}), "headers", "one line"),
        (HttpOptions(headers={"Content-Length": "5"}), "headers", "by the check itself"),
        (HttpOptions(headers={"transfer-encoding": "chunked"}), "headers", "by the check itself"),
        (HttpOptions(headers={"Accept-Encoding": "gzip"}), "headers", "by the check itself"),
        (HttpOptions(headers={"Proxy-Authorization": "x"}), "headers", "by the check itself"),
        (HttpOptions(headers={f"X-{n}": "1" for n in range(33)}), "headers", "At most 32"),
        (HttpOptions(headers={"X": "a" * 5000}), "headers", "4096 bytes"),
        (HttpOptions(body_contains="a" * 1001), "body_contains", "1000 characters"),
        (HttpOptions(body_regex="("), "body_regex", "missing )"),
        (HttpOptions(body_regex="a" * 1001), "body_regex", "1000 characters"),
    ],
)
def test_a_bad_option_is_named_at_its_field(http: HttpOptions, field: str, says: str) -> None:
    found = options.problems(http)

    assert [name for name, _ in found] == [field]
    assert says in found[0][1]


def test_all_problems_are_reported_at_once() -> None:
    http = HttpOptions(method="X", status_min=1, headers={"a b": ""}, body_regex="[")

    assert [name for name, _ in options.problems(http)] == [
        "method",
        "status",
        "headers",
        "body_regex",
    ]


@pytest.mark.parametrize("pattern", [r"^\s*ok\s*$", r"(?i)status:\s*(up|fine)", r"\p{L}+", "a|b"])
def test_an_ordinary_pattern_is_accepted(pattern: str) -> None:
    patterns.check_regex(pattern)


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("(", "missing )"),
        ("[", "missing ]"),
        (r"(?=x)", "look-around"),
        (r"(a)\1", "back-references"),
        ("a{2000}", "repetition"),
        (r"(\p{L}{1,9}){1,99}", "too large"),
        ("\ud800", "broken character"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_refused_in_words(pattern: str, says: str) -> None:
    with pytest.raises(patterns.PatternInvalid) as refusal:
        patterns.check_regex(pattern)

    assert says in str(refusal.value)
