"""What operators copy to show a page elsewhere: tags for sites, frames, badges, the policy's lines."""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils.html import format_html
from django.utils.translation import gettext as _

from components import page_addresses, pages
from components.models import Component, Page
from public_pages import hosts

_SEEN = ("badge/color.svg", "badge/uptime/30d.svg", "preview.png")
_TYPES = {".svg": "image/svg+xml", ".png": "image/png"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """Something to copy; `note` says what it does."""

    title: str
    note: str
    text: str
    rows: int = 1

    @property
    def name(self) -> str:
        """The id of its field."""
        return "copy-" + "".join(letter for letter in self.title.lower() if letter.isalnum())


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A published picture as it is now; `url` holds its bytes."""

    url: str
    alt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Badge:
    """The badge of one component, as Markdown."""

    name: str
    status: str
    uptime: str


def snippets(page: Page) -> list[Snippet]:
    """Return what is for the page as a whole."""
    home = page_addresses.canonical(page).home
    found = [
        Snippet(
            title=_("Widget"),
            note=_("A note in the corner while something is wrong, and nothing else."),
            text=_markup('<script src="{}embed/script.js" defer></script>', home),
        ),
        Snippet(
            title=_("Bar, with maintenance"),
            note=_("A bar across the top, also while maintenance is going on."),
            text=_markup(
                '<script src="{}embed/script.js" data-look="bar" data-show="maintenance" defer>'
                "</script>",
                home,
            ),
            rows=2,
        ),
    ]
    if page.is_main:
        found.append(
            Snippet(
                title=_("Warning of a long outage"),
                note=_("For a chat or a help desk: only once the page is dead for three minutes."),
                text=_markup('<script src="{}warning.js" defer></script>', home),
            )
        )
    return [
        *found,
        Snippet(
            title=_("Frame"),
            note=_("The state with open incidents. Sites that know oEmbed make it of a link."),
            text=_markup(
                '<iframe src="{}embed/frame" title="{}" width="480" height="200" '
                'style="border:0" loading="lazy"></iframe>',
                home,
                page.name,
            ),
            rows=2,
        ),
        Snippet(
            title=_("Badge, HTML"),
            note=_("It says “Unknown” once it is old."),
            text=_markup(
                '<a href="{0}"><img src="{0}badge/status.svg" alt="{1}" height="24"></a>',
                home,
                _("Status of %(name)s") % {"name": page.name},
            ),
            rows=2,
        ),
        Snippet(
            title=_("Badge, Markdown"),
            note=_("For a README."),
            text=_markdown(_("Status"), f"{home}badge/status.svg", home),
        ),
        Snippet(
            title=_("Content-Security-Policy"),
            note=_("What a site with a policy has to add to it, by what it embeds."),
            text=_policy(page),
            rows=4,
        ),
    ]


def badges(page: Page) -> list[Badge]:
    """Return the badges of its components, in the order of the page."""
    home = page_addresses.canonical(page).home
    shown = pages.shown_by([page])[page.pk]
    rows = Component.objects.visible().filter(pk__in=shown).in_page_order()
    return [
        Badge(
            name=row.name,
            status=_markdown(row.name, f"{home}badge/{row.slug}/status.svg", home),
            uptime=_markdown(row.name, f"{home}badge/{row.slug}/uptime/30d.svg", home),
        )
        for row in rows
    ]


def pictures(page: Page) -> Sequence[Picture]:
    """Return what is published now; none before the first time."""
    return list(_pictures(Path(settings.PUBLISHED_DIR) / hosts.tree(page.pk)))


def _pictures(tree: Path) -> Iterator[Picture]:
    words = {
        "badge/color.svg": _("The badge of the page"),
        "badge/uptime/30d.svg": _("The badge with its uptime"),
        "preview.png": _("The picture beside links to the page"),
    }
    for name in _SEEN:
        with suppress(OSError):
            body = (tree / name).read_bytes()
            kind = _TYPES[Path(name).suffix]
            yield Picture(url=f"data:{kind};base64,{b64encode(body).decode()}", alt=words[name])


def _policy(page: Page) -> str:
    origin = page_addresses.canonical(page).origin
    return "\n".join(
        [
            f"script-src {origin};",
            f"connect-src {origin};",
            f"frame-src {origin};",
            f"img-src {origin};",
        ]
    )


def _markup(form: str, *values: str) -> str:
    """Markup as a text: the screen shows it and does not run it."""
    return format_html(form, *values) + ""


def _markdown(words: str, picture: str, to: str) -> str:
    plain = "".join(letter for letter in words if letter not in "[]\\`\n")
    return f"[![{plain}]({picture})]({to})"
