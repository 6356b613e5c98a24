"""The assets of the page that shows the API's document, out of ninja's own folder.

Only what that page loads: the folder has six times as much, and each start compresses all it finds.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import ninja
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

NAMES = ("ninja/swagger-ui.css", "ninja/swagger-ui.css.map", "ninja/swagger-ui-bundle.js")


class ApiDocsFinder(BaseFinder):
    """Finds these files, for `collectstatic` and for the server of development."""

    def __init__(self) -> None:
        self._storage = FileSystemStorage(location=Path(ninja.__file__).parent / "static")

    def check(self, **_options: Any) -> list[Any]:
        """Nothing can be set up wrongly."""
        return []

    def find(self, path: str, find_all: bool = False, **_options: Any) -> Any:
        """The file of this name, or none."""
        found = [self._storage.path(path)] if path in NAMES else []
        return found if find_all else next(iter(found), [])

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Any]]:
        """Every file with the storage it is in."""
        del ignore_patterns
        for name in NAMES:
            yield name, self._storage
