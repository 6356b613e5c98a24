"""Real HTTP servers on loopback that answer as the APIs of other products do."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Query = Mapping[str, str]
# (status, headers, value to be sent as JSON, or bytes as they are)
Answer = tuple[int, Mapping[str, str], object]


@dataclass
class Api:
    """What a server answers and what it was asked, in order: path with query, and headers."""

    answer: Callable[[str, Query, Mapping[str, str]], Answer]
    url: str = ""
    asked: list[str] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)


@contextmanager
def served(answer: Callable[[str, Query, Mapping[str, str]], Answer]) -> Iterator[Api]:
    """A server on a free port for the block."""
    api = Api(answer)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            api.asked.append(self.path)
            api.headers.append(dict(self.headers))
            status, headers, value = api.answer(parts.path, query, dict(self.headers))
            body = value if isinstance(value, bytes) else json.dumps(value).encode()
            self.send_response(status)
            for name, text in ({"Content-Length": str(len(body))} | dict(headers)).items():
                self.send_header(name, text)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    api.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield api
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def ok(value: object) -> Answer:
    return 200, {}, value


def numbered(rows: list[object], query: Query, *, first: int = 1) -> Answer:
    """A page of a list by page and per_page or limit, as Statuspage has it."""
    size = int(query.get("per_page") or query.get("limit") or 100)
    begin = (int(query.get("page", first)) - first) * size
    return ok(rows[begin : begin + size])


def enveloped(rows: list[object], query: Query, *, size: int = 2) -> Answer:
    """A page of a list in Cachet's envelope; this server gives two rows at most, whatever is asked."""
    page = int(query.get("page", 1))
    pages = max(1, -(-len(rows) // size))
    pagination = {
        "total": len(rows),
        "count": size,
        "per_page": size,
        "current_page": page,
        "total_pages": pages,
        "links": {"next_page": None, "previous_page": None},
    }
    data = rows[(page - 1) * size : page * size]
    return ok({"meta": {"pagination": pagination}, "data": data})
