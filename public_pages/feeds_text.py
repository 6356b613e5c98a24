"""Texts as feeds and calendars carry them: without characters that break either, and in one piece.

Texts are cleaned when they are written; names and what is imported may still hold anything, and one
wrong character would end the feed for everybody (reliability A13).
"""

import re
from collections.abc import Mapping, Sequence
from html import escape
from html.parser import HTMLParser

# Control characters, halves of characters and non-characters: in no XML and no calendar.
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_LINE_ENDS = re.compile("\r\n?|\u2028|\u2029")
_INLINE = frozenset({"strong", "em", "code", "a"})
# How many line breaks an element has around it.
_BREAKS: Mapping[str, int] = {
    **dict.fromkeys(("p", "ul", "ol", "pre", "blockquote", "hr"), 2),
    "li": 1,
}


def clean(text: str) -> str:
    """Return a text without what neither XML nor a calendar may hold; line ends become newlines."""
    return _FORBIDDEN.sub("", _LINE_ENDS.sub("\n", text))


def line(text: str) -> str:
    """Return a clean text on one line."""
    return " ".join(clean(text).split())


def inline(html: str) -> str:
    """Return rendered Markdown as what fits into a paragraph: its blocks parted by `<br>`."""
    return _flat(html, is_html=True)


def plain(html: str) -> str:
    """Return rendered Markdown as plain text with line breaks; links show where they lead."""
    return _flat(html, is_html=False)


def _flat(html: str, *, is_html: bool) -> str:
    flattening = _Flattening(is_html=is_html)
    flattening.feed(clean(html))
    flattening.close()
    return "".join(flattening.parts)


class _Flattening(HTMLParser):
    """Walks through what `common.markdown` makes; other elements lose their tags."""

    def __init__(self, *, is_html: bool) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._is_html = is_html
        self._break = "<br>" if is_html else "\n"
        self._waiting = 0  # line breaks before whatever comes next
        self._mark = ""  # the bullet or number before it
        self._lists: list[int | None] = []  # the next number of each list around; None: bullets
        self._in_code = False
        self._address = ""

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self._waiting = max(self._waiting, _BREAKS.get(tag, 0))
        if tag == "br":
            self._put(self._break)
        elif tag in {"ul", "ol"}:
            start = values.get("start", "1")
            number = int(start) if start.isdecimal() else 1
            self._lists.append(number if tag == "ol" else None)
        elif tag == "li":
            self._mark = self._next_mark()
        elif tag == "pre":
            self._in_code = True
        elif tag == "a":
            self._address = values.get("href", "")
        if self._is_html and tag in _INLINE:
            link = f' href="{escape(self._address)}"' if tag == "a" else ""
            self._put(f"<{tag}{link}>")

    def handle_endtag(self, tag: str) -> None:
        self._waiting = max(self._waiting, _BREAKS.get(tag, 0))
        if tag in {"ul", "ol"} and self._lists:
            self._lists.pop()
        elif tag == "pre":
            self._in_code = False
        elif self._is_html and tag in _INLINE:
            self.parts.append(f"</{tag}>")
        elif tag == "a" and self._address not in "".join(self.parts[-1:]):
            self._put(f" ({self._address})")

    def handle_data(self, data: str) -> None:
        if self._in_code:
            lines = data.rstrip("\n").split("\n")
            self._put(self._break.join(self._said(each) for each in lines))
        elif data.strip():
            self._put(self._said(re.sub(r"\s+", " ", data)))
        elif self.parts and not self._waiting and not self._mark:
            self.parts.append(" ")  # between two words, one of which is emphasised

    def _next_mark(self) -> str:
        number = self._lists[-1] if self._lists else None
        if number is None:
            return "• "
        self._lists[-1] = number + 1
        return f"{number}. "

    def _said(self, text: str) -> str:
        return escape(text, quote=False) if self._is_html else text

    def _put(self, text: str) -> None:
        if self._waiting and self.parts:
            self.parts.append(self._break * self._waiting)
        self._waiting = 0
        is_start = self.parts and self.parts[-1].endswith(self._break)
        self.parts.append(
            self._mark + (text.lstrip(" ") if is_start and not self._in_code else text)
        )
        self._mark = ""
