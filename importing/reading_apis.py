"""Read everything that an importer needs from a running Cachet, Statuspage or Gatus."""

from collections.abc import Mapping
from urllib.parse import quote

from importing import cachet, gatus_history, statuspage_v1, statuspage_v2
from importing.fetching import Asker
from importing.problems import SourceUnreadable
from importing.source_values import as_rows

_GATUS_PAGES = 20


def cachet_export(asker: Asker, base: str, *, has_token: bool) -> cachet.Export:
    """All lists of Cachet 2; subscribers only with its token. Raises SourceUnreadable."""
    api = _below(base, "/api/v1")
    components = asker.enveloped(f"{api}/components")
    cachet.check_version(components)
    incidents = asker.enveloped(f"{api}/incidents")
    updates: dict[str, list[object]] = {}
    for row in as_rows(incidents, "incidents"):
        if "updates" not in row.values:  # before 2.4 they are a list of their own
            key = row.needed("id")
            updates[key] = asker.enveloped(f"{api}/incidents/{quote(key, safe='')}/updates")
    return cachet.Export(
        components=components,
        groups=asker.enveloped(f"{api}/components/groups"),
        incidents=incidents,
        schedules=asker.enveloped(f"{api}/schedules"),
        subscribers=asker.enveloped(f"{api}/subscribers") if has_token else None,
        updates=updates,
    )


def statuspage_export(asker: Asker, base: str, *, page_id: str) -> statuspage_v1.Export:
    """Everything that a key of the management API gives. Raises SourceUnreadable."""
    api = base.rstrip("/")
    page = _page(asker, api, page_id)
    own = f"{api}/pages/{page['id']}"
    subscribers = {
        state: asker.numbered(f"{own}/subscribers", first=0, name="limit", state=state)
        for state in statuspage_v1.SUBSCRIBER_STATES
    }
    return statuspage_v1.Export(
        page=page,
        components=asker.numbered(f"{own}/components"),
        groups=asker.numbered(f"{own}/component-groups"),
        incidents=asker.numbered(f"{own}/incidents", name="limit"),
        templates=_optional(asker, f"{own}/incident_templates"),
        subscribers=subscribers,
    )


def statuspage_documents(asker: Asker, base: str) -> Mapping[str, object]:
    """The public documents of a page in Statuspage's form. Raises SourceUnreadable."""
    api = _below(base, "/api/v2")
    return {name: asker.json(f"{api}/{name}.json") for name in statuspage_v2.NAMES}


def gatus_statuses(asker: Asker, base: str) -> list[object]:
    """What a running Gatus remembers: the results of all endpoints, and the changes of each."""
    api = f"{_below(base, '/api/v1')}/endpoints"
    pages: list[object] = []
    for page in range(1, _GATUS_PAGES + 1):
        found = asker.json(f"{api}/statuses", page=page, pageSize=100)
        pages.append(found)
        if not any(len(row.rows("results")) >= 100 for row in as_rows(found, "statuses")):
            break
    for key in gatus_history.keys(pages[0]):
        single = asker.json_or_none(f"{api}/{quote(key, safe='')}/statuses")
        if single is not None:
            pages.append(single)
    return pages


def _page(asker: Asker, api: str, page_id: str) -> Mapping[str, object]:
    """The page that is meant: the one of this id, or the only one of the key."""
    rows = as_rows(asker.json(f"{api}/pages"), "pages")
    if page_id:
        rows = [row for row in rows if row.text("id") == page_id]
    if len(rows) == 1 and rows[0].needed("id").isalnum():
        return rows[0].values
    if not rows:
        raise SourceUnreadable("The key has no such page.")
    names = ", ".join(f"{row.text('id')} ({row.text('name')})" for row in rows[:10])
    raise SourceUnreadable(f"The key has several pages; name one with --page: {names}.")


def _optional(asker: Asker, url: str) -> list[object]:
    """A list that not every server in this form has."""
    found = asker.json_or_none(url, page=1, per_page=100)
    return [] if found is None else [row.values for row in as_rows(found, url)]


def _below(base: str, path: str) -> str:
    """The address of an API, whether it is named itself or the site it belongs to."""
    base = base.split("?", maxsplit=1)[0].split("#", maxsplit=1)[0].rstrip("/")
    return base if base.endswith(path) else f"{base}{path}"
