"""Keep live links out of the log: what stands in an address instead of a password (reliability C2).

Django names the path of every request that it refuses, and a traceback names what it was about.
"""

import logging
import re
from contextlib import suppress

# What such addresses begin with; the tests compare this with every address that takes a token.
BEFORE_TOKENS = (
    "subscriptions/confirm",
    "subscriptions/open",
    "subscriptions/leave",
    "subscriptions/undo",
    "subscriptions/manage",
    "subscriptions/code",
    "p",
    "enter",
    "read",
    "setup",
    "join",
)
# Those that are answered in front of Django, which therefore names none of them (api.receiving).
IN_FRONT = ("ping", "api/push")
_TOKEN = re.compile(
    rf"(?<![\w-])((?:{'|'.join((*BEFORE_TOKENS, *IN_FRONT))})(?:/|%2[Ff]))[^\s/\"'<>?#&,]+"
)
_MASK = r"\1…"
# Clients of Statuspage's manage API may send their key in the query.
_KEY = re.compile(r"(api_key=)[^\s\"'<>#&,]+")


def masked(text: str) -> str:
    """The text without the tokens and keys in it."""
    return _KEY.sub(_MASK, _TOKEN.sub(_MASK, text))


class MaskTokens(logging.Filter):
    """Masks a record on its way into a handler: its words, what they are about, its traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.event = masked(str(record.msg))  # the words before their gaps are filled
        # Words and arguments that do not fit are for the handler to complain of.
        with suppress(TypeError, ValueError, KeyError):
            record.msg, record.args = masked(record.getMessage()), None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = masked(record.exc_text)
        if record.stack_info:
            record.stack_info = masked(record.stack_info)
        return True
