"""What sites that know oEmbed put in the place of a link to a page: its frame.

Asked of one page about its own addresses. What is not published there does not exist, whoever has it,
so that nothing is told of other pages. Everything is read from the published folder.
"""

import html
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.utils.html import format_html

from public_pages import addresses, embedding

WIDTH, HEIGHT = 480, 200
CACHE_S = 300
_TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)
_SIZE = re.compile(r"[1-9][0-9]{0,5}")
_LONGEST = 2000


class UnusableSize(ValueError):
    """A size is no number of pixels; the message says which."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The room that there is, in pixels; None for any."""

    width: int | None
    height: int | None


def limits(width: str, height: str) -> Limits:
    """Read the limits that were asked for, each empty for none. Raises UnusableSize."""
    found: list[int | None] = []
    for name, given in (("maxwidth", width), ("maxheight", height)):
        if given and not _SIZE.fullmatch(given):
            raise UnusableSize(f"{name} has to be a number of pixels.")
        found.append(int(given) if given else None)
    return Limits(*found)


def answer(tree: Path, url: str, asked_at: Iterable[str], room: Limits) -> dict[str, Any] | None:
    """Return the answer for an address; None for all that are not of the page.

    `tree` is the page's folder; `asked_at` are addresses that it is reached by, beside its own.
    """
    try:
        said = json.loads((tree / embedding.WIDGET).read_bytes())
        name = _file_of(url, [said["url"], *asked_at])
        page = (tree / name).read_text(encoding="utf-8") if name else ""
    except (OSError, ValueError):
        return None
    if not page:
        return None
    width = min(WIDTH, room.width or WIDTH)
    height = min(HEIGHT, room.height or HEIGHT)
    title = html.unescape(found[1].strip() if (found := _TITLE.search(page)) else said["page"])
    home = said["url"].rstrip("/")
    return {
        "version": "1.0",
        "type": "rich",
        "title": title,
        "provider_name": said["label"],
        "provider_url": f"{home}/",
        "cache_age": CACHE_S,
        "width": width,
        "height": height,
        "html": format_html(
            '<iframe src="{}/embed/frame" title="{}" width="{}" height="{}" style="border:0" '
            'loading="lazy"></iframe>',
            home,
            said["label"],
            width,
            height,
        ),
    }


def _file_of(url: str, homes: Iterable[str]) -> str:
    """The published page that an address of one of the homes means; empty for every other."""
    if len(url) > _LONGEST:
        return ""
    asked = urlsplit(url)
    if asked.scheme not in {"http", "https"}:
        return ""
    for home in map(urlsplit, homes):
        base = home.path.rstrip("/")
        is_below = asked.path == base or asked.path.startswith(f"{base}/")
        if asked.netloc.lower() != home.netloc.lower() or not is_below:
            continue
        found = addresses.file(asked.path.removeprefix(base) or "/")
        if found is not None and found[1].is_html:
            return found[0]
    return ""
