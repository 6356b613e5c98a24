"""A brand as pages, mails and the widget see it: frozen values, made by `reading`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from django.utils.safestring import SafeString

from branding import colours
from branding.colours import Shades


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureView:
    """An uploaded picture; `width` and `height` are pixels, 0 for what scales by itself."""

    digest: str
    kind: str  # svg, png or webp
    width: int
    height: int
    base: str = "/"  # where addresses begin: inside the console for previews

    @property
    def name(self) -> str:
        """Where it lies in the published folder."""
        return f"media/{self.digest}.{self.kind}"

    @property
    def url(self) -> str:
        """Its address, the same on every host of every page."""
        return f"{self.base}{self.name}"

    @property
    def content_type(self) -> str:
        return CONTENT_TYPES[self.kind]

    @property
    def is_for_mail(self) -> bool:
        """Whether mail programs show it: few show SVG."""
        return self.kind == "png"


CONTENT_TYPES = {"svg": "image/svg+xml", "png": "image/png", "webp": "image/webp"}


@dataclass(frozen=True, slots=True)
class LinkView:
    """A link of the header or the footer; http, https or mailto."""

    label: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandView:
    """How a page looks. Equal brands make equal pages; the empty one is the product's own look.

    `colour` is what the operator gave, empty without; `shades` is what may be shown of it.
    """

    colour: str = ""
    shades: Shades = colours.DEFAULT
    logo: PictureView | None = None
    logo_dark: PictureView | None = None
    footer_logo: PictureView | None = None
    footer_logo_dark: PictureView | None = None
    favicon: PictureView | None = None
    pattern: PictureView | None = None
    background: tuple[PictureView, ...] = ()
    header_links: tuple[LinkView, ...] = ()
    footer_links: tuple[LinkView, ...] = ()
    support: LinkView | None = None
    footer_html: SafeString = field(default_factory=SafeString)
    stylesheet: str = ""  # what comes after status.css; empty for the product's own look
    style_name: str = ""  # where it lies in the published folder, like assets/brand-<digest>.css
    base: str = "/"

    @property
    def style_url(self) -> str:
        """The address of the style sheet; empty without one."""
        return f"{self.base}{self.style_name}" if self.style_name else ""

    @property
    def has_footer(self) -> bool:
        """Whether the footer has anything of the operator's."""
        return bool(self.footer_logo or self.footer_links or self.support or self.footer_html)

    @property
    def mail_logo(self) -> PictureView | None:
        """The header logo, if mail programs can show it."""
        return self.logo if self.logo and self.logo.is_for_mail else None

    def pictures(self) -> Iterator[PictureView]:
        """Every picture that a page of this brand shows."""
        single = (
            self.logo,
            self.logo_dark,
            self.footer_logo,
            self.footer_logo_dark,
            self.favicon,
            self.pattern,
        )
        yield from (picture for picture in single if picture is not None)
        yield from self.background

    def files(self) -> Mapping[str, bytes]:
        """The style sheet by its name in the published folder; pictures are read apart."""
        return {self.style_name: self.stylesheet.encode()} if self.style_name else {}

    def without_files(self) -> "BrandView":
        """The same look as far as it needs no file: colours for mails, links and texts."""
        return replace(
            self,
            logo=None,
            logo_dark=None,
            footer_logo=None,
            footer_logo_dark=None,
            favicon=None,
            pattern=None,
            background=(),
            stylesheet="",
            style_name="",
        )


DEFAULT = BrandView()
