"""Web targets: asked once, redirects and all, and judged by status code and content.

Latency is the time from the start (name look-up) to the verdict: the headers of the last answer
or, when content is looked for, the end of its body or of its first 64 KB.
"""

import asyncio
import contextlib
import http as http_words
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, replace

import httpcore
import httpx

from probing import options, patterns, progress, resolving, streams, targets, tls
from probing.base import Guard, Kind, ProbeFailed, ProbeOutcome, Reason
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
        with _in_words():
            return await _ask(connector, target, http, notes)

    return await progress.conclude(work, deadline_s=deadline_s)


async def _ask(connector: "_Connector", target: Target, http: HttpOptions, notes: Progress) -> str:
    step = _Step(target=target, method=http.method, headers=http.headers)
    # Sites that set a cookie and redirect to see it come back would go round in circles.
    cookies = httpx.Cookies()
    for _ in range(http.max_redirects + 1):
        headers = httpx.Headers(_OWN_HEADERS)
        headers.update(step.headers)
        request = httpx.Request(step.method, step.target.url, headers=headers)
        cookies.set_cookie_header(request)
        response = await connector.send(request)
        try:
            notes.http_status = response.status_code
            following = _following(step, response) if http.follow_redirects else None
            if following is None:
                return await _judge(response, http, notes)
            cookies.extract_cookies(response)
        finally:
            await response.aclose()
        step = following
    raise ProbeFailed(
        Reason.TOO_MANY_REDIRECTS,
        f"Redirected more than {http.max_redirects} times, last to {step.target.host}.",
    )


def _following(step: _Step, response: httpx.Response) -> _Step | None:
    """The request a redirect asks for, or None when the answer is none."""
    location = response.headers.get("location")
    if response.status_code not in _REDIRECTS or not location:
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
        method=_next_method(step.method, response.status_code),
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


async def _judge(response: httpx.Response, http: HttpOptions, notes: Progress) -> str:
    status = response.status_code
    if not http.status_min <= status < http.status_below:
        raise ProbeFailed(
            Reason.STATUS_UNEXPECTED,
            f"Answered {_named(status)}; {http.status_min} to {http.status_below - 1} is healthy.",
        )
    if http.needs_body:
        # Not every server heeds "identity"; what it packed is searched as it came.
        encoding = response.headers.get("content-encoding", "identity")
        body = b"".join([chunk async for chunk in response.aiter_raw()])
        await _check_body(_utf8(body, response.charset_encoding), http, encoding)
    notes.decide()
    return f"Answered {_named(status)}."


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


@contextlib.contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except httpcore.RemoteProtocolError as error:
        raise ProbeFailed(Reason.PROTOCOL_ERROR, _protocol_words(error)) from error
    except httpcore.LocalProtocolError as error:
        raise ProbeFailed(
            Reason.CONFIGURATION_INVALID, f"The request cannot be sent: {error}."
        ) from error


def _protocol_words(error: httpcore.RemoteProtocolError) -> str:
    text = str(error)
    if "without sending a response" in text:
        return "The server hung up without a complete answer."
    if "without sending complete message body" in text:
        return "The server hung up in the middle of its answer."
    if "too large" in text or "too long" in text:
        return "The headers of the answer are too large."
    return f"The answer is not proper HTTP ({text})."


class _Connector:
    """Sends each request over a fresh, guarded connection.

    httpx's own client is not used: it would take proxies from the environment, keep connections
    and read redirects even when told not to follow them.
    """

    def __init__(self, dialler: Dialler, *, verify_tls: bool, notes: Progress) -> None:
        self._dialler = dialler
        self._verify_tls = verify_tls
        self._notes = notes

    async def send(self, request: httpx.Request) -> httpx.Response:
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        stream = await self._open(url)
        connection = httpcore.AsyncHTTP11Connection(origin=url.origin, stream=stream)
        try:
            answer = await connection.handle_async_request(
                httpcore.Request(
                    method=request.method,
                    url=url,
                    headers=request.headers.raw,
                    content=request.stream,
                )
            )
        except BaseException:
            await connection.aclose()
            raise
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=_Body(connection, answer),
            request=request,
        )

    async def _open(self, url: httpcore.URL) -> streams.PlainStream:
        host, port = url.origin.host.decode("ascii"), url.origin.port
        connected = await self._dialler.connect(host, port)
        where = f"{targets.bracketed(host)}:{port}"
        if url.scheme != b"https":
            return streams.PlainStream(connected, where=where, progress=self._notes)
        context = tls.verifying_context() if self._verify_tls else tls.trusting_context()
        stream = streams.TlsStream(
            connected, where=where, progress=self._notes, context=context, server_name=host
        )
        try:
            await stream.handshake()
        except BaseException:
            await stream.aclose()
            raise
        return stream


class _Body(httpx.AsyncByteStream):
    """The body as sent, up to the limit; closing it closes the connection."""

    def __init__(self, connection: httpcore.AsyncHTTP11Connection, answer: httpcore.Response):
        self._connection = connection
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = BODY_LIMIT
        async for chunk in self._answer.aiter_stream():
            yield chunk[:left]
            left -= len(chunk)
            if left <= 0:
                return

    async def aclose(self) -> None:
        await self._answer.aclose()
        await self._connection.aclose()
