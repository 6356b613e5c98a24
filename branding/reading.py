"""The brand of each page, read in one statement whatever their number.

Read by the publisher, by customer pages and by what writes mails. A sub-page or customer page
without a brand of its own has the main page's, so `brands` holds only the pages that differ.

The pictures and the style sheet of a customer page's own brand are for those who signed in to it:
nothing that others can read names them (decision 3), so they are only in what `brand` gives with
the `door` that the page is behind.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from django.utils.safestring import SafeString

from branding import colours, css_rules, naming, stylesheet
from branding.brand_views import DEFAULT, BrandView, LinkView, PictureView
from branding.css_rules import RefusedCss
from branding.models import Brand, Picture, Slot, digests_named
from branding.stylesheet import Shown
from common import markdown
from components.models import PageKind
from components.models.pages import MAIN_ID

logger = logging.getLogger(__name__)

# Where the files of a customer page's own brand are, below the page.
BELOW = "brand/"


class Brands(Mapping[int, BrandView]):
    """Brands by the id of the page; a page that is not named has the main page's."""

    def __init__(self, own: Mapping[int, BrandView]) -> None:
        self._own = own
        self._main = own.get(MAIN_ID, DEFAULT)

    def __getitem__(self, page_id: int) -> BrandView:
        return self._own.get(page_id, self._main)

    def __iter__(self) -> Iterator[int]:
        return iter(self._own)

    def __len__(self) -> int:
        return len(self._own)

    def distinct(self) -> Iterator[BrandView]:
        """Every brand that some page has, once: the main page's first."""
        return iter({self._main: None} | dict.fromkeys(self._own.values()))


def brands() -> Brands:
    """Return the brand of every page: `brands()[page_id]` answers for each, whether it has one or not."""
    return Brands({row.page_id: _view(row) for row in _rows()})


def brand(page_id: int, *, door: str | None = None) -> BrandView:
    """Return the brand of one page; the main page's if it has none of its own.

    `door` is the path that the links of a customer page begin with, for who signed in to it: below
    it and `BELOW` are the files of the page's own brand. Without one they are left out.
    """
    own = {row.page_id: row for row in _rows().filter(page_id__in={page_id, MAIN_ID})}
    row = own.get(page_id) or own.get(MAIN_ID)
    return _view(row, door=door) if row else DEFAULT


def bodies(digests: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Yield name in the published folder and bytes of these pictures, one at a time.

    A picture that is not there any more is left out.
    """
    for digest in digests:
        for row in Picture.objects.filter(digest=digest).only("digest", "kind", "body"):
            yield f"media/{row.digest}.{row.kind}", bytes(row.body)


def kept_names() -> frozenset[str]:
    """Return the names that pictures may have in the published folder, of brands and of old mails.

    That is all pictures there are but those that only customer pages show, or showed before.
    """
    named: dict[bool, set[str]] = {True: set(), False: set()}
    rows = Brand.objects.values_list("page__kind", "pictures", "before")
    for kind, pictures, before in rows:
        is_private = kind == PageKind.CUSTOMER
        named[is_private] |= digests_named(pictures, (before or {}).get("pictures", {}))
    kept = Picture.objects.exclude(kind="css").values_list("digest", "kind")
    private = named[True] - named[False]
    return frozenset(f"media/{digest}.{kind}" for digest, kind in kept if digest not in private)


def view(state: Mapping[str, Any], *, base: str = "/") -> BrandView:
    """Make a brand from stored values by column (`Brand.state`); writes nothing.

    `base` is where the addresses of its files begin: inside the console for a preview.
    """
    stored = state["pictures"]
    pictures = {
        slot: tuple(PictureView(**one, base=base) for one in stored.get(slot, ()))
        for slot in Slot.values
    }
    background = pictures.pop(Slot.BACKGROUND)
    single = {slot: next(iter(listed), None) for slot, listed in pictures.items()}
    shades = colours.shades(state["colour"]) if state["colour"] else colours.DEFAULT
    pattern = single[Slot.PATTERN]
    style = stylesheet.made(
        shades=shades if state["colour"] else None,
        pattern=_shown(pattern) if pattern else None,
        background=[_shown(one) for one in background],
        custom=_custom(state["css"]),
    )
    return BrandView(
        colour=state["colour"],
        shades=shades,
        background=background,
        header_links=_links(state["header_links"]),
        footer_links=_links(state["footer_links"]),
        support=LinkView(state["support_label"], state["support_url"])
        if state["support_url"]
        else None,
        footer_html=markdown.render(state["footer_text"]) if state["footer_text"] else SafeString(),
        stylesheet=style,
        style_name=style_name(style),
        base=base,
        **single,
    )


def style_name(style: str) -> str:
    """The name of a style sheet in the published folder, by what is in it; empty for none."""
    return f"assets/brand-{naming.digest(style.encode())[:32]}.css" if style else ""


def _view(row: Brand, *, door: str | None = None) -> BrandView:
    if row.page.kind != PageKind.CUSTOMER:
        return view(row.state())
    if door is None:
        return view(row.state()).without_files()
    return view(row.state(), base=f"{door}/{BELOW}")


def _rows() -> Any:
    rows = Brand.objects.filter(is_own=True, page__retired_at__isnull=True)
    return rows.select_related("page").only("page__kind", "is_own", *_COLUMNS)


_COLUMNS = (
    "colour",
    "pictures",
    "header_links",
    "footer_links",
    "support_label",
    "support_url",
    "footer_text",
    "css",
)


def _shown(picture: PictureView) -> Shown:
    return picture.url, picture.kind, picture.width


@lru_cache(maxsize=1024)
def _custom(css: str) -> str:
    """The custom CSS written anew; none of it when it was stored under a wider subset than today's."""
    try:
        return css_rules.checked(css)
    except RefusedCss:
        logger.warning("custom CSS that is not allowed any more is left out")
        return ""


def _links(listed: Iterable[Mapping[str, str]]) -> tuple[LinkView, ...]:
    return tuple(LinkView(one["label"], one["url"]) for one in listed)
