"""Keep the pictures for link previews up to date: drawn when what is on them changes.

A picture takes longer to draw than a page, so it comes after everything else. It carries what it was
drawn from: a publisher that starts anew draws only what is not there.
"""

from django.utils.translation import gettext as _

from components.status import Status
from public_pages import badge_drawing, preview_image, templating, wording
from public_pages.folder import Folder
from public_pages.page_views import PageView
from public_pages.preview_image import Preview
from public_pages.troubles import Troubles

NAME, STALE = "preview.png", "preview-stale.png"


class PreviewFiles:
    """The pictures of one page: of its state, and the one that stands for it once that is old."""

    def __init__(self, folder: Folder, troubles: Troubles) -> None:
        self._folder = Folder(folder.root, is_durable=False)
        self._troubles = troubles
        self._keys: dict[str, str] = {}
        self._waiting: dict[str, Preview] = {}
        self._page: PageView | None = None

    @property
    def is_behind(self) -> bool:
        """Whether any wait to be drawn."""
        return bool(self._waiting)

    def look(self, page: PageView) -> None:
        """Take note of what the page shows now."""
        self._page = page
        for name, wanted in _wanted(page).items():
            if name not in self._keys:
                self._keys[name] = self._stored(name)
            if self._keys[name] == wanted.key:
                self._waiting.pop(name, None)
            else:
                self._waiting[name] = wanted

    def write_one(self) -> None:
        """Draw one of those that wait."""
        if not self._waiting or self._page is None:
            return
        name, wanted = next(iter(self._waiting.items()))
        del self._waiting[name]
        what = f"{name} of {self._page.site.base}/"
        try:
            body = preview_image.drawn(wanted)
        except Exception as error:  # noqa: BLE001 - no picture may hold up the page
            self._troubles.tell(what, error)
            self._folder.remove(name)  # an old one would pass for new
            return
        self._troubles.is_well(what)
        self._folder.write(name, body, at=self._page.as_of, has_twins=False)
        self._keys[name] = wanted.key

    def _stored(self, name: str) -> str:
        try:
            return preview_image.key_of((self._folder.root / name).read_bytes())
        except OSError:
            return ""


def _wanted(page: PageView) -> dict[str, Preview]:
    brand = page.site.brand
    with templating.active(page.site):
        headline = wording.headline(page)
        name = wording.site_title(page.site.name) or _("Status")

        def preview(words: str, reach: str, code: str) -> Preview:
            return Preview(
                name=badge_drawing.plain(name, limit=80),
                words=words,
                reach=reach,
                host=page.site.address.host,
                colour=badge_drawing.COLOURS[code],
                brand=brand.shades.light,
            )

        return {
            NAME: preview(headline.words, headline.reach, page.code),
            STALE: preview(_("Status unknown"), "", Status.UNKNOWN.code),
        }
