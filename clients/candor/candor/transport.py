"""Requests to the API: the token, patience, and a key that makes repeats harmless."""

import random
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import httpx

from candor import errors
from candor.errors import Unreachable

BASE = "/api/manage/v1"
TRIES = 4
# A wait longer than this is the caller's to decide.
LONGEST_WAIT_S = 60.0
_WORTH_ANOTHER = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
# What may be sent twice without being done twice. A POST that creates carries a key instead.
_REPEATABLE = frozenset({"GET", "PUT", "DELETE", "PATCH"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the JSON body (None for none), and the entity tag to send with a change."""

    body: Any
    etag: str


class Transport:
    """One connection pool to one page.

    Args:
        url: the page's origin, like "https://status.example.com".
        token: an access token, "can_…".
        timeout_s: seconds that one try may take.
        wait: sleeps, in seconds; tests pass their own.
        transport: another way to send, for tests and special networks.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        timeout_s: float = 15.0,
        wait: Callable[[float], None] = time.sleep,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._wait = wait
        self._client = httpx.Client(
            base_url=url.rstrip("/") + BASE,
            headers={"Authorization": f"Bearer {token}", "User-Agent": "candor-client/0.1"},
            timeout=timeout_s,
            transport=transport,
        )

    def close(self) -> None:
        self._client.close()

    def ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: object = None,
        etag: str = "",
        creates: bool = False,
    ) -> Answer:
        """Send a request and return its answer; tries again where that can do no harm.

        A request that `creates` gets a key, so that a second try of it creates nothing again.

        Raises ProblemError (by its kind) and Unreachable.
        """
        headers = {}
        if etag:
            headers["If-Match"] = etag
        if creates:
            headers["Idempotency-Key"] = str(uuid.uuid4())
        # With an If-Match the second try of a change that was done would be refused as outdated.
        may_repeat = creates or (method in _REPEATABLE and not etag)
        request = self._client.build_request(
            method,
            path,
            params={name: value for name, value in (params or {}).items() if value is not None},
            json=body,
            headers=headers,
        )
        return self._sent(request, may_repeat=may_repeat)

    def _sent(self, request: httpx.Request, *, may_repeat: bool) -> Answer:
        for left in reversed(range(TRIES)):
            try:
                response = self._client.send(request)
            except httpx.ConnectError as error:
                # Nothing was sent: another try is harmless, whatever was asked.
                self._again(left, f"The server cannot be reached: {error}.", error)
            except httpx.TransportError as error:
                told = f"No answer came: {error or type(error).__name__}."
                self._again(left if may_repeat else 0, told, error)
            else:
                is_refused = response.status_code == HTTPStatus.TOO_MANY_REQUESTS
                is_worth = response.status_code in _WORTH_ANOTHER and (may_repeat or is_refused)
                pause = _pause(response, TRIES - left)
                if not (is_worth and left and pause <= LONGEST_WAIT_S):
                    return _answer(response)
                self._wait(pause)
        raise Unreachable("No answer came.")

    def _again(self, left: int, told: str, error: Exception) -> None:
        if not left:
            raise Unreachable(told) from error
        self._wait(_backoff(TRIES - left))


def _answer(response: httpx.Response) -> Answer:
    if response.is_success:
        try:
            body = response.json() if response.content else None
        except ValueError:
            raise Unreachable("This is no Candor page, or not its management API.") from None
        return Answer(body, response.headers.get("ETag", ""))
    try:
        told = response.json()
    except ValueError:
        told = None
    raise errors.of(response.status_code, told)


def _pause(response: httpx.Response, tries: int) -> float:
    """Seconds to wait, as the server said or longer with each try."""
    said = response.headers.get("Retry-After", "")
    return float(said) if said.isascii() and said.isdigit() else _backoff(tries)


def _backoff(tries: int) -> float:
    return 0.2 * 2.0**tries * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, no secret
