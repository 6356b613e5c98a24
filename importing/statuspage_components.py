"""Components and groups as Statuspage writes them, in both of its APIs. Pure (interop 1.2, 5.5)."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time

from importing.plans import Component, Group
from importing.source_values import Notes, Row
from importing.statuspage_events import status


def groups(rows: Iterable[Row]) -> dict[str, Group]:
    """The groups by id, of rows of groups or of components; both APIs have them, in other places."""
    found: dict[str, Group] = {}
    for row in rows:
        key = row.needed("id")
        found.setdefault(
            key,
            Group(
                key=key,
                name=row.needed("name")[:100],
                position=max(0, row.whole("position")),
                public_id=key,
            ),
        )
    return found


def components(
    rows: Sequence[Row], known: dict[str, Group], notes: Notes, *, known_from: datetime | None
) -> list[Component]:
    """The leaves, in the order of the page.

    `known_from` is the first moment that the incidents that were read reach back to, None when they
    are all there are: nobody can say how a component was before that.
    """
    leaves = [row for row in rows if not row.flag("group")]
    found = []
    for row in sorted(leaves, key=lambda one: one.whole("position")):
        key, group = row.needed("id"), row.text("group_id")
        for name, reason in _differences(row):
            notes.add(f"component {row.text('name')}: {name}", reason)
        found.append(
            Component(
                key=key,
                name=row.needed("name")[:100],
                description=row.text("description"),
                group=group if group in known else "",
                position=max(0, row.whole("position")),
                status=status(row, "status"),
                created_at=_begins(row, known_from),
                public_id=key,
            )
        )
    return found


def _differences(row: Row) -> Iterable[tuple[str, str]]:
    if row.flag("only_show_if_degraded"):
        yield "only_show_if_degraded", "components are shown always"
    if "showcase" in row and not row.flag("showcase"):
        yield "showcase", "its uptime is shown here"
    if "automation_email" in row:
        yield "automation_email", "statuses are not set by mail"


def _begins(row: Row, known_from: datetime | None) -> datetime | None:
    """From when its history counts: the start date that was set for it, or when it was made."""
    day = row.day("start_date")
    at = datetime.combine(day, time(), tzinfo=UTC) if day else row.moment("created_at")
    if at is None or known_from is None:
        return at
    return max(at, known_from)
