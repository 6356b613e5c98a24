"""The Chromium that tests drive: the one without windows where it is installed, which takes a third
of the processor time, or the whole browser. Both are the same engine."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

PROGRAMS = ("chromium-headless-shell", "chromium")
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
)


@contextmanager
def launched() -> Iterator[Browser]:
    """A browser with a fresh profile, from the PATH. Playwright keeps an event loop running in this
    thread meanwhile, so that asynchronous tests cannot run beside it."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.fail("chromium is not installed (Debian package: chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=_ARGUMENTS)
        yield browser
        browser.close()
