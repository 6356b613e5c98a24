"""No live link gets into the log."""

import io
import logging
import re
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.module_loading import import_string

from statuspage.log_masking import BEFORE_TOKENS, IN_FRONT, MaskTokens, masked

TOKEN = "Zr9-live_token-of-somebody-that-opens-their-page"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What a handler with the filters of the settings writes."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    for name in settings.LOGGING["handlers"]["console"]["filters"]:
        handler.addFilter(import_string(settings.LOGGING["filters"][name]["()"])())
    root = logging.getLogger()
    root.addHandler(handler)
    yield written
    root.removeHandler(handler)


@pytest.mark.django_db
@pytest.mark.req("C2")
@pytest.mark.parametrize("kind", ["confirm", "open", "leave", "undo", "manage", "code"])
def test_refused_request_is_logged_without_its_token(
    kind: str, log: io.StringIO, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "django.request")  # as in the product
    path = f"/subscriptions/{kind}/{TOKEN}"
    browser = Client(enforce_csrf_checks=True)
    browser.post(path)  # without the token of the form, where one is asked for
    browser.put(path)

    assert TOKEN not in log.getvalue()
    assert f"/subscriptions/{kind}/…" in log.getvalue()


@pytest.mark.req("C2")
def test_message_arguments_and_traceback_are_masked(log: io.StringIO) -> None:
    logger = logging.getLogger("candor.test")
    try:
        int(f"subscriptions/open/{TOKEN}")
    except ValueError:
        logger.exception("Failed: %s (%s)", f"/setup/{TOKEN}/", 7, stack_info=True)
    logger.warning(f"https://status.example.com/join/{TOKEN}/?next=x")  # noqa: G004 - as libraries do
    logger.warning("%(path)s", {"path": f"/subscriptions/leave/{TOKEN}"})

    assert TOKEN not in log.getvalue()
    assert "Failed: /setup/…/ (7)" in log.getvalue()
    assert "'subscriptions/open/…'" in log.getvalue()
    assert "/join/…/?next=x" in log.getvalue()


@pytest.mark.req("C2")
def test_every_address_that_takes_a_token_is_masked() -> None:
    assert {before for path in _paths() for before in _before_tokens(path)} == set(BEFORE_TOKENS)


def test_message_that_cannot_be_made_harms_nobody_who_logs() -> None:
    record = logging.makeLogRecord({"msg": "%s %s", "args": (1,)})
    assert MaskTokens().filter(record)


@pytest.mark.parametrize("before", IN_FRONT)
def test_secrets_of_pushes_and_pings_are_masked_too(before: str) -> None:
    assert TOKEN not in masked(f"Not Found: /{before}/{TOKEN}/start")


def test_other_words_stay_as_they_are() -> None:
    text = "/subscriptions/mine /admin/setup-guide/x rejoin/me unsetup/x"
    assert masked(text) == text


def _before_tokens(path: str) -> list[str]:
    """What stands right before each part of an address that opens something."""
    found = re.findall(r"([^<>]*)<(?:str:)?(?:token|who|key|code|secret|address)>", path)
    return [before.strip("/") for before in found]


def _paths() -> Iterator[str]:
    def below(resolver: URLResolver, before: str) -> Iterator[str]:
        for each in resolver.url_patterns:
            path = before + str(each.pattern)
            if isinstance(each, URLPattern):
                yield path
            else:
                yield from below(each, path)

    yield from below(get_resolver(), "")
