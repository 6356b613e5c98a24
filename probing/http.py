"""Web targets: asked once, redirects and all, and judged by status code and content.

Latency is the time from the start (name look-up) to the verdict: the headers of the last answer
or, when content is looked for, the end of its body or of its first 64 KB.
"""

import asyncio
import contextlib
import http as http_words
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from email.message import Message

import httpx

from probing import exchange, options, patterns, progress, resolving, streams, targets, tls
from probing.base import Guard, Kind, ProbeFailed, ProbeOutcome, Reason
from probing.exchange import Answer
from probing.network import Dialler
from probing.options import HttpOptions
from probing.progress import Progress
from probing.resolving import Resolver
from probing.targets import Target

BODY_LIMIT = 64 * 1024
# Sign-on services put far more into a redirect than a person types into a form.
_REDIRECT_LIMIT = 16_000
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OWN_HEADERS = {
    "User-Agent": "Candor-Monitor/1.0",
    "Accept": "*/*",
    # Nothing is ever unpacked here, so nothing packed is asked for (0.5 MB can unpack to 1 GB).
    "Accept-Encoding": "identity",
    "Connection": "close",
}
# A path and query that need no rewriting; dots may mean "the folder above".
_PLAIN_PATH = re.compile(r"/(?!\.)(?:[A-Za-z0-9_~!$&'()*+,;=:@.?-]|/(?!\.)|%[0-9A-F]{2})*\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """One request on the way: redirects make further ones."""

    target: Target
    method: str
    headers: Mapping[str, str]


async def probe(
    target: Target,
    *,
    http: HttpOptions,
    deadline_s: float,
    guard: Guard,
    resolver: Resolver = resolving.SYSTEM,
) -> ProbeOutcome:
    """Ask a web target and judge its answer, within `deadline_s` in all. Never raises.

    Redirects: at most `http.max_redirects`, each over a connection that passes the guard; the
    headers of `http` stay with the target's own host.
    """

    async def work(notes: Progress) -> str:
        if wrong := options.problems(http):
            raise ProbeFailed(Reason.CONFIGURATION_INVALID, wrong[0][1])
        dialler = Dialler(guard=guard, resolver=resolver, progress=notes, deadline_s=deadline_s)
        connector = _Connector(dialler, verify_tls=http.verify_tls, notes=notes)
        return await _ask(connector, target, http, notes)

    return await progress.conclude(work, deadline_s=deadline_s)


async def _ask(connector: "_Connector", target: Target, http: HttpOptions, notes: Progress) -> str:
    step = _Step(target=target, method=http.method, headers=http.headers)
    # Sites that set a cookie and redirect to see it come back would go round in circles.
    cookies = _Cookies()
    for _ in range(http.max_redirects + 1):
        stream = await connector.open(step.target)
        try:
            answer = await _exchange(stream, step, cookies)
            notes.http_status = answer.status
            following = _following(step, answer) if http.follow_redirects else None
            if following is None:
                return await _judge(answer, http, notes)
            cookies.keep(step, answer)
        finally:
            stream.close()
        step = following
    raise ProbeFailed(
        Reason.TOO_MANY_REDIRECTS,
        f"Redirected more than {http.max_redirects} times, last to {step.target.host}.",
    )


async def _exchange(stream: streams.PlainStream, step: _Step, cookies: "_Cookies") -> Answer:
    port = "" if step.target.has_default_port else f":{step.target.port}"
    request = exchange.request(
        step.method,
        _path(step.target),
        host=targets.bracketed(step.target.host) + port,
        headers=cookies.added_to(step, _headers(step.headers)),
    )
    # A server may refuse a request half-way; what it says then is the answer.
    with contextlib.suppress(streams.WriteFailed):
        await stream.write(request)
    return await exchange.answer(stream, method=step.method)


def _headers(own: Mapping[str, str]) -> Mapping[str, str]:
    """What a person set, and ours where they did not."""
    if not own:
        return _OWN_HEADERS
    named = {name.lower() for name in own}
    ours = {name: value for name, value in _OWN_HEADERS.items() if name.lower() not in named}
    return ours | dict(own)


def _path(target: Target) -> str:
    """Path and query as they are sent."""
    path = target.url[target.url.find("/", len("https://")) :]
    return path if _PLAIN_PATH.match(path) else httpx.URL(target.url).raw_path.decode("ascii")


def _following(step: _Step, answer: Answer) -> _Step | None:
    """The request a redirect asks for, or None when the answer is none."""
    location = answer.first(b"location") if answer.status in _REDIRECTS else None
    if not location:
        return None
    try:
        url = httpx.URL(step.target.url).join(location)
        target = targets.parse_target(str(url), limit=_REDIRECT_LIMIT)
    except (targets.TargetInvalid, httpx.InvalidURL, ValueError) as error:
        raise ProbeFailed(
            Reason.PROTOCOL_ERROR, f"The redirect cannot be followed: {error}"
        ) from error
    if target.kind is not Kind.HTTP:
        raise ProbeFailed(Reason.PROTOCOL_ERROR, "The redirect leads away from the web.")
    keeps_headers = _is_same_place(step.target, target)
    return replace(
        step,
        target=target,
        method=_next_method(step.method, answer.status),
        headers=step.headers if keeps_headers else {},
    )


def _next_method(method: str, status: int) -> str:
    """What browsers do (WHATWG fetch, HTTP-redirect fetch)."""
    if status == 303 and method != "HEAD":
        return "GET"
    if status in {301, 302} and method == "POST":
        return "GET"
    return method


def _is_same_place(before: Target, after: Target) -> bool:
    """Whether secrets meant for `before` may go to `after`: the same server, or its TLS side."""
    if before.host != after.host:
        return False
    is_upgrade = (before.port, after.port) == (80, 443) and after.is_tls
    return is_upgrade or (before.port, before.is_tls) == (after.port, after.is_tls)


async def _judge(answer: Answer, http: HttpOptions, notes: Progress) -> str:
    status = answer.status
    if not http.status_min <= status < http.status_below:
        raise ProbeFailed(
            Reason.STATUS_UNEXPECTED,
            f"Answered {_named(status)}; {http.status_min} to {http.status_below - 1} is healthy.",
        )
    if http.needs_body:
        # Not every server heeds "identity"; what it packed is searched as it came.
        encoding = answer.field(b"content-encoding") or "identity"
        body = await answer.body(BODY_LIMIT)
        await _check_body(_utf8(body, _charset(answer)), http, encoding)
    notes.decide()
    return f"Answered {_named(status)}."


def _charset(answer: Answer) -> str | None:
    header = Message()
    header["content-type"] = answer.field(b"content-type") or ""
    return header.get_content_charset()


async def _check_body(body: bytes, http: HttpOptions, encoding: str) -> None:
    looked_at = "the first 64 KB of the answer" if len(body) >= BODY_LIMIT else "the answer"
    hint = "" if encoding == "identity" else f" (it is packed: {encoding[:20]})"
    if http.body_contains and http.body_contains.encode() not in body:
        raise ProbeFailed(Reason.BODY_MISMATCH, f"The expected text is not in {looked_at}{hint}.")
    if http.body_regex and not await asyncio.to_thread(patterns.found, http.body_regex, body):
        raise ProbeFailed(Reason.BODY_MISMATCH, f"The pattern does not match {looked_at}{hint}.")


def _utf8(body: bytes, charset: str | None) -> bytes:
    """The body in UTF-8, whatever it declares. Unknown and lying charsets leave it as it is."""
    if charset is None or charset.lower() in {"utf-8", "utf8", "us-ascii", "ascii"}:
        return body
    try:
        return body.decode(charset, "replace").encode()
    except (LookupError, ValueError):
        return body


def _named(status: int) -> str:
    """The code with its standard name; never the server's own words, which may be anything."""
    try:
        return f"{status} {http_words.HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


class _Cookies:
    """Cookies set on the way. Most ways are a single step, so the jar is made when one is set."""

    def __init__(self) -> None:
        self._jar: httpx.Cookies | None = None

    def keep(self, step: _Step, answer: Answer) -> None:
        if answer.field(b"set-cookie") is None:
            return
        self._jar = self._jar or httpx.Cookies()
        asked = httpx.Request(step.method, step.target.url)
        self._jar.extract_cookies(
            httpx.Response(answer.status, headers=list(answer.fields), request=asked)
        )

    def added_to(self, step: _Step, headers: Mapping[str, str]) -> Mapping[str, str]:
        if self._jar is None or any(name.lower() == "cookie" for name in headers):
            return headers
        asking = httpx.Request(step.method, step.target.url)
        self._jar.set_cookie_header(asking)
        cookie = asking.headers.get("cookie")
        return {**headers, "Cookie": cookie} if cookie else headers


class _Connector:
    """Opens a fresh, guarded connection for every request.

    httpx's own client is not used: it would take proxies from the environment, keep connections
    and read redirects even when told not to follow them.
    """

    def __init__(self, dialler: Dialler, *, verify_tls: bool, notes: Progress) -> None:
        self._dialler = dialler
        self._verify_tls = verify_tls
        self._notes = notes

    async def open(self, target: Target) -> streams.PlainStream:
        """A stream to the target's host, through TLS when it asks for that. Raises ProbeFailed."""
        connected = await self._dialler.connect(target.host, target.port or 0)
        where = f"{targets.bracketed(target.host)}:{target.port}"
        if not target.is_tls:
            return streams.PlainStream(connected, where=where, progress=self._notes)
        context = tls.verifying_context() if self._verify_tls else tls.trusting_context()
        stream = streams.TlsStream(
            connected, where=where, progress=self._notes, context=context, server_name=target.host
        )
        try:
            await stream.handshake()
        except BaseException:
            stream.close()
            raise
        return stream
