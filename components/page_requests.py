"""Which page a request is for. The one way to find out, for every dynamic view of visitors.

    page = page_requests.page_of(request)

In the product the front has found the page by the Host header, or by the path /s/<slug>, which it
takes off the path and hands on as SCRIPT_NAME, so that `reverse` and `request.path` keep it; it says
the page's id in the WSGI environment (`host_names.PAGE_KEY`, which no header can set). Without the
front (Django's test client) the page is found by the Host header; a test asks below a page with
`client.get("/subscribe", SCRIPT_NAME="/s/eu", **{host_names.PAGE_KEY: page.pk})`.
"""

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.http import Http404, HttpRequest

from common import host_names
from components import catalogue
from components.models import Page, PageHost, PageKind
from components.models.pages import MAIN_ID


def page_of(request: HttpRequest) -> Page:
    """Return the page whose host name or path was asked for: a live one, of any kind.

    A customer page comes back for its own host name alone (its path /p/<address> belongs to the
    main page's host): who may see it is not decided here.

    Raises:
        Http404: the page was retired or removed, or the name belongs to no page.
    """
    page_id = request.META.get(host_names.PAGE_KEY)
    host = host_names.of_header(request.get_host())
    if page_id is None:
        page = _of_host(host)
    elif page_id == MAIN_ID:
        page = catalogue.page()
    else:
        page = _named_by_front(page_id, host)
    if page is None:
        raise Http404
    return page


def is_main_host(request: HttpRequest) -> bool:
    """Whether the installation's own host was asked for, and no page below it: it has the console."""
    is_main = request.META.get(host_names.PAGE_KEY, MAIN_ID) == MAIN_ID
    return is_main and host_names.of_header(request.get_host()) in settings.MAIN_HOSTS


def _named_by_front(page_id: int, host: str) -> Page | None:
    """The page that the front says, in one statement.

    Its map is as old as the last publishing: a name that a customer page has given back, or that was
    switched off since, is no longer that page's (reliability G4).
    """
    own = PageHost.objects.active().filter(page=OuterRef("pk"), name=host)
    not_secret = ~Q(kind=PageKind.CUSTOMER)
    return Page.objects.live().filter(not_secret | Exists(own), pk=page_id).first()


def _of_host(host: str) -> Page | None:
    if host in settings.MAIN_HOSTS:
        return catalogue.page()
    own = PageHost.objects.active().filter(name=host).select_related("page").first()
    if own is not None:
        return own.page
    slug, _, domain = host.partition(".")
    if settings.CANDOR_SERVICE_DOMAIN and domain == settings.CANDOR_SERVICE_DOMAIN:
        return Page.objects.published().filter(slug=slug).first()
    return None
