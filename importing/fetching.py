"""Read the lists of another product's API, page by page, politely and within bounds.

Every request is one of `sources.ask`. What a server asks for with Retry-After is waited for, up to
a limit; an import ends with a sentence rather than run for ever or fill the memory.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from urllib.parse import urlencode

from common.guarded_http import Answer
from importing import sources
from importing.problems import SourceUnreadable
from importing.source_values import Row, as_row, as_rows, json_value

MAX_REQUESTS = 3_000
MAX_BYTES = 256 * 1024 * 1024
ANSWER_BYTES = 16 * 1024 * 1024
LONGEST = timedelta(hours=2)
LONGEST_WAIT_S = 300.0
_TRIES = 6
# "Enhance your calm", Statuspage's own; the usual one; and a server that is busy.
_LATER = frozenset({420, 429, 503})


class Asker:
    """Asks one server. `pause_s` lies between two requests, `wait` is how time is let pass."""

    def __init__(
        self,
        *,
        now: datetime,
        allows_private: bool,
        headers: Mapping[str, str] | None = None,
        pause_s: float = 0.0,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._now = now
        self._allows_private = allows_private
        self._headers = {"Accept": "application/json", **(headers or {})}
        self._pause_s = pause_s
        self._wait = wait
        self._began = time.monotonic()
        self._asked = 0
        self._bytes = 0

    def json(self, url: str, **query: object) -> object:
        """The JSON of an answer. Raises SourceUnreadable."""
        found = self.json_or_none(url, **query)
        if found is None:
            raise SourceUnreadable(f"{url} answers with 404: there is no such thing there.")
        return found

    def json_or_none(self, url: str, **query: object) -> object | None:
        """The JSON of an answer; None when there is nothing at that address (404)."""
        answer = self._answer(f"{url}?{urlencode(query)}" if query else url)
        if answer.status == 404:
            return None
        if answer.status in {401, 403}:
            raise SourceUnreadable(f"{url} answers with {answer.status}: the key is not accepted.")
        if not answer.is_success:
            where = answer.headers.get("location", "")
            hint = f" It sends on to {where[:200]}: name that address." if where else ""
            raise SourceUnreadable(f"{url} answers with {answer.status}.{hint}")
        return json_value(answer.body, url)

    def numbered(
        self, url: str, *, first: int = 1, size: int = 100, name: str = "per_page", **query: object
    ) -> list[object]:
        """All objects of a list whose pages are numbered; the first page that is not full is the last."""
        found: list[object] = []
        page = first
        while True:
            rows = self.json(url, page=page, **{name: size}, **query)
            listed = [row.values for row in as_rows(rows, url)]
            if not listed or listed == found[-len(listed) :]:
                return found  # a server that knows no pages says the same again
            found += listed
            if len(listed) < size:
                return found
            page += 1

    def enveloped(self, url: str, **query: object) -> list[object]:
        """All objects of Cachet's envelope: data, and in meta how many pages there are."""
        return [row for document in self._documents(url, **query) for row in _data(document, url)]

    def _documents(self, url: str, **query: object) -> Iterator[Row]:
        page = 1
        while True:
            document = as_row(self.json(url, page=page, per_page=100, **query), url)
            yield document
            pages = document.row("meta").row("pagination").whole("total_pages", 1)
            if page >= pages or not _data(document, url):
                return
            page += 1

    def _answer(self, url: str) -> Answer:
        for _ in range(_TRIES):
            self._count(url)
            answer = sources.ask(
                url,
                allows_private=self._allows_private,
                headers=self._headers,
                limit=ANSWER_BYTES,
            )
            self._bytes += len(answer.body)
            if answer.status not in _LATER:
                return answer
            self._wait(self._asked_wait_s(answer))
        raise SourceUnreadable(f"{url} answers with {answer.status} again and again. Try later.")

    def _count(self, url: str) -> None:
        if self._asked >= MAX_REQUESTS:
            raise SourceUnreadable(
                f"{url} is not asked: {MAX_REQUESTS:,} requests were made already."
            )
        if self._bytes > MAX_BYTES:
            raise SourceUnreadable(f"The answers are larger than {MAX_BYTES // 1024 // 1024} MB.")
        if time.monotonic() - self._began > LONGEST.total_seconds():
            raise SourceUnreadable(f"Reading took longer than {LONGEST}.")
        if self._asked and self._pause_s:
            self._wait(self._pause_s)
        self._asked += 1

    def _asked_wait_s(self, answer: Answer) -> float:
        passed = timedelta(seconds=time.monotonic() - self._began)
        asked = answer.retry_after_s(now=self._now + passed)
        return min(LONGEST_WAIT_S, max(1.0 if asked is None else asked, self._pause_s))


def _data(document: Row, url: str) -> list[object]:
    data = document.values.get("data")
    if not isinstance(data, list):
        raise SourceUnreadable(f"{url} has no list of data in it: is this the right address?")
    return data
