"""Patterns that take other engines for ever (F8): each answers at once on 64 KB."""

import time

import pytest

from probing import patterns

BAD_PATTERNS = [
    r"^(a+)+$",
    r"(a*)*b",
    r"(a|a)*b",
    r"(a|aa)+$",
    r"(.*a){20}",
    r"(.*a){12}b",
    r"(x+x+)+y",
    r"([a-zA-Z]+)*$",
    r"(.*)*x",
    r"^(([a-z])+.)+[A-Z]([a-z])+$",
    r"(a?){100}a{100}",
    r"(\w+\s?)*$",
    r"(a{1,30}){1,30}b",
    r".*.*.*.*.*=.*",
    r"(?:.*?,){40}P",
    r"\s+$",
    r"^\s+|\s+$",
    r"(\d+)+x",
    r"((ab)*)*c",
    r"[ab]*a[ab]{400}c",
    r"(a?){500}b",
    r"(([a-z]+)+)+\d",
]
TEXTS = [b"a" * 65535 + b"!", b"ab" * 32768, b" " * 65535 + b"x", b"1," * 32768, bytes(65536)]


@pytest.mark.parametrize("pattern", BAD_PATTERNS)
def test_a_pattern_made_to_hang_answers_within_200_ms(pattern: str) -> None:
    patterns.check_regex(pattern)
    slowest_s = 0.0
    for text in TEXTS:
        started = time.thread_time()
        patterns.found(pattern, text)
        slowest_s = max(slowest_s, time.thread_time() - started)

    assert slowest_s <= 0.2


def test_what_is_found_is_found() -> None:
    assert patterns.found(r"st\w+s: (up|fine)", b"status: fine")
    assert not patterns.found(r"st\w+s: (up|fine)", b"status: poor")
    assert patterns.found("grün", "alles grün".encode())
    assert not patterns.found("x", b"\xff\xfe\x00")
