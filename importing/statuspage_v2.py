"""The public documents of a page in Statuspage's form (API v2), as a plan. Pure (interop 5.5).

What anybody may read of a page, without a key: 50 incidents and 50 maintenances, and no subscribers.
Pages of other vendors and our own publish the same documents.
"""

from collections.abc import Iterable, Mapping

from importing import html_text, statuspage_components, statuspage_events
from importing.plans import Plan
from importing.problems import SourceUnreadable
from importing.source_values import Notes, Row, as_row

SOURCE = "statuspage"
NAMES = ("components", "incidents", "scheduled-maintenances")
MOST = 50


def plan(documents: Mapping[str, object]) -> Plan:
    """Everything that the documents say; they are named as in `NAMES`, or one is a summary.

    Raises:
        SourceUnreadable: they are of another form.
    """
    notes = Notes()
    rows = [as_row(document, f"{name}.json") for name, document in documents.items()]
    leaves = _all(rows, "components")
    incidents, works = _all(rows, "incidents"), _all(rows, "scheduled_maintenances")
    if not any("components" in row for row in rows):
        raise SourceUnreadable("There are no components in it: is this a status page's api/v2?")
    known = statuspage_components.groups(row for row in leaves if row.flag("group"))
    keys = frozenset(row.needed("id") for row in leaves if not row.flag("group"))
    reader = statuspage_events.Reader(notes, html_text.to_markdown, keys)
    read = [reader.incident(row) for row in incidents]
    planned = [reader.maintenance(row) for row in works]
    known_from = min((one.started_at for one in read), default=None) if len(read) >= MOST else None
    for name, count in (("incidents", len(read)), ("maintenances", len(planned))):
        if count >= MOST:
            notes.add(
                f"more than {MOST} {name}",
                f"the public documents hold the newest {MOST}; with a key of the API all come along",
            )
    notes.add("subscribers", "the public documents do not name them; use a key of the API")
    page = next((row.row("page") for row in rows if "page" in row), Row({}, "page"))
    return Plan(
        source=SOURCE,
        page=page_facts(page),
        groups=tuple(known.values()),
        components=tuple(
            statuspage_components.components(leaves, known, notes, known_from=known_from)
        ),
        incidents=tuple(read),
        maintenances=tuple(planned),
        unmapped=tuple(notes.unmapped),
    )


def page_facts(page: Row) -> Mapping[str, object]:
    """What the page says of itself."""
    found = {name: page.text(name) for name in ("name", "time_zone", "url", "support_url")}
    return {name: value for name, value in found.items() if value}


def _all(rows: Iterable[Row], name: str) -> list[Row]:
    """The objects of a list in all documents, each once."""
    found: dict[str, Row] = {}
    for row in rows:
        for one in row.rows(name):
            found.setdefault(one.needed("id"), one)
    return list(found.values())
