"""The client: resources by name, and the steps that are more than a row."""

import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Generic, Self, TypeVar, cast
from urllib.parse import quote

import httpx

from candor.shapes import (
    Announcement,
    Applied,
    Component,
    Incident,
    IncidentUpdate,
    Maintenance,
    Status,
    Subscriber,
    Uptime,
)
from candor.transport import Transport

T = TypeVar("T")
Row = dict[str, Any]


class Resource(Generic[T]):
    """One kind of thing of the API, below its path."""

    def __init__(self, transport: Transport, path: str) -> None:
        self._transport = transport
        self._path = path

    def list(self, **filters: Any) -> Iterator[T]:
        """All of them, page after page as they are asked for; filters as the API has them."""
        cursor: str | None = None
        while True:
            asked = {**filters, "cursor": cursor}
            body = self._transport.ask("GET", self._path, params=asked).body
            yield from body["data"]
            cursor = body.get("next")
            if not cursor:
                return

    def get(self, id: str | int) -> T:  # noqa: A002 - what the API calls it
        """One of them. Raises NotFound."""
        return cast("T", self._transport.ask("GET", self._one(id)).body)

    def create(self, **fields: Any) -> T:
        """Make one; sent again after a lost answer, it is still made once."""
        answer = self._transport.ask("POST", self._path, body=fields, creates=True)
        return cast("T", answer.body)

    def change(self, id: str | int, **fields: Any) -> T:  # noqa: A002
        """Change fields of one, whatever somebody else made of it meanwhile."""
        return cast("T", self._transport.ask("PATCH", self._one(id), body=fields).body)

    def edit(self, id: str | int, make: Callable[[T], Row]) -> T:  # noqa: A002
        """Read one, have `make` say what to change of it, and change that, unless somebody was faster.

        Raises Changed: read it again and decide anew.
        """
        path = self._one(id)
        seen = self._transport.ask("GET", path)
        fields = make(cast("T", seen.body))
        return cast("T", self._transport.ask("PATCH", path, body=fields, etag=seen.etag).body)

    def delete(self, id: str | int) -> None:  # noqa: A002
        """Remove one."""
        self._transport.ask("DELETE", self._one(id))

    def _one(self, id: str | int) -> str:  # noqa: A002
        return f"{self._path}/{quote(str(id), safe='')}"


class Candor:
    """A status page, for a program with an access token.

    Args:
        url: the page's origin, like "https://status.example.com".
        token: "can_…", made on the console's screen "API tokens".
        timeout_s: seconds that one try of a request may take.

    Every method raises the exceptions of `candor.errors`. Connections are kept: use it as a context
    manager, or call `close`.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        timeout_s: float = 15.0,
        wait: Callable[[float], None] = time.sleep,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._transport = Transport(url, token, timeout_s=timeout_s, wait=wait, transport=transport)
        self.components: Resource[Component] = self.resource("/components")
        self.incidents: Resource[Incident] = self.resource("/incidents")
        self.maintenances: Resource[Maintenance] = self.resource("/maintenances")
        self.announcements: Resource[Announcement] = self.resource("/announcements")
        self.subscribers: Resource[Subscriber] = self.resource("/subscribers")
        self.groups: Resource[Row] = self.resource("/groups")
        self.nodes: Resource[Row] = self.resource("/nodes")
        self.replicas: Resource[Row] = self.resource("/replicas")
        self.templates: Resource[Row] = self.resource("/templates")
        self.pages: Resource[Row] = self.resource("/pages")
        self.customer_pages: Resource[Row] = self.resource("/customer-pages")
        self.channels: Resource[Row] = self.resource("/channels")
        self.deliveries: Resource[Row] = self.resource("/deliveries")
        self.catalog_types: Resource[Row] = self.resource("/catalog/types")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._transport.close()

    def resource(self, path: str) -> Resource[Any]:
        """Anything else of the API by its path, like "/catalog/types/customer/entries"."""
        return Resource(self._transport, path)

    def ask(self, method: str, path: str, body: object = None, **params: Any) -> Any:
        """Any request below the API; its JSON body."""
        return self._transport.ask(method, path, params=params, body=body).body

    # ---- components --------------------------------------------------------------------------

    def set_status(self, component: str, status: Status | None) -> Component:
        """Hold a component (id or slug) in a status; None has it follow its monitors again."""
        path = f"/components/{quote(component, safe='')}/status"
        return cast("Component", self.ask("PUT", path, {"status": status}))

    def uptime(self, component: str, **span: Any) -> Uptime:
        """How long a component was in which status: `days=90`, or `from` and `to`."""
        return cast(
            "Uptime", self.ask("GET", f"/components/{quote(component, safe='')}/uptime", **span)
        )

    # ---- events ------------------------------------------------------------------------------

    def post_update(self, incident_id: str, **fields: Any) -> IncidentUpdate:
        """Post an update: `text`, `state`, `impact`, `components`, `notify` …"""
        resource: Resource[IncidentUpdate] = self.resource(
            f"/incidents/{quote(incident_id, safe='')}/updates"
        )
        return resource.create(**fields)

    def updates(self, incident_id: str) -> Iterator[IncidentUpdate]:
        """The timeline of an incident."""
        resource: Resource[IncidentUpdate] = self.resource(
            f"/incidents/{quote(incident_id, safe='')}/updates"
        )
        return resource.list()

    def step_maintenance(self, maintenance_id: str, **fields: Any) -> Row:
        """Post an entry of a maintenance: `text`, `state`, `notify` …"""
        resource: Resource[Row] = self.resource(
            f"/maintenances/{quote(maintenance_id, safe='')}/updates"
        )
        return resource.create(**fields)

    def extend_maintenance(self, maintenance_id: str, **fields: Any) -> Maintenance:
        """Let a window end later."""
        path = f"/maintenances/{quote(maintenance_id, safe='')}/extend"
        return cast("Maintenance", self.ask("POST", path, fields))

    def cancel_maintenance(self, maintenance_id: str, **fields: Any) -> Row:
        """Call a window off."""
        path = f"/maintenances/{quote(maintenance_id, safe='')}/cancel"
        return cast("Row", self.ask("POST", path, fields))

    # ---- the configuration file ---------------------------------------------------------------

    def apply(self, document: str, *, dry_run: bool = False, prune: bool = False) -> Applied:
        """Make the installation what a configuration file (YAML) says, all of it or nothing."""
        body = {"document": document, "dry_run": dry_run, "prune": prune}
        return cast("Applied", self.ask("POST", "/apply", body))
