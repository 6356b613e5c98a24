"""One request to the status page: what is sent, and what its answer means.

On http.client and not urllib: a redirect must not be followed, because a report replayed as a GET
would look like a success (and would hand the token to another host).
"""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import time
from email.utils import parsedate_to_datetime
from urllib.parse import quote, urlsplit


class NotReported(Exception):
    """The page did not take the request. `cause` is the same text for the same trouble."""

    def __init__(self, cause: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(cause)
        self.cause = cause
        self.retry_after_s = retry_after_s


class Wire:
    """Where reports of one replica go. Raises ValueError when the address is not usable."""

    def __init__(
        self,
        *,
        url: str,
        token: str,
        service: str,
        node: str,
        ca_file: str | None,
        timeout_s: float,
    ) -> None:
        parts = urlsplit(url.strip())
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("the address of the status page must begin with https:// or http://")
        if not token or not service or not node:
            raise ValueError("token, service and node must not be empty")
        self._host, self._port = parts.hostname, parts.port
        self._timeout_s = timeout_s
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        if self._tls and ca_file:
            self._tls.load_verify_locations(ca_file)
            # On from Python 3.13: refuses private authorities that every browser accepts.
            self._tls.verify_flags &= ~ssl.VERIFY_X509_STRICT
        base = parts.path.rstrip("/")
        self._path = f"{base}/reporter/{quote(service, safe='')}/{quote(node, safe='')}/"
        secret = base64.b64encode(f":{token}".encode()).decode("ascii")
        self._headers = {
            "Authorization": f"Basic {secret}",
            "User-Agent": "candor-reporter/0.1",
            "Connection": "close",
        }

    def report(self, *, replica: str, interval_s: int, cpu: float, ram: float) -> None:
        """Tell the load of the replica. Raises NotReported."""
        body = {"replica": replica, "interval": interval_s, "load": {"cpu": cpu, "ram": ram}}
        self._send("POST", self._path, json.dumps(body).encode())

    def flush(self, *, replica: str) -> None:
        """Say that the replica is gone for good. Raises NotReported."""
        self._send("DELETE", f"{self._path}{quote(replica, safe='')}/", b"")

    def _send(self, method: str, path: str, body: bytes) -> None:
        connection = self._connection()
        headers = {**self._headers, "Content-Type": "application/json"} if body else self._headers
        try:
            connection.request(method, path, body=body or None, headers=headers)
            with connection.getresponse() as answer:
                if answer.status != 200:
                    raise NotReported(
                        f"the status page answered {answer.status} {answer.reason}".strip(),
                        retry_after_s=_seconds(answer.getheader("Retry-After")),
                    )
        except (OSError, http.client.HTTPException) as error:
            raise NotReported(f"{type(error).__name__}: {error}".rstrip(": ")) from error
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        if self._tls is None:
            return http.client.HTTPConnection(self._host, self._port, timeout=self._timeout_s)
        return http.client.HTTPSConnection(
            self._host, self._port, timeout=self._timeout_s, context=self._tls
        )


def _seconds(header: str | None) -> float | None:
    """What Retry-After asks for: a number of seconds or a date (RFC 9110, 10.2.3)."""
    raw = (header or "").strip()
    if raw.isascii() and raw.isdigit():
        return float(raw[:9])
    try:
        return max(0.0, parsedate_to_datetime(raw).timestamp() - time.time())
    except (TypeError, ValueError, IndexError):
        return None
