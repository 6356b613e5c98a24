"""What one host's publisher remembers of the event pages of a page, in a file beside them.

Pages about what is over are written once. This says which are there, so that a restarted publisher
goes on where the last one stopped.
"""

import hashlib
import json
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path

from django.conf import settings

import incidents
from public_pages import assets
from public_pages.folder import Folder
from public_pages.page_views import SiteView

NAME = ".archive.json"


@dataclass
class ArchiveState:
    """Where the publishing of event pages stands.

    `chrome`: what all pages share, as a digest. `cursor`: the revision of the page up to which every
    change of an event is in the files. `months`: lists that are still to be written. `backfill`: the
    month from which on, back in time, all pages are still to be written; empty when all are there.
    `first` and `last` are the months that have a page, `shown` the components of a page that does not
    show all.
    """

    chrome: str = ""
    cursor: int = -1
    months: list[str] = field(default_factory=list)
    backfill: str = ""
    first: str = ""
    last: str = ""
    shown: list[int] = field(default_factory=list)


def load(folder: Folder) -> ArchiveState:
    """Return what the folder's last publisher remembered; a new state when there is nothing usable."""
    try:
        return ArchiveState(**json.loads((folder.root / NAME).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return ArchiveState()


def save(folder: Folder, state: ArchiveState, *, at: datetime) -> None:
    """Store the state; whole at every moment, like every file of the folder."""
    folder.write(NAME, json.dumps(asdict(state)).encode(), at=at)


def chrome(
    site: SiteView, *, hidden: Sequence[int], shown: Sequence[int], is_durable: bool = True
) -> str:
    """Return the digest of what every event page is made with, besides the event itself.

    `hidden` are the components that no page may name; `shown` those that this one does, if it does
    not show all. Files that are not durable are written anew after every start of the machine.
    """
    start = "" if is_durable else _start_of_machine()
    shared = (site, list(hidden), list(shown), start)
    return hashlib.sha256(f"{_source()} {shared!r}".encode()).hexdigest()[:16]


@cache
def _start_of_machine() -> str:
    """What is another after every start of the machine; another for every process where none tells."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
    except OSError:
        return uuid.uuid4().hex


@cache
def _source() -> str:
    """A digest of templates, styles and the code that renders: it changes with every new version."""
    templates = Path(settings.BASE_DIR) / "templates"
    files = [
        templates / "base.html",
        *sorted((templates / "public_pages").glob("*.html")),
        *sorted(Path(__file__).parent.rglob("*.py")),
        *sorted(Path(incidents.__file__).parent.glob("*.py")),
    ]
    found = hashlib.sha256()
    for file in files:
        found.update(file.read_bytes())
    for name, asset in assets.bundle().items():
        found.update(f"{name}{asset.url}".encode())
    return found.hexdigest()
