"""The proxy's question before it gets a certificate: is this name served here? Without Django.

Caddy asks `/.well-known/candor/ask?domain=…` before each new name (on-demand TLS). The answer comes
from the published list of names in memory: no database, no DNS, no network (reliability 1.1, A9).
Strangers choose the names that are asked for, so refusals are counted and told once an hour.
"""

import logging
import threading
from collections.abc import Callable, Iterable
from urllib.parse import parse_qs
from wsgiref.types import WSGIEnvironment

from common import host_names
from public_pages.hosts import HostFile

logger = logging.getLogger(__name__)

ASK = "/.well-known/candor/ask"
_QUERY_LIMIT = 1000
_TOLD_EVERY_S = 3600.0


class Certificates:
    """Says for which names there may be a certificate.

    Args:
        hosts: the main host's names; those that are numbers or single labels get none.
        file: the names of all pages.
        clock: the time in seconds.
    """

    def __init__(
        self, hosts: Iterable[str] | None, file: HostFile, clock: Callable[[], float]
    ) -> None:
        self._main = frozenset(host for host in hosts or () if _can_be_certified(host))
        self._file = file
        self._clock = clock
        self._lock = threading.Lock()
        self._refused = 0
        self._told_at = clock()

    def is_allowed(self, environ: WSGIEnvironment) -> bool:
        """Whether the name in a question may have a certificate.

        A question that came through a proxy is a visitor's and gets no: nobody outside may find out
        here which names customers have.
        """
        if "HTTP_X_FORWARDED_FOR" in environ or "HTTP_FORWARDED" in environ:
            return False
        asked = parse_qs(environ.get("QUERY_STRING", "")[:_QUERY_LIMIT]).get("domain", [])
        name = host_names.strict(asked[0]) if len(asked) == 1 else ""
        is_ours = bool(name) and (name in self._main or name in self._file.read().hosts)
        if not is_ours:
            self._count()
        return is_ours

    def _count(self) -> None:
        with self._lock:
            self._refused += 1
            if self._clock() - self._told_at < _TOLD_EVERY_S:
                return
            refused, self._refused, self._told_at = self._refused, 0, self._clock()
        logger.info("Certificates were asked for names that are not served: %d times", refused)


def _can_be_certified(host: str) -> bool:
    _, dot, last = host.rpartition(".")
    return bool(dot) and not last.isdigit() and host_names.strict(host) == host
