"""Which file of a published page a path below a customer page stands for. Pure.

By the table of the front, so that both know the same addresses; files that all pages share, and what
only the main page says, are not among them.
"""

from dataclasses import dataclass

from public_pages import addresses

_NOT_HERE = (
    "assets/",
    "media/",
    "favicon",
    "robots",
    "warning",
    "status/warning",
    "status/report",
    "embed/",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A file by its name in the published folder, and how it is sent."""

    name: str
    content_type: str
    is_html: bool


def of_path(rest: str) -> Asked | None:
    """The file of a path, which has no slash at its start; None when there is no such address."""
    for pattern, template, kind in addresses.FILES:
        if found := pattern.fullmatch(f"/{rest}"):
            name = found.expand(template)
            if name.startswith(_NOT_HERE):
                return None
            return Asked(name=name, content_type=kind.content_type, is_html=kind.is_html)
    return None


def target(rest: str, query: str) -> str:
    """The path that a path is only another name of, as of a filter of the history; or empty."""
    found = addresses.target(f"/{rest}", query)
    return found[1] if found else ""
