"""Make an uploaded SVG harmless (reliability F3): limits, then a cleaner, then a look of our own. Pure.

The one place that knows py-svg-hush, which needs the limits first: 20,000 nested groups, 140 KB,
come out of it as 800 MB. It makes paths on our own host of addresses elsewhere and leaves style and
animations in, so what it returns is parsed once more, stripped of all that could ask for anything,
and looked at before it is taken. It is served inert besides (public_pages.addresses).
"""

import re
import xml.etree.ElementTree as ET  # parses what has passed the limits only
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

import py_svg_hush

from branding.unusable import UnusablePicture
from common.wording import gettext_noop

MAX_BYTES = 64 * 1024
MAX_DEPTH = 32
MAX_ELEMENTS = 2000
MAX_DRAWN = 20_000  # elements, with those that are used again
MAX_SIDE = 10_000  # px
_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_HREFS = ("href", f"{{{_XLINK}}}href")

# Nothing of a logo moves, is a picture from elsewhere, or leads anywhere.
_DROPPED = frozenset(
    f"{{{_SVG}}}{name}"
    for name in (
        *("script", "foreignObject", "handler", "listener", "iframe", "embed", "object"),
        *("animate", "animateColor", "animateMotion", "animateTransform", "set", "discard"),
        *("image", "feImage", "audio", "video", "cursor", "font-face-uri", "tref"),
    )
)
# What makes CSS ask for a file or hides that it does. A reference inside the picture may stay, and
# so may a rule for dark screens.
_ASKS = re.compile(
    r"url\s*\(\s*(?![\"']?#)|\\|@(?!media\b)|(?:image-set|image|src|cross-fade|element|expression)\s*\("
    r"|-moz-binding|behavior|javascript:|</",
    re.IGNORECASE,
)
# A reference to another piece of the picture: the whole of a href, or url(#…) in a style.
_INSIDE = re.compile(r"(?:^|url\(\s*[\"']?)#([^\"')\s]+)")
_ENDLESS = gettext_noop("The SVG picture repeats itself without end, or nearly. Simplify it.")
_ENCODING = re.compile(rb"^<\?xml[^>]*?encoding\s*=\s*[\"']([^\"']*)[\"']", re.IGNORECASE)
_LENGTH = re.compile(r"\s*([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(px)?\s*")


@dataclass(frozen=True, slots=True)
class CleanSvg:
    """A harmless picture; `width` and `height` only tell its shape, 0 when it has none of its own."""

    body: bytes
    width: int
    height: int


def clean(data: bytes) -> CleanSvg:
    """Return the picture without anything that acts or asks for a file.

    Raises:
        UnusablePicture: it is none, is too large, or holds what no picture needs.
    """
    if len(data) > MAX_BYTES:
        raise UnusablePicture(gettext_noop("The SVG file is larger than 64 KB. Simplify it."))
    _require_utf8(data)
    _require_limits(data)
    try:
        hushed: bytes = py_svg_hush.filter_svg(data)
    except ValueError as error:
        raise UnusablePicture(gettext_noop("The SVG file cannot be read.")) from error
    if len(hushed) > 4 * MAX_BYTES:  # white space of nested elements; the limits bound it
        raise UnusablePicture(gettext_noop("The SVG file grows when it is cleaned. Simplify it."))
    root = ET.fromstring(hushed)  # noqa: S314 - no DOCTYPE, and within the limits
    _strip(root)
    _require_drawn(root)
    width, height = _shape(root)
    body = _written(root)
    if found := remains(body):
        raise UnusablePicture(
            gettext_noop("The SVG file holds what could act or load something: %(found)s."),
            found=found,
        )
    return CleanSvg(body, width, height)


def remains(body: bytes) -> str:
    """What in a cleaned picture could still act or ask for a file; empty for a harmless one."""
    root = ET.fromstring(body)  # noqa: S314 - our own output
    for element in root.iter():
        if not isinstance(element.tag, str):
            return "instruction"
        if element.tag in _DROPPED or not element.tag.startswith(f"{{{_SVG}}}"):
            return str(element.tag.rpartition("}")[2])
        if element.tag == f"{{{_SVG}}}style" and (len(element) or _ASKS.search(_text(element))):
            return "style"
        for name, value in element.attrib.items():
            if not _is_harmless(name, value):
                return name.rpartition("}")[2]
    return ""


# ---- before the cleaner ----------------------------------------------------------------------


def _require_utf8(data: bytes) -> None:
    """Read as one encoding only: what a browser takes for another would hide from us."""
    said = _ENCODING.match(data.removeprefix(b"\xef\xbb\xbf").lstrip())
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnusablePicture(gettext_noop("Save the SVG file as UTF-8.")) from error
    if "\0" in text or (said and said[1].lower() not in {b"utf-8", b"us-ascii", b"ascii"}):
        raise UnusablePicture(gettext_noop("Save the SVG file as UTF-8."))


@dataclass(slots=True)
class _Limits:
    """Handlers of the parser: what is in the file is counted, and never built."""

    depth: int = 0
    elements: int = 0
    root: str = ""
    attributes: int = field(default=0)

    def start(self, name: str, attributes: list[str]) -> None:
        self.root = self.root or name
        self.depth += 1
        self.elements += 1
        if self.depth > MAX_DEPTH:
            raise UnusablePicture(
                gettext_noop("The SVG file nests elements deeper than %(most)d levels."),
                most=MAX_DEPTH,
            )
        if self.elements > MAX_ELEMENTS:
            raise UnusablePicture(
                gettext_noop("The SVG file has more than %(most)d elements. Simplify it."),
                most=MAX_ELEMENTS,
            )

    def end(self, _name: str) -> None:
        self.depth -= 1

    def doctype(self, *_: Any) -> None:
        raise UnusablePicture(
            gettext_noop(
                "The SVG file has a DOCTYPE or entities, which no logo needs. Remove them."
            )
        )


def _require_limits(data: bytes) -> None:
    limits = _Limits()
    parser = expat.ParserCreate("utf-8", namespace_separator=" ")
    parser.ordered_attributes = True
    parser.StartElementHandler = limits.start
    parser.EndElementHandler = limits.end
    parser.StartDoctypeDeclHandler = limits.doctype
    parser.EntityDeclHandler = limits.doctype
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise UnusablePicture(
            gettext_noop("The file is no SVG picture: line %(line)d cannot be read."),
            line=error.lineno,
        ) from error
    if limits.root != f"{_SVG} svg":
        raise UnusablePicture(gettext_noop("The file is no SVG picture."))


# ---- after the cleaner -----------------------------------------------------------------------


def _strip(element: "ET.Element[str]") -> None:
    for name in [key for key, value in element.attrib.items() if not _is_harmless(key, value)]:
        del element.attrib[name]
    for child in list(element):
        is_ours = isinstance(child.tag, str) and child.tag.startswith(f"{{{_SVG}}}")
        is_style = is_ours and child.tag == f"{{{_SVG}}}style"
        if not is_ours or child.tag in _DROPPED or (is_style and _ASKS.search(_text(child))):
            element.remove(child)
        else:
            _strip(child)


def _require_drawn(root: "ET.Element[str]") -> None:
    """Refuse what becomes endless when it is drawn: pieces that use pieces that use pieces."""
    by_id = {ident: element for element in root.iter() if (ident := element.get("id"))}
    drawn: dict[str, int] = {}

    def count(element: "ET.Element[str]", within: frozenset[str]) -> int:
        total = 1 + sum(count(child, within) for child in element)
        for value in element.attrib.values():
            for ident in _INSIDE.findall(value):
                total += count_of(ident, within)
        if total > MAX_DRAWN:
            raise UnusablePicture(_ENDLESS)
        return total

    def count_of(ident: str, within: frozenset[str]) -> int:
        if ident in within or len(within) > MAX_DEPTH:
            raise UnusablePicture(_ENDLESS)
        if ident in by_id and ident not in drawn:
            drawn[ident] = count(by_id[ident], within | {ident})
        return drawn.get(ident, 0)

    count(root, frozenset())


def _is_harmless(name: str, value: str) -> bool:
    if name in _HREFS:
        return value.startswith("#")
    local = name.rpartition("}")[2].lower()
    if local.startswith("on") or local in {"base", "attributename", "values", "to", "from", "by"}:
        return False
    if name.startswith("{") and not name.startswith("{http://www.w3.org/XML/1998/namespace}"):
        return False
    return _ASKS.search(value) is None


def _text(element: "ET.Element[str]") -> str:
    return "".join(element.itertext())


def _shape(root: "ET.Element[str]") -> tuple[int, int]:
    """Width and height for the shape; a size that no screen has goes, the shape stays."""
    box = root.get("viewBox", "").replace(",", " ").split()
    sides = [_px(root.get(name, "")) for name in ("width", "height")]
    if len(box) == 4 and not (0 < sides[0] <= MAX_SIDE and 0 < sides[1] <= MAX_SIDE):
        sides = [_px(box[2]), _px(box[3])]
        for name in ("width", "height"):
            root.attrib.pop(name, None)
    width, height = (min(round(side), 2**31 - 1) for side in sides)
    if not (width and height):
        return 0, 0
    if max(width, height) > MAX_SIDE:
        raise UnusablePicture(
            gettext_noop("The SVG picture is more than %(most)d pixels wide or high."),
            most=MAX_SIDE,
        )
    return width, height


def _px(text: str) -> float:
    match = _LENGTH.fullmatch(text[:40])
    return float(match[1]) if match else 0.0


def _written(root: "ET.Element[str]") -> bytes:
    ET.register_namespace("", _SVG)
    ET.register_namespace("xlink", _XLINK)
    return ET.tostring(root, encoding="unicode").encode()
