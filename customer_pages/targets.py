"""Where on a page somebody wanted to go before they had to sign in. Pure.

Kept as a path below the page, never as an address, so that it leads nowhere else (reliability A10).
"""

import re

_TARGET = re.compile(r"(?!.*\.\.)[A-Za-z0-9_-][A-Za-z0-9_/.-]{0,199}")
_NO_TARGETS = ("sign-in", "sign-out", "enter/", "read/", "live")


def checked(text: str) -> str:
    """The path below a page that a text names; empty for anything else, and for the page itself."""
    if not _TARGET.fullmatch(text) or text.startswith(_NO_TARGETS) or "//" in text:
        return ""
    return text


def of_path(path: str, *, base: str) -> str:
    """The part of a request's path below its page."""
    return checked(path.removeprefix(base).removeprefix("/"))
