"""Texts of events as they are stored: clean enough for every page, feed, mail header and database.

Control characters break feeds and mail headers for everybody, so they go when a text is written,
not when it is shown (reliability A13, D3).
"""

import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

TITLE_LIMIT = 200
TEXT_LIMIT = 20_000
_KEPT = frozenset("\n\t")


def title(text: str, *, field: str = "title", is_required: bool = True) -> str:
    """Return a title as one clean line; raises ValidationError for its field."""
    clean = " ".join(_clean(text, field).split())
    if is_required and not clean:
        raise ValidationError({field: _("Write a title.")})
    if len(clean) > TITLE_LIMIT:
        raise ValidationError({field: _("Shorten the title to 200 characters.")})
    return clean


def line(text: str, *, field: str, limit: int, is_required: bool = True) -> str:
    """Return a text as one clean line; raises ValidationError for its field."""
    clean = " ".join(_clean(text, field).split())
    if is_required and not clean:
        raise ValidationError({field: _("Write something.")})
    if len(clean) > limit:
        raise ValidationError(
            {field: _("Shorten this to %(limit)d characters.") % {"limit": limit}}
        )
    return clean


def body(text: str, *, field: str = "text", is_required: bool = False) -> str:
    """Return a Markdown text, clean and without outer space; raises ValidationError for its field."""
    clean = _clean(text.replace("\r\n", "\n").replace("\r", "\n"), field).strip()
    if is_required and not clean:
        raise ValidationError({field: _("Write a message.")})
    if len(clean) > TEXT_LIMIT:
        raise ValidationError({field: _("Shorten the message to 20,000 characters.")})
    return clean


def _clean(text: str, field: str) -> str:
    if any("\ud800" <= letter <= "\udfff" for letter in text):  # halves of characters, from JSON
        raise ValidationError({field: _("The text holds characters that cannot be stored.")})
    # Cc are control characters; U+2028 and U+2029 end lines where nobody expects it.
    return "".join(
        " " if letter in "\u2028\u2029" else letter
        for letter in text
        if letter in _KEPT or unicodedata.category(letter) != "Cc"
    )
