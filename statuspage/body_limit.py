"""Refuse uploads that are too large before any byte of them is read (reliability A13).

Django limits the fields of a form (DATA_UPLOAD_MAX_MEMORY_SIZE), not its files: those it writes to
the disk as soon as anything looks at the form, which the check of its token does before anybody
knows who is asking.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

ANONYMOUS = 64 * 1024
# A session may be made up, so this is bounded too; it leaves room for a form to say what is wrong.
WITH_SESSION = 8 * 1024 * 1024
_MULTIPART = "multipart/"


class BodyLimitMiddleware:
    """Answer 413 to a form with files whose length, as announced, is over the limit.

    What announces no length is read as empty (PEP 3333), so nothing gets round this.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        kind = str(request.META.get("CONTENT_TYPE", "")).lower()
        length = str(request.META.get("CONTENT_LENGTH") or "0")
        is_known = settings.SESSION_COOKIE_NAME in request.COOKIES
        allowed = WITH_SESSION if is_known else ANONYMOUS
        if kind.startswith(_MULTIPART) and length.isdecimal() and int(length) > allowed:
            return HttpResponse("This upload is too large.\n", "text/plain", status=413)
        return self.get_response(request)
