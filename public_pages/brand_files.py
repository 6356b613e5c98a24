"""Style sheets and pictures of brands in the published folder, so that they outlive the database."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from branding import reading as branding
from branding.brand_views import BrandView
from public_pages.folder import Folder

# Pages that a browser has open, or has kept, name the style sheet they were made with.
_STYLE_KEPT = timedelta(days=7)


class BrandFiles:
    """Writes what is new, once for all pages, and removes what nobody can name any more.

    All names tell what is in the file, so a file that is there is right.
    """

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._written: frozenset[str] = frozenset()

    def write(self, brands: Iterable[BrandView], *, at: datetime) -> None:
        """Write the files of these brands that are not there yet; call before their pages."""
        styles: dict[str, bytes] = {}
        pictures: dict[str, str] = {}
        for brand in brands:
            styles |= brand.files()
            pictures |= {picture.name: picture.digest for picture in brand.pictures()}
        wanted = frozenset(styles) | frozenset(pictures)
        if wanted <= self._written:
            return
        for name, body in styles.items():
            if not self._has(name):
                self._folder.write(name, body, at=at, brotli_quality=11)
        missing = [digest for name, digest in pictures.items() if not self._has(name)]
        for name, body in branding.bodies(missing):
            self._folder.write(name, body, at=at)
        self._written |= {name for name in wanted if self._has(name)}

    def tidy(self, brands: Iterable[BrandView], *, at: datetime) -> None:
        """Remove pictures that are gone, and style sheets that no brand has had for a week.

        The next `write` looks anew at what is there, should somebody have emptied the folder.
        """
        self._written = frozenset()
        kept = branding.kept_names() | {name for brand in brands for name in brand.files()}
        for suffix in (".svg", ".png", ".webp"):
            for name in list(self._folder.names("media", suffix)):
                self._remove_unless(name in kept, name)
        oldest = (at - _STYLE_KEPT).timestamp()
        for name in list(self._folder.names("assets", ".css")):
            is_ours = name.startswith("assets/brand-")
            path = self._folder.root / name
            self._remove_unless(not is_ours or name in kept or path.stat().st_mtime > oldest, name)

    def _has(self, name: str) -> bool:
        return (self._folder.root / name).exists()

    def _remove_unless(self, is_kept: bool, name: str) -> None:
        if not is_kept:
            self._folder.remove(name)
