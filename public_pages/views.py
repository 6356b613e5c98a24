"""What the front passes on: the visitor's preferences, readiness, and the error pages.

The error pages need no database: they are published with each page, with its name in them, and fall
back to the bare template.
"""

import logging
import re
import sys
import uuid
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from common import host_names
from public_pages import hosts, oembed, readiness

logger = logging.getLogger(__name__)

_THEMES = {"light", "dark"}
# No dots, no query, no second slash at the start, which browsers take for another host.
_OWN_PATH = re.compile(r"/(?!/)[A-Za-z0-9_/-]*")
_YEAR_S = 365 * 24 * 3600


# Published pages cannot hold a token. A forged request could only change how the page looks.
@csrf_exempt
@require_POST
@never_cache
def preferences(request: HttpRequest) -> HttpResponse:
    """Keep the chosen theme in a cookie for a year; `auto` forgets it."""
    theme = request.POST.get("theme", "")
    if theme not in _THEMES | {"auto"}:
        return HttpResponse(
            "The theme is auto, light or dark.\n",
            status=HTTPStatus.BAD_REQUEST,
            content_type="text/plain; charset=utf-8",
        )
    response = HttpResponseRedirect(_own_path(request.POST.get("next", "/")))
    response.status_code = HTTPStatus.SEE_OTHER
    if theme == "auto":
        response.delete_cookie("theme", samesite="Lax")
    else:
        response.set_cookie(
            "theme",
            theme,
            max_age=_YEAR_S,
            httponly=True,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )
    return response


def _own_path(wanted: str) -> str:
    """The path to go back to; anything that is not plainly one of ours becomes the home page."""
    return wanted if _OWN_PATH.fullmatch(wanted) else "/"


@require_safe
@never_cache
def readyz(_request: HttpRequest) -> HttpResponse:
    """Answer 200 when everything is at work, else 503 with what is not."""
    problems = readiness.problems(now=timezone.now())
    response = JsonResponse(
        {"status": "not ready" if problems else "ready", "problems": problems},
        status=HTTPStatus.SERVICE_UNAVAILABLE if problems else HTTPStatus.OK,
    )
    # Django logs every 5xx as an error, once; whoever asks this often would fill the log with it.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


@require_safe
def embed_code(request: HttpRequest) -> HttpResponse:
    """Answer oEmbed's question about an address of the page that is asked."""
    given = request.GET
    if given.get("format", "json") != "json":
        return _said("Only the format json is there.", HTTPStatus.NOT_IMPLEMENTED)
    try:
        room = oembed.limits(given.get("maxwidth", ""), given.get("maxheight", ""))
    except oembed.UnusableSize as error:
        return _said(str(error), HTTPStatus.BAD_REQUEST)
    tree = Path(settings.PUBLISHED_DIR) / hosts.tree(
        request.META.get(host_names.PAGE_KEY, hosts.MAIN_ID)
    )
    here = request.build_absolute_uri(f"{request.META.get('SCRIPT_NAME', '')}/")
    found = oembed.answer(tree, given.get("url", ""), [here], room)
    if found is None:
        return _said("This is not an address of this page.", HTTPStatus.NOT_FOUND)
    response = JsonResponse(found)
    response.headers["Cache-Control"] = f"public, max-age={oembed.CACHE_S}"
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _said(sentence: str, status: HTTPStatus) -> HttpResponse:
    """A sentence for a program, whichever site it runs on."""
    response = HttpResponse(
        f"{sentence}\n", status=status, content_type="text/plain; charset=utf-8"
    )
    response.headers["Cache-Control"] = "no-store"
    response.headers["Access-Control-Allow-Origin"] = "*"
    # Django logs every 5xx as an error, once; a format that is not there is none.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler404."""
    del exception
    return HttpResponse(_page(request, "404"), status=HTTPStatus.NOT_FOUND)


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500: with a reference that the log has too; 503 while the database is away."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        response = HttpResponse(_page(request, "503"), status=HTTPStatus.SERVICE_UNAVAILABLE)
        response.headers["Retry-After"] = "30"
        return response
    reference = uuid.uuid4().hex[:8]
    logger.error(
        "A request failed: reference=%s path=%s",
        reference,
        request.path,
        extra={"reference": reference},
    )
    page = _page(request, "500").replace("<!--reference-->", reference)
    return HttpResponse(page, status=HTTPStatus.INTERNAL_SERVER_ERROR)


def _page(request: HttpRequest, name: str) -> str:
    """The published error page of the page that was asked; a customer page has the main page's."""
    asked = request.META.get(host_names.PAGE_KEY, hosts.MAIN_ID)
    root = Path(settings.PUBLISHED_DIR)
    for folder in (root / hosts.tree(asked), root):
        with suppress(OSError):
            return (folder / f"{name}.html").read_text(encoding="utf-8")
    return render_to_string(f"{name}.html")
