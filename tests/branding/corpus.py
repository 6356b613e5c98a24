"""The SVG corpus D of the reliability chapter: 23 hostile files, and pictures that are none."""

import io
import struct
import zlib

from PIL import Image

OUTSIDE = "http://outside.test"
_NS = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'


def svg(inside: str, attributes: str = 'width="120" height="40" viewBox="0 0 120 40"') -> bytes:
    return f'<svg {_NS} {attributes}>{inside}<rect width="120" height="40"/></svg>'.encode()


_BOMB = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
HOSTILE: dict[str, bytes] = {
    "script element": svg("<script>alert(1)</script>"),
    "onload": svg("<g/>", 'width="9" height="9" onload="alert(1)"'),
    "foreignObject": svg(
        '<foreignObject width="9" height="9"><body xmlns="http://www.w3.org/1999/xhtml">'
        '<img src="x" onerror="alert(1)"/><script>alert(1)</script></body></foreignObject>'
    ),
    "a with javascript:": svg('<a xlink:href="javascript:alert(1)"><text y="9">x</text></a>'),
    "a with http:": svg(f'<a href="{OUTSIDE}/a"><text y="9">x</text></a>'),
    "image http": svg(f'<image href="{OUTSIDE}/track.gif" width="9" height="9"/>'),
    "image data:text/html": svg(
        '<image href="data:text/html,&lt;script&gt;alert(1)&lt;/script&gt;" width="9" height="9"/>'
    ),
    "image data:image/svg+xml": svg(
        '<image width="9" height="9" href="data:image/svg+xml,&lt;svg xmlns=%22http://www.w3.org/'
        '2000/svg%22 onload=%22alert(1)%22/&gt;"/>'
    ),
    "use external": svg(f'<use href="{OUTSIDE}/x.svg#a"/><use xlink:href="{OUTSIDE}/y.svg#b"/>'),
    "style @import and url()": svg(
        f'<style>@import "{OUTSIDE}/x.css"; rect {{ fill: url({OUTSIDE}/x.svg#a) }}</style>'
    ),
    "style attribute url()": svg(
        f'<rect width="9" height="9" style="fill:url({OUTSIDE}/x.svg#a)" '
        f'filter="url({OUTSIDE}/f.svg#f)"/>'
    ),
    "animate href": svg(
        '<a><animate attributeName="href" values="javascript:alert(1)" begin="0s"/>'
        '<text y="9">x</text></a>'
    ),
    "set onload": svg('<set attributeName="onload" to="alert(1)" begin="0s"/>'),
    "XXE": b'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + svg("<text>&x;</text>"),
    "billion laughs": f'<!DOCTYPE svg [<!ENTITY l0 "lol">{_BOMB}]>'.encode()
    + svg("<text>&l9;</text>"),
    "xml-stylesheet PI": f'<?xml-stylesheet href="{OUTSIDE}/x.css"?>'.encode() + svg(""),
    "HTML named .svg": b"<!doctype html><html><script>alert(1)</script><svg></svg></html>",
    "CDATA in title polyglot": svg(
        "<title><![CDATA[</title><script>alert(1)</script>]]></title><desc>]]&gt;&lt;script&gt;</desc>"
    ),
    "UTF-7": b'<?xml version="1.0" encoding="UTF-7"?>+ADw-script+AD4-alert(1)+ADw-/script+AD4-'
    + svg(""),
    "999999999 px": svg("", 'width="999999999" height="999999999"'),
    "feImage": svg(f'<filter id="f"><feImage href="{OUTSIDE}/a.png"/></filter>'),
    "mask url": svg(f'<rect width="9" height="9" mask="url({OUTSIDE}/m.svg#m)"/>'),
    "20,000 nested g": svg("<g>" * 20_000 + "</g>" * 20_000),
}
# What Candor's own look has found besides.
MORE: dict[str, bytes] = {
    "image-set in style": svg(f'<style>rect{{fill:image-set("{OUTSIDE}/x" 1x)}}</style>'),
    "escaped url": svg(f"<style>rect{{fill:u\\72l({OUTSIDE}/x)}}</style>"),
    "font-face": svg(f"<style>@font-face{{font-family:x;src:url({OUTSIDE}/f)}}</style>"),
    "xml:base": svg(f'<g xml:base="{OUTSIDE}/"><use href="x#a"/></g>'),
    "many elements": svg("<g/>" * 3000),
    "deep, and small": svg("<g>" * 40 + "</g>" * 40),
    "use of use of use": svg(
        "".join(f'<g id="a{n}">' + f'<use href="#a{n + 1}"/>' * 10 + "</g>" for n in range(12))
        + '<g id="a12"><path d="M0 0h9"/></g>'
    ),
    "use of itself": svg('<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g>'),
    "pattern in pattern": svg(
        "".join(
            f'<pattern id="p{n}" width="9" height="9">'
            + f'<rect fill="url(#p{n + 1})"/>' * 12
            + "</pattern>"
            for n in range(9)
        )
    ),
    "UTF-16": svg("<script>alert(1)</script>").decode().encode("utf-16"),
    "foreign namespace": svg(
        '<h:script xmlns:h="http://www.w3.org/1999/xhtml">alert(1)</h:script>'
    ),
}


def good_svg(colour: str = "#c026d3") -> bytes:
    """A logo with all that logos have."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<svg {_NS} width="160" height="40" '
        f'viewBox="0 0 160 40"><title>Acme</title><defs><linearGradient id="g"><stop offset="0" '
        f'stop-color="{colour}"/><stop offset="1" stop-color="#111"/></linearGradient></defs>'
        "<style>.a{fill:url(#g)}</style>"
        '<g class="a"><rect width="40" height="40" rx="8"/></g><use href="#g"/>'
        f'<path d="M50 10h100v20H50z" fill="{colour}" style="opacity:.9"/></svg>'
    ).encode()


def raster(
    kind: str = "PNG", *, size: tuple[int, int] = (200, 50), colour: str = "#c026d3"
) -> bytes:
    written = io.BytesIO()
    Image.new("RGB" if kind == "JPEG" else "RGBA", size, colour).save(written, kind)
    return written.getvalue()


def png_that_says(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header promises this many pixels: a decompression bomb."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 100_000))
        + chunk(b"IEND", b"")
    )
