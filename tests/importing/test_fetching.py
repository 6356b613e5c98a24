"""Lists read page by page from real servers: politely, and within bounds."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from importing import fetching
from importing.fetching import Asker
from importing.problems import SourceUnreadable
from tests.importing import apis
from tests.importing.apis import Answer, Query

NOW = datetime(2026, 11, 19, 14, 32, tzinfo=UTC)


def asker(waited: list[float] | None = None, **options: Any) -> Asker:
    """An asker that notes how long it would wait."""
    kept = [] if waited is None else waited
    return Asker(now=NOW, allows_private=True, wait=kept.append, **options)


def test_numbered_pages_are_read_until_one_is_not_full() -> None:
    rows: list[object] = [{"id": str(number)} for number in range(7)]
    with apis.served(lambda path, query, headers: apis.numbered(rows, query)) as api:
        assert asker().numbered(f"{api.url}/list", size=3) == rows
        assert [path.partition("?")[2] for path in api.asked] == [
            "page=1&per_page=3",
            "page=2&per_page=3",
            "page=3&per_page=3",
        ]


def test_pages_may_be_counted_from_zero_and_their_size_be_called_otherwise() -> None:
    rows: list[object] = [{"id": str(number)} for number in range(4)]
    with apis.served(lambda path, query, headers: apis.numbered(rows, query, first=0)) as api:
        found = asker().numbered(f"{api.url}/list", first=0, size=2, name="limit", state="all")

    assert found == rows
    assert api.asked[0] == "/list?page=0&limit=2&state=all"


def test_a_server_that_knows_no_pages_is_read_once() -> None:
    rows: list[object] = [{"id": "1"}, {"id": "2"}]
    with apis.served(lambda path, query, headers: apis.ok(rows)) as api:
        assert asker().numbered(f"{api.url}/list", size=2) == rows
        assert len(api.asked) == 2


def test_all_pages_of_an_envelope_are_read() -> None:
    rows: list[object] = [{"id": number} for number in range(5)]
    with apis.served(lambda path, query, headers: apis.enveloped(rows, query)) as api:
        assert asker().enveloped(f"{api.url}/list") == rows
        assert len(api.asked) == 3


def test_between_two_requests_lies_a_pause() -> None:
    waited: list[float] = []
    with apis.served(lambda path, query, headers: apis.ok([])) as api:
        polite = asker(waited, pause_s=1.0)
        polite.json(api.url)
        polite.json(api.url)

    assert waited == [1.0]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({}, 1.0),
        ({"Retry-After": "86400"}, fetching.LONGEST_WAIT_S),
        ({"Retry-After": "soon"}, 1.0),
    ],
)
@pytest.mark.parametrize("status", [420, 429, 503])
def test_what_a_busy_server_asks_for_is_waited_for(
    status: int, headers: Mapping[str, str], seconds: float
) -> None:
    answers: list[Answer] = [(status, headers, {}), apis.ok([{"id": "1"}])]
    waited: list[float] = []
    with apis.served(lambda path, query, asked: answers.pop(0)) as api:
        assert asker(waited).json(api.url) == [{"id": "1"}]

    assert waited == [seconds]


def test_a_date_to_come_back_at_is_understood() -> None:
    later = f"{NOW + timedelta(seconds=30):%a, %d %b %Y %H:%M:%S} GMT"
    answers: list[Answer] = [(429, {"Retry-After": later}, {}), apis.ok([])]
    waited: list[float] = []
    with apis.served(lambda path, query, asked: answers.pop(0)) as api:
        asker(waited).json(api.url)

    assert 0 < waited[0] <= 30


def test_a_server_that_is_busy_for_ever_is_given_up() -> None:
    waited: list[float] = []
    with (
        apis.served(lambda path, query, headers: (429, {}, {})) as api,
        pytest.raises(SourceUnreadable, match="429 again and again"),
    ):
        asker(waited).json(api.url)

    assert len(waited) < 10


def test_pages_that_never_end_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "MAX_REQUESTS", 5)

    def endless(path: str, query: Query, headers: Mapping[str, str]) -> Answer:
        return apis.ok([{"id": f"{query['page']}-{number}"} for number in range(2)])

    with (
        apis.served(endless) as api,
        pytest.raises(SourceUnreadable, match="5 requests were made already"),
    ):
        asker().numbered(f"{api.url}/list", size=2)


def test_answers_that_are_too_large_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "ANSWER_BYTES", 1024 * 1024)
    big = b"[" + b" " * (1024 * 1024) + b"]"
    with (
        apis.served(lambda path, query, headers: apis.ok(big)) as api,
        pytest.raises(SourceUnreadable, match="answers with more than 1 MB"),
    ):
        asker().json(api.url)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ((200, {}, b"<html>"), "is not JSON"),
        ((200, {}, b"[" * 100_000), "is not JSON"),
        ((200, {"Content-Length": "999"}, b"[]"), "broke off"),
        ((401, {}, {}), "the key is not accepted"),
        ((404, {}, {}), "no such thing there"),
        ((500, {}, {}), "answers with 500"),
        ((302, {"Location": "https://other.example/"}, {}), "sends on to https://other.example/"),
    ],
)
def test_other_answers_are_one_sentence(answer: Answer, sentence: str) -> None:
    with (
        apis.served(lambda path, query, headers: answer) as api,
        pytest.raises(SourceUnreadable, match=sentence),
    ):
        asker().json(api.url)


@pytest.mark.parametrize("value", [7, {"a": 1}, {"data": 7}, [7]])
def test_lists_of_another_form_are_one_sentence(value: object) -> None:
    with apis.served(lambda path, query, headers: apis.ok(value)) as api:
        with pytest.raises(SourceUnreadable):
            asker().numbered(f"{api.url}/list")
        with pytest.raises(SourceUnreadable):
            asker().enveloped(f"{api.url}/list")


def test_no_sentence_carries_signs_to_the_terminal() -> None:
    assert str(SourceUnreadable("It sends on to \x1b]0;owned\x07\u202ehi")) == (
        "It sends on to  ]0;owned  hi"
    )
