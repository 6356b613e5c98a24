"""Lead requests under a customer page's own host name to the page, whose addresses begin at the root."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from components import page_requests

_URLS = "customer_pages.host_urls"
# What all hosts share: neither says anything of a page.
_SHARED = ("/preferences", "/push-worker.js")


class CustomerHostMiddleware:
    """Choose the addresses by the host, before any view is.

    The installation's own host, which almost every request asks for, costs no query.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_main = page_requests.is_main_host(request) or request.path_info in _SHARED
        if not is_main and page_requests.page_of(request).is_customer:
            request.urlconf = _URLS
        return self.get_response(request)
