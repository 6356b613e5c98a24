"""HTML that other products publish, as Markdown that shows the same and nothing else. Pure.

Statuspage's documents carry the text of an update as HTML with `<br />` for a line. Tags that Markdown
has a sign for are kept in that sign; of all others only their text stays, of scripts and styles nothing.
What looks like Markdown in the text itself is escaped, so that it reads as it was read before.
"""

import re
from html.parser import HTMLParser

_SIGNS = re.compile(r"([\\`*\[\]<])")
_UNDERSCORES = re.compile(r"(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])")
_ENTITY = re.compile(r"&(?=#?[0-9A-Za-z]+;)")
_LINE_START = re.compile(r"(?m)^([ \t]*)(#{1,6}(?=[ \t]|$)|>|[-+](?=[ \t]|$)|[-=]+[ \t]*$)")
_LINE_NUMBER = re.compile(r"(?m)^([ \t]*[0-9]{1,9})([.)])(?=[ \t]|$)")
_BREAK = re.compile(r"(?:(?<![ \t])[ \t]+)?<br[ \t]*/?>[ \t]*\n?[ \t]*", re.IGNORECASE)
_TOO_MANY_LINES = re.compile(r"\n{3,}")
_TAG = re.compile(
    r"</(?:p|strong|b|em|i|a|ul|ol|li|code|pre|blockquote|h[1-6]|div|span)>", re.IGNORECASE
)
# A `<` that no `>` follows before the next `<`: no tag, and what is read once for each of them is slow.
_NO_TAG = re.compile(r"<(?![^<>]*>)")
# A tag with a quote left open: the parser looks for its end through all that follows, for each anew.
_OPEN_QUOTE = re.compile(r"""<(?!(?:[^<>"']|"[^"<>]*"|'[^'<>]*')*>)""")
_MOST_OPEN_QUOTES = 20
_LONGEST = 100_000  # five times what a text of ours holds; readers of documents refuse more
_MOST_TAGS = 2_000
_DEEPEST = 8
_SPACES = re.compile(r"[ \t\r\n\f]+")
_SILENT = frozenset({"script", "style", "template", "title"})
_MARKS = {"strong": "**", "b": "**", "em": "*", "i": "*"}
_BLOCKS = frozenset(
    {"p", "div", "section", "article", "table", "tr", "ul", "ol", "blockquote", "pre", "hr"}
    | {f"h{level}" for level in range(1, 7)}
)
_SCHEMES = ("https://", "http://", "mailto:")


def to_markdown(html: str) -> str:
    """Return the Markdown of a piece of HTML; only http, https and mailto addresses stay links.

    What has more tags than anybody writes is taken as plain text: a page of them keeps a parser busy
    for minutes. What is longer than any text of ours is cut.
    """
    html = _NO_TAG.sub("&lt;", _without_comments(html[:_LONGEST]))
    if len(_OPEN_QUOTE.findall(html)) > _MOST_OPEN_QUOTES:
        html = _OPEN_QUOTE.sub("&lt;", html)
    if html.count("<") > _MOST_TAGS:
        return escaped(lines(html))
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.text()


def either(text: str) -> str:
    """The text of a management API: Markdown-ish as it was typed, or HTML where it has tags of its own.

    A `<br />` alone says nothing: people write it into Markdown.
    """
    return to_markdown(text) if _TAG.search(text) else lines(text)


def lines(text: str) -> str:
    """Markdown-ish text as it is, but for the `<br />` that some write into it."""
    return _BREAK.sub("\n", text.replace("\r\n", "\n")).strip()


def escaped(text: str) -> str:
    """Plain text as Markdown that shows exactly it."""
    text = _SIGNS.sub(r"\\\1", text)
    text = _UNDERSCORES.sub(r"\\_", text)
    text = _ENTITY.sub(r"\\&", text)
    text = _LINE_START.sub(r"\1\\\2", text)
    return _LINE_NUMBER.sub(r"\1\\\2", text)


def _without_comments(html: str) -> str:
    """HTML without comments; one that never ends is text. Goes once over it, as no pattern would."""
    kept, place = [], 0
    while (begin := html.find("<!--", place)) >= 0:
        end = html.find("-->", begin + 4)
        if end < 0:
            break
        kept.append(html[place:begin])
        place = end + 3
    return "".join([*kept, html[place:]])


class _Reader(HTMLParser):
    """Writes Markdown while it reads; unknown and unclosed tags cost nothing but their sign."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._silent = 0
        self._code = 0
        self._links: list[tuple[str, int]] = []
        self._lists: list[int] = []  # 0: bullets, else the next number
        self._is_first_item = False

    def text(self) -> str:
        while self._links:
            self._end_link()
        found = "\n".join(line.rstrip(" ") for line in "".join(self._parts).split("\n"))
        return _TOO_MANY_LINES.sub("\n\n", found).strip()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag == "br":
            self._put("\n")
        elif tag in _MARKS:
            self._put(_MARKS[tag])
        elif tag == "code":
            self._code += 1
            self._put("`")
        elif tag == "a":
            self._links.append((str(dict(attrs).get("href") or "").strip(), len(self._parts)))
        elif tag == "li":
            self._item()
        elif tag in _BLOCKS:
            self._put("\n\n")
            if tag in {"ul", "ol"}:
                self._lists.append(1 if tag == "ol" else 0)
                self._is_first_item = True

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"br", "hr"}:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _MARKS:
            self._put(_MARKS[tag])
        elif tag == "code" and self._code:
            self._code -= 1
            self._put("`")
        elif tag == "a" and self._links:
            self._end_link()
        elif tag in _BLOCKS:
            if tag in {"ul", "ol"} and self._lists:
                self._lists.pop()
            self._put("\n\n")

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        if self._code:
            self._put(_SPACES.sub(" ", data).replace("`", "'"))
        else:
            self._put(escaped(_SPACES.sub(" ", data)))

    def _item(self) -> None:
        """Begin an item right below the one before; breaks between items would part their list."""
        while self._parts and not self._parts[-1].strip():
            self._parts.pop()
        number = self._lists[-1] if self._lists else 0
        if number:
            self._lists[-1] += 1
        indent = "   " * min(max(0, len(self._lists) - 1), _DEEPEST)
        gap = "\n\n" if self._is_first_item and not indent else "\n"
        self._is_first_item = False
        self._put(f"{gap}{indent}{f'{number}.' if number else '-'} ")

    def _end_link(self) -> None:
        href, begin = self._links.pop()
        label = "".join(self._parts[begin:]).strip()
        del self._parts[begin:]
        if label and href.lower().startswith(_SCHEMES) and not re.search(r"[\s<>\x00-\x1f]", href):
            label = f"[{label}](<{href}>)"
        self._parts.append(label)

    def _put(self, text: str) -> None:
        if self._silent:
            return
        if text.startswith(" ") and (not self._parts or self._parts[-1].endswith("\n")):
            text = text.lstrip(" ")
        self._parts.append(text)
