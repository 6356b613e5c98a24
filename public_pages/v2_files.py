"""Keep Statuspage's documents of one page's folder up to date: written when what they say changed.

Called by the page's `Tree` beside its feeds. They answer from disk like the page itself.
"""

from django.db import DatabaseError

from public_pages import v2_documents
from public_pages.event_source import EventSource
from public_pages.folder import Folder
from public_pages.page_views import PageView
from public_pages.troubles import Troubles


class V2Files:
    """The documents of one page; what was written is in its memory."""

    def __init__(self, folder: Folder, troubles: Troubles) -> None:
        self._folder = folder
        self._troubles = troubles
        self._seen: object = None

    def look(self, page: PageView, source: EventSource) -> None:
        """Write the documents if anything in them changed; a fault in them leaves the old ones."""
        seen = (source.marks(), page.site, page.groups, source.page_facts()[page.site.page_id])
        if seen == self._seen:
            return
        try:
            files = v2_documents.documents(page, source)
        except DatabaseError:
            raise
        except Exception as error:  # noqa: BLE001 - no document may hold up the page
            self._troubles.tell("documents for programs", error)
            return
        self._troubles.is_well("documents for programs")
        for name, body in files.items():
            if not self._folder.holds(name, body):
                self._folder.write(name, body, at=page.as_of)
        self._seen = seen
