"""What an answer to our text messages asks for: STOP, START or HELP (AMB-14, reliability D5). Pure.

Only as the whole message: "please stop by" means nothing. Case, accents and a full stop make no
difference, so that ARRÊT is ARRET.
"""

import unicodedata
from collections.abc import Collection, Mapping
from enum import StrEnum

from common.wording import without_unseen

_EDGES = " \t\r\n.,;:!?¡¿\"'“”‘’«»()[]-–—…"
_LONGEST = 40


class Keyword(StrEnum):
    """What the owner of a phone wants."""

    STOP = "stop"
    START = "start"
    HELP = "help"


# What carriers and Twilio know by themselves, and answer.
STANDARD: Mapping[Keyword, frozenset[str]] = {
    Keyword.STOP: frozenset(
        {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"}
    ),
    Keyword.START: frozenset({"start", "unstop", "yes"}),
    Keyword.HELP: frozenset({"help", "info"}),
}


def keyword(
    text: str,
    *,
    told: str = "",
    more: Mapping[Keyword, Collection[str]] | None = None,
) -> Keyword | None:
    """The keyword that this message is; None for any other message.

    `told` is what the provider took it for ("STOP"), which counts more than the text. `more` are
    words of the operators' languages.
    """
    if told:
        wanted = told.strip().lower()
        return Keyword(wanted) if wanted in set(Keyword) else None
    word = _plain(text)
    for kind in Keyword:
        if word in STANDARD[kind] or word in {_plain(each) for each in (more or {}).get(kind, ())}:
            return kind
    return None


def is_standard(text: str) -> bool:
    """Whether the provider knows the word by itself, and answers it."""
    return any(_plain(text) in words for words in STANDARD.values())


def _plain(text: str) -> str:
    if len(text) > _LONGEST:
        return ""
    parts = unicodedata.normalize("NFKD", without_unseen(text).casefold())
    return "".join(each for each in parts if not unicodedata.combining(each)).strip(_EDGES)
