"""Which page a request means, and as which path of it: by host name, by /s/<slug>. Without Django.

Used by the front only. Names are compared as a whole; what is not known leads nowhere.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from wsgiref.types import WSGIEnvironment

from common import host_names
from public_pages.hosts import MAIN, HostFile, Place, State

_BELOW = re.compile(r"/s/([a-z0-9-]{1,40})(/.*)?", re.DOTALL)
# What Django answers for visitors of a page that is not the main host's. All else is the console,
# invitations and the hooks of providers, which only the main host has, and other pages.
_OF_VISITORS = re.compile(
    r"/(?:(?:subscribe|subscriptions|preferences|push-worker\.js|static|oembed)(?:/.*)?"
    r"|(?i:api/v2/subscribers\.json))",
    re.DOTALL,
)
# Mail programs post here by themselves and follow no redirect (RFC 8058): old links stay where they are.
_STAYS = re.compile(r"/subscriptions/leave/[^/]*")
_OF_MAIN_HOST = re.compile(
    r"/+(?:admin|setup|join|manager|hooks|readyz|metrics|v1|api/manage|p|s)(?:/.*)?", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Route:
    """A page, the path of it that is asked for, and the path that the page begins with itself.

    `moved_to` is the origin of the page's own host name where a path of the main host was asked.
    """

    place: Place
    path: str
    base: str = ""
    moved_to: str = ""
    is_main_host: bool = False

    @property
    def tree(self) -> str:
        """The folder of its files; a customer page has none, and the error pages of the main page."""
        return "" if self.place.state is State.DYNAMIC else self.place.tree

    @property
    def is_dynamic(self) -> bool:
        """Whether Django may be asked for this path of this page."""
        if self.is_main_host:
            return not self.base or _OF_VISITORS.fullmatch(self.path) is not None
        if self.place.state is State.DYNAMIC:
            return _OF_MAIN_HOST.fullmatch(self.path) is None
        return _OF_VISITORS.fullmatch(self.path) is not None

    def environ(self, environ: WSGIEnvironment) -> WSGIEnvironment:
        """The environment of a request for Django, which learns here what page it is."""
        return environ | {
            host_names.PAGE_KEY: self.place.page_id,
            "SCRIPT_NAME": environ.get("SCRIPT_NAME", "") + self.base,
            "PATH_INFO": self.path,
        }


class Routes:
    """The routes of one installation.

    Args:
        hosts: the main host's names; None for any, which leaves the other pages their paths alone.
        file: the names of all other pages.
    """

    def __init__(self, hosts: Iterable[str] | None, file: HostFile) -> None:
        self._main = None if hosts is None else frozenset(host.lower() for host in hosts)
        self._file = file

    def find(self, environ: WSGIEnvironment, path: str) -> Route | None:
        """Return the route of a request, or None for a host name that is not ours."""
        host = host_names.of_header(environ.get("HTTP_HOST", ""))
        if self._main is None or host in self._main:
            return self._of_main_host(path)
        place = self._file.read().hosts.get(host) if host else None
        return self._of_own_host(place, path) if place else None

    def _of_own_host(self, place: Place, path: str) -> Route:
        """Where a page is a path of the main host too, its links begin with that path everywhere."""
        if match := _BELOW.fullmatch(path):
            same = self._file.read().slugs.get(match[1])
            if same is not None and same.page_id == place.page_id:
                return Route(place, match[2] or "/", base=f"/s/{match[1]}")
        return Route(place, path)

    def _of_main_host(self, path: str) -> Route:
        if match := _BELOW.fullmatch(path):
            slug, rest = match[1], match[2] or "/"
            if place := self._file.read().slugs.get(slug):
                is_moved = place.state is State.PUBLISHED and not _STAYS.fullmatch(rest)
                return Route(
                    place,
                    rest,
                    base=f"/s/{slug}",
                    moved_to=place.origin if is_moved else "",
                    is_main_host=True,
                )
        return Route(MAIN, path, is_main_host=True)
