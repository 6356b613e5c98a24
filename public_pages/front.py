"""The WSGI front: answers public addresses from the published folder, before Django is entered.

`statuspage/wsgi.py` wraps Django in it. It imports no Django, opens no database and keeps
answering when both are gone; whatever it does not know it passes on. The bytes of an answer
depend on the path, the accepted encoding and two cookies alone (reliability A2), the theme and the
sign of an operator: no other header and no query string can change or poison them. A filter of the
history is a page of its own, to which the form's query leads.

Each page has a folder of its own; the host name, or /s/<slug> on the main host, says which
(`routing`). Scripts, styles and icons are the same for all and stand in the main page's folder.
"""

import logging
import re
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from email.utils import formatdate
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from public_pages import addresses, certificates, front_headers, v2_front
from public_pages.bulkhead import Bulkhead
from public_pages.certificates import Certificates
from public_pages.front_headers import Headers
from public_pages.hosts import HostFile, State
from public_pages.published import Answer, PublishedFiles
from public_pages.routing import Route, Routes

logger = logging.getLogger(__name__)

_RETRY_LOADING_S = 5.0
_LOADING_S = 15.0

_THEME = re.compile(r"(?:^|;)\s*theme=(light|dark)\s*(?:;|$)")
_OPERATOR = re.compile(r"(?:^|;)\s*operator=1\s*(?:;|$)")
# What all pages share; it stands in the published folder itself.
_SHARED = re.compile(
    r"assets/.+|media/.+|favicon-[a-z]{2}\.svg|robots\.txt|warning\.js|embed/script\.js"
)


class Front:
    """A WSGI application: the published folder first, then the dynamic application.

    Args:
        load_app: makes the dynamic application (Django); tried again later when it fails.
        folder: the published folder.
        csp: the Content-Security-Policy of every answer from the folder.
        hosts: names of the main host, or None for any. Names that neither these nor the map of
            host names in the folder has get 421 (reliability A1), except on /livez, which load
            balancers ask by address, and on the proxy's question for certificates.
        is_hostless: paths that go to the dynamic application whatever the host name: programs that
            identify themselves by a token and are given no link, as reporters inside a network.
        headers: more headers for every answer from the folder.
        clock: the time, as seconds since 1970.
        loads_later: leave loading the dynamic application to a call of `load`, or to the first
            request that needs it: files are answered a second or more before that.
        bulkhead: how many requests at once may enter the dynamic application.
    """

    def __init__(
        self,
        load_app: Callable[[], WSGIApplication],
        *,
        folder: Path,
        csp: str,
        hosts: Iterable[str] | None = None,
        is_hostless: Callable[[str], bool] = lambda _path: False,
        headers: Iterable[tuple[str, str]] = (),
        clock: Callable[[], float] = time.time,
        loads_later: bool = False,
        bulkhead: Bulkhead | None = None,
    ) -> None:
        self._load_app = load_app
        self._bulkhead = bulkhead or Bulkhead()
        self._files = PublishedFiles(folder)
        names, file = None if hosts is None else list(hosts), HostFile(folder)
        self._routes = Routes(names, file)
        self._certificates = Certificates(names, file, clock)
        self._policy = front_headers.Policy(csp, headers)
        self._is_hostless = is_hostless
        self._clock = clock
        self._app: WSGIApplication | None = None
        self._loaded_at = float("-inf")
        self._loading = threading.Lock()
        if not loads_later:
            self.load()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO") or "/"
        if path == "/livez":
            return self._plain(environ, start_response, HTTPStatus.OK, "ok")
        if path == certificates.ASK:
            return self._ask(environ, start_response)
        if self._is_hostless(path):
            return self._dynamic(environ, start_response)
        if route := self._routes.find(environ, path):
            is_api = v2_front.is_below(route)
            return (self._api if is_api else self._answer)(environ, start_response, route)
        return self._plain(
            environ,
            start_response,
            HTTPStatus.MISDIRECTED_REQUEST,
            "No status page has this name.",
        )

    def _answer(
        self, environ: WSGIEnvironment, start_response: StartResponse, route: Route
    ) -> Iterable[bytes]:
        if route.moved_to:
            found = addresses.file(route.path)
            is_data = found is not None and found[1].is_data
            extra = front_headers.OPEN if is_data else ()
            return self._move(environ, start_response, route, extra)
        if route.place.state is State.GONE:
            return self._gone(environ, start_response, route)
        is_written = route.place.state is State.PUBLISHED
        target = addresses.target(route.path, environ.get("QUERY_STRING", ""))
        if is_written and target:
            status, address = target
            return self._redirect(environ, start_response, status, f"{route.base}{address}")
        if found := addresses.file(route.path):
            name, kind = found
            if is_written or _SHARED.fullmatch(name):
                links = front_headers.links(route.base) if is_written and kind.is_html else []
                return self._file(environ, start_response, route.tree, name, kind, extra=links)
        if route.is_dynamic:
            return self._dynamic(route.environ(environ), start_response, route.tree)
        return self._missing(environ, start_response, route.tree)

    def _api(
        self, environ: WSGIEnvironment, start_response: StartResponse, route: Route
    ) -> Iterable[bytes]:
        """What programs ask for below /api/v2: scripts of any site may read it, and what is wrong."""
        if said := v2_front.said(route, environ["REQUEST_METHOD"]):
            return self._say(environ, start_response, said)
        if route.moved_to:
            return self._move(environ, start_response, route, v2_front.OPEN)
        found = addresses.file(route.path)
        if found is None:
            asked = route.environ(environ) | {"PATH_INFO": route.path.lower()}
            return self._dynamic(asked, start_response, route.tree)
        name, kind = found
        answer = self._find(environ, route.tree + name, kind)
        if answer is None:
            return self._say(environ, start_response, v2_front.NOT_YET)
        return self._send(environ, start_response, HTTPStatus.OK, answer, kind, [v2_front.TELLS])

    def _say(
        self, environ: WSGIEnvironment, start_response: StartResponse, said: v2_front.Said
    ) -> Iterable[bytes]:
        start_response(_line(said.status), [*self._policy.usual, *said.headers])
        return [] if environ["REQUEST_METHOD"] == "HEAD" or not said.body else [said.body]

    def _ask(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Whether the proxy may get a certificate for a name."""
        if self._certificates.is_allowed(environ):
            return self._plain(environ, start_response, HTTPStatus.OK, "yes")
        return self._plain(environ, start_response, HTTPStatus.NOT_FOUND, "no")

    def _move(
        self,
        environ: WSGIEnvironment,
        start_response: StartResponse,
        route: Route,
        extra: Sequence[tuple[str, str]] = (),
    ) -> Iterable[bytes]:
        """To the same path of the page's own host name, with a form that was sent, too."""
        # As a path the bytes are Latin-1 (PEP 3333).
        path = quote(route.path.encode("latin-1", "replace"), safe="/:@!$&'()*+,;=~")
        query = environ.get("QUERY_STRING", "")
        address = f"{route.moved_to}{path}{f'?{query}' if query else ''}"
        headers = [("Location", address), *extra]
        return self._plain(environ, start_response, HTTPStatus.TEMPORARY_REDIRECT, address, headers)

    def load(self) -> None:
        """Load the dynamic application now; callable from a thread while files are answered."""
        self._app_or_none()

    # ---- files ---------------------------------------------------------------------------------

    def _file(
        self,
        environ: WSGIEnvironment,
        start_response: StartResponse,
        tree: str,
        name: str,
        kind: addresses.Kind,
        *,
        extra: Headers | None = None,
    ) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            return self._plain(
                environ,
                start_response,
                HTTPStatus.METHOD_NOT_ALLOWED,
                "Only GET and HEAD are allowed here.",
                [("Allow", "GET, HEAD")],
            )
        folder = "" if _SHARED.fullmatch(name) else tree
        answer = self._find(environ, name, kind, folder)
        if answer is not None:
            return self._send(environ, start_response, HTTPStatus.OK, answer, kind, extra)
        if left_name := addresses.withdrawn(name):
            left = self._find(environ, left_name, addresses.ERROR_PAGE, tree)
            if left is not None:
                return self._send(
                    environ, start_response, HTTPStatus.GONE, left, addresses.ERROR_PAGE
                )
        return self._missing(environ, start_response, tree)

    def _missing(
        self, environ: WSGIEnvironment, start_response: StartResponse, tree: str
    ) -> Iterable[bytes]:
        """404 in the style of the page; before the page is there for the first time, 503."""
        missing = self._find(environ, "404.html", addresses.ERROR_PAGE, tree)
        if missing is not None:
            return self._send(
                environ, start_response, HTTPStatus.NOT_FOUND, missing, addresses.ERROR_PAGE
            )
        return self._plain(
            environ,
            start_response,
            HTTPStatus.SERVICE_UNAVAILABLE,
            "The status page is being prepared. Try again in a moment.",
            [("Retry-After", "1")],
        )

    def _gone(
        self, environ: WSGIEnvironment, start_response: StartResponse, route: Route
    ) -> Iterable[bytes]:
        """410 for every address of a page that was retired."""
        gone = self._find(environ, "gone.html", addresses.ERROR_PAGE, route.tree)
        if gone is not None:
            return self._send(environ, start_response, HTTPStatus.GONE, gone, addresses.ERROR_PAGE)
        return self._plain(
            environ, start_response, HTTPStatus.GONE, "This status page is no longer kept."
        )

    def _find(
        self, environ: WSGIEnvironment, name: str, kind: addresses.Kind, tree: str = ""
    ) -> Answer | None:
        """A file of a tree; once it is old, the file that stands for it then, if it has one."""
        aged_by = tree + kind.aged_by if kind.aged_by else ""
        if kind.when_stale and self._files.is_stale(aged_by or tree + name, now=self._clock()):
            name = kind.when_stale if self._files.is_there(tree + name) else name
        return self._files.find(
            tree + name,
            aged_by=aged_by,
            accept_encoding=environ.get("HTTP_ACCEPT_ENCODING", ""),
            theme=_theme(environ) if kind.is_html else "",
            is_operator=kind.has_operator_link and _is_operator(environ),
            now=self._clock() if kind.can_be_stale else None,
        )

    def _send(  # noqa: PLR0917 - WSGI's two, and the four parts of an answer
        self,
        environ: WSGIEnvironment,
        start_response: StartResponse,
        status: HTTPStatus,
        answer: Answer,
        kind: addresses.Kind,
        extra: Headers | None = None,
    ) -> Iterable[bytes]:
        headers: Headers = [
            ("ETag", answer.etag),
            ("Cache-Control", kind.cache_control),
            ("Vary", "Accept-Encoding, Cookie" if kind.is_html else "Accept-Encoding"),
            *self._policy.of(kind),
            *(extra or []),
        ]
        if kind.is_data:
            headers += front_headers.OPEN
        date = self._date(answer) if kind.is_dated else ""
        if date:
            headers.append(("Last-Modified", date))
        if status == HTTPStatus.OK and _is_known(environ, etag=answer.etag, date=date):
            start_response(_line(HTTPStatus.NOT_MODIFIED), headers)
            return []
        if answer.encoding != "identity":
            headers.append(("Content-Encoding", answer.encoding))
        headers += [
            ("Content-Type", kind.content_type),
            ("Content-Length", str(len(answer.body))),
        ]
        start_response(_line(status), headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [answer.body]

    def _date(self, answer: Answer) -> str:
        """When a file was written; nothing in the second after it, in which it may change again."""
        _, written_ns, _ = answer.signature
        written_s = written_ns // 1_000_000_000
        return formatdate(written_s, usegmt=True) if self._clock() - written_s >= 2 else ""

    def _redirect(
        self,
        environ: WSGIEnvironment,
        start_response: StartResponse,
        status: HTTPStatus,
        address: str,
    ) -> Iterable[bytes]:
        return self._plain(environ, start_response, status, address, [("Location", address)])

    def _plain(
        self,
        environ: WSGIEnvironment,
        start_response: StartResponse,
        status: HTTPStatus,
        text: str,
        extra: Headers | None = None,
    ) -> Iterable[bytes]:
        body = f"{text}\n".encode()
        headers: Headers = [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            *self._policy.usual,
            *(extra or []),
        ]
        start_response(_line(status), headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    # ---- everything else -----------------------------------------------------------------------

    def _dynamic(
        self, environ: WSGIEnvironment, start_response: StartResponse, tree: str = ""
    ) -> Iterable[bytes]:
        # What came while the application is loaded waits for it: these are reports, too.
        patience_s = _LOADING_S if self._app is None else None
        with self._bulkhead.place(patience_s=patience_s) as is_free:
            app = self._app_or_none() if is_free else None
            if app is not None:
                try:
                    return app(environ, start_response)
                except Exception:
                    logger.exception("The application failed on %s", environ.get("PATH_INFO"))
        answer = self._find(environ, "503.html", addresses.ERROR_PAGE, tree) or self._find(
            environ, "503.html", addresses.ERROR_PAGE
        )
        extra = [("Retry-After", "30")]
        if answer is None:
            return self._plain(
                environ,
                start_response,
                HTTPStatus.SERVICE_UNAVAILABLE,
                "Try again in a moment.",
                extra,
            )
        return self._send(
            environ,
            start_response,
            HTTPStatus.SERVICE_UNAVAILABLE,
            answer,
            addresses.ERROR_PAGE,
            extra,
        )

    def _app_or_none(self) -> WSGIApplication | None:
        """The dynamic application; while it cannot be loaded, one request in 5 s tries again."""
        with self._loading:
            if self._app is None and self._clock() - self._loaded_at >= _RETRY_LOADING_S:
                self._loaded_at = self._clock()
                try:
                    self._app = self._load_app()
                except Exception:
                    logger.exception("The application could not be loaded; public pages go on")
            return self._app


def _is_operator(environ: WSGIEnvironment) -> bool:
    return _OPERATOR.search(environ.get("HTTP_COOKIE", "")) is not None


def _theme(environ: WSGIEnvironment) -> str:
    match = _THEME.search(environ.get("HTTP_COOKIE", ""))
    return match[1] if match else ""


def _matches(header: str, etag: str) -> bool:
    """If-None-Match by weak comparison: proxies weaken tags (RFC 9110, 13.1.2)."""
    given = {tag.strip().removeprefix("W/") for tag in header.split(",")}
    return etag in given or "*" in given


def _is_known(environ: WSGIEnvironment, *, etag: str, date: str) -> bool:
    """Whether the client has this answer; a date counts only without a tag (RFC 9110, 13.1.3)."""
    if "HTTP_IF_NONE_MATCH" in environ:
        return _matches(environ["HTTP_IF_NONE_MATCH"], etag)
    return bool(date) and environ.get("HTTP_IF_MODIFIED_SINCE") == date


def _line(status: HTTPStatus) -> str:
    return f"{status.value} {status.phrase}"
