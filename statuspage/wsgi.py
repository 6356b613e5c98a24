"""The WSGI application of the web processes: published files, then reports and pushes, static files, Django."""

import os
import threading

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "statuspage.settings")

from wsgiref.types import WSGIApplication

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from whitenoise import WhiteNoise

from api.receiving_paths import is_receiving_path
from api.report_paths import is_report_path
from public_pages.front import Front

_HASHED_NAME = r"^.+\.[0-9a-f]{12}\..+$"


def _dynamic() -> WSGIApplication:
    """Reports, then Django behind its static files; loaded apart: the page answers without it."""
    application: WSGIApplication = WhiteNoise(
        get_wsgi_application(),
        root=settings.STATIC_ROOT,
        prefix=settings.STATIC_URL,
        immutable_file_test=_HASHED_NAME,
        add_headers_function=_secure,
    )
    # These read models, which Django has to load first.
    from api.receiving import Receiving  # noqa: PLC0415
    from api.reports import Reports  # noqa: PLC0415

    return Reports(Receiving(application))


def _is_hostless(path: str) -> bool:
    return is_report_path(path) or is_receiving_path(path)


def _secure(headers: dict[str, str], _path: str, _url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"


def _transport_headers() -> list[tuple[str, str]]:
    seconds = settings.SECURE_HSTS_SECONDS
    return [("Strict-Transport-Security", f"max-age={seconds}")] if seconds else []


application = Front(
    _dynamic,
    folder=settings.PUBLISHED_DIR,
    csp=settings.SECURE_CSP,
    hosts=settings.MAIN_HOSTS,
    is_hostless=_is_hostless,
    headers=_transport_headers(),
    loads_later=True,
)
# A restarted process answers the page at once, and the console as soon as Django is there.
threading.Thread(target=application.load, name="load", daemon=True).start()
