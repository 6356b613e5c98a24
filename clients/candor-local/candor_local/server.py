"""The status page as the daemon sees it: fetch the map, send a result.

Redirects are not followed: a report replayed as a GET would look accepted and was not.
"""

import asyncio
import math
import time
from email.utils import parsedate_to_datetime
from urllib.parse import quote

import httpx

from candor_local import VERSION
from candor_local.unsent import Result
from probing import tls

_TIMEOUT_S = 20.0
_MAP_LIMIT = 8 * 1024 * 1024


class NotTaken(Exception):
    """The page did not take or give it. `cause` is the same text for the same trouble.

    `is_final` is true when trying the same again is no use, `is_of_node` when it may concern one node
    only (too many reports, too many replicas); `retry_after_s` is the page's wish.
    """

    def __init__(
        self,
        cause: str,
        *,
        is_final: bool = False,
        is_of_node: bool = False,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(cause)
        self.cause = cause
        self.is_final = is_final
        self.is_of_node = is_of_node
        self.retry_after_s = retry_after_s


class Server:
    """One status page; use it as an async context manager."""

    def __init__(self, *, url: str, token: str, location: str = "") -> None:
        self._url = url
        agent = f"candor-local/{VERSION}"
        place = quote(location, safe=" ")
        self._client = httpx.AsyncClient(
            auth=httpx.BasicAuth("", token),
            headers={
                "User-Agent": f"{agent} ({place})" if place else agent,
                "Accept-Encoding": "identity",
            },
            # One deadline a request on top of these: see _ask.
            timeout=_TIMEOUT_S,
            verify=tls.verifying_context(),
            follow_redirects=False,
            trust_env=False,
        )

    async def __aenter__(self) -> "Server":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def fetch_map(self, *, since: int | None) -> bytes | None:
        """The map document, or None when it is still the one of `since`. Raises NotTaken."""
        params = {} if since is None else {"since": str(since)}
        request = self._client.build_request("GET", f"{self._url}/v1/probes/local", params=params)
        response, body = await _ask(self._client, request)
        if response.status_code == 304 and since is not None:
            return None
        if response.status_code != 200:
            raise _refusal(response)
        if not response.headers.get("content-type", "").startswith("application/json"):
            raise NotTaken("the answer is no map: is this the address of the status page?")
        return body

    async def report(self, result: Result) -> None:
        """Send one result. Raises NotTaken."""
        path = f"/v1/report/{quote(result.service, safe='')}/{quote(result.node, safe='')}/"
        body = {
            "replica_id": result.replica,
            "health": result.health.value,
            "interval": math.ceil(result.interval_s),
        }
        request = self._client.build_request("POST", self._url + path, json=body)
        response, _ = await _ask(self._client, request)
        if not response.is_success:
            raise _refusal(response)


async def _ask(client: httpx.AsyncClient, request: httpx.Request) -> tuple[httpx.Response, bytes]:
    """The answer and its body, with one deadline over all. Raises NotTaken."""
    body = b""
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            response = await client.send(request, stream=True)
            try:
                async for part in response.aiter_raw():
                    body += part
                    if len(body) > _MAP_LIMIT:
                        raise NotTaken("the answer is longer than 8 MB")
            finally:
                await response.aclose()
    except TimeoutError:
        raise NotTaken("no answer in time") from None
    except httpx.HTTPError as error:
        raise NotTaken(f"no connection ({error or type(error).__name__})") from error
    return response, body


def _refusal(response: httpx.Response) -> NotTaken:
    status = response.status_code
    retry_after_s = _seconds(response.headers.get("retry-after", ""))
    match status:
        case 401 | 403:
            cause = f"the token is not accepted ({status})"
        case 404:
            cause = "the page does not know it (404)"
        case 412:
            cause = "the node is not in local mode (412)"
        case _ if 300 <= status < 400:
            cause = f"the page redirects ({status}): use the address that it redirects to"
        case _:
            cause = f"the page answered {status}"
    return NotTaken(
        cause,
        is_final=status in {400, 404, 412, 413},
        is_of_node=status in {429, 503},
        retry_after_s=retry_after_s,
    )


def _seconds(raw: str) -> float | None:
    """What Retry-After asks for: a number of seconds or a date (RFC 9110, 10.2.3)."""
    if raw.isascii() and raw.isdigit():
        return float(raw[:9])
    try:
        return max(0.0, parsedate_to_datetime(raw).timestamp() - time.time())
    except (TypeError, ValueError, IndexError):
        return None
