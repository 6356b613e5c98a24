"""Where a page is: its origin and the path it begins with.

Absolute links are made from here, never from a request (reliability A1). A page answers under its
default address always (T5); links use the host name of its own that is primary, where it has one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from components.models import Page, PageHost


@dataclass(frozen=True, slots=True)
class PageAddress:
    """`origin` like https://status.example.com, `base` the path below it: empty, /s/eu or /p/<address>."""

    origin: str
    base: str = ""

    @property
    def home(self) -> str:
        """The address of the page itself."""
        return f"{self.origin}{self.base}/"

    @property
    def host(self) -> str:
        """The host name without its port."""
        return urlsplit(self.origin).hostname or "localhost"

    def url(self, path: str) -> str:
        """The absolute address of a path of the page, which begins with a slash."""
        return f"{self.origin}{self.base}{path}"


def default(page: Page) -> PageAddress:
    """Where a page is without any name of its own.

    A sub-page has a host name below CANDOR_SERVICE_DOMAIN; without that setting it is a path of the
    main host, which needs no record in any zone. A customer page is always a path.
    """
    if page.is_main:
        return PageAddress(settings.CANDOR_ORIGIN)
    if page.is_customer:
        return PageAddress(settings.CANDOR_ORIGIN, f"/p/{page.address}")
    if host := default_host(page):
        return PageAddress(with_host(host))
    return PageAddress(settings.CANDOR_ORIGIN, f"/s/{page.slug}")


def default_host(page: Page) -> str:
    """The host name that a public page has below the service domain (A2); empty without one."""
    domain: str = settings.CANDOR_SERVICE_DOMAIN
    return f"{page.slug}.{domain}" if domain and not page.is_customer else ""


def canonical(page: Page) -> PageAddress:
    """Where links to a page lead."""
    return canonical_by([page])[page.pk]


def canonical_by(pages: Iterable[Page]) -> Mapping[int, PageAddress]:
    """Where links to each of some pages lead, by the page's id, in one statement."""
    primary = PageHost.objects.active().filter(is_primary=True).order_by("-verified_at", "-id")
    names = dict(primary.values_list("page_id", "name"))  # the one verified first wins
    return {
        page.pk: PageAddress(with_host(names[page.pk])) if page.pk in names else default(page)
        for page in pages
    }


def with_host(name: str) -> str:
    """The origin of a host name, with the scheme and the port that this installation is reached by."""
    parts = urlsplit(settings.CANDOR_ORIGIN)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{name}{port}"
