"""What importers of running products share: a key that is never on the command line, and one asker."""

import os
from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from importing import sources
from importing.fetching import Asker
from importing.sources import Source

_LONGEST_KEY = 4096
_OWN = (
    *("CANDOR_", "DJANGO_", "EMAIL_", "SECRET_KEY", "DATABASE_URL", "BROKER_URL"),
    *("STATUSPAGE_API_KEY", "CACHET_TOKEN"),
)


def environment(source: Source) -> Mapping[str, str]:
    """The variables that a configuration may name: none of Candor's own, which hold its secrets.

    A file from somewhere else names none at all: what it puts into an address would be sent there.
    """
    if source.is_url:
        return {}
    return {name: value for name, value in os.environ.items() if not name.startswith(_OWN)}


def key(options: dict[str, Any], *, variable: str) -> str:
    """The key from the file of --key-file, or else from an environment variable; empty without."""
    if options["key_file"]:
        content = sources.read_file(options["key_file"], limit=_LONGEST_KEY)
        text = content.decode("utf-8", "replace").strip()
        where = options["key_file"]
    else:
        text, where = os.environ.get(variable, "").strip(), variable
    if text and (not text.isascii() or not text.isprintable() or " " in text):
        raise CommandError(f"{where} holds no key: a key is one word.")
    return text


def asker(source: Source, *, headers: dict[str, str] | None = None, pause_s: float = 0.0) -> Asker:
    """An asker for a source; a key does not travel in the clear through the open internet."""
    if headers and source.name.lower().startswith("http://") and not source.allows_private:
        raise CommandError(
            "A key is sent over https:// only; inside your network add --allow-private."
        )
    return Asker(
        now=timezone.now(),
        allows_private=source.allows_private,
        headers=headers,
        pause_s=pause_s,
    )
