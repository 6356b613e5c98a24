"""The cookie by which the public page knows an operator's browser: it shows a link, and grants nothing.

Public pages are files and know nobody; the front wakes "Post an update" for this cookie (I12,
public_pages.published).
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

COOKIE = "operator"
_CONSOLE = "/admin/"


class OperatorMarkMiddleware:
    """Give the cookie to whoever is signed in at the console, and take it from whoever is not."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not request.path.startswith(_CONSOLE):
            return response
        is_operator, is_marked = request.user.is_staff, COOKIE in request.COOKIES
        if is_operator and not is_marked:
            response.set_cookie(
                COOKIE,
                "1",
                max_age=settings.SESSION_COOKIE_AGE,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        elif is_marked and not is_operator:
            response.delete_cookie(COOKIE, samesite="Lax")
        return response
