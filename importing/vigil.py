"""Vigil's configuration as a plan: services, nodes and replicas. Pure (interop 5.4).

Vigil keeps no history and no incidents in files, so a plan of it has none.
"""

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace

from importing import vigil_nodes
from importing.plans import Component, Group, KeptSecret, Node, Plan, Secret
from importing.problems import SourceUnreadable
from importing.source_values import Notes, Row, as_row, shown, unknown_keys

SOURCE = "vigil"
SIZE_LIMIT = 1024 * 1024
MAX_NODES = 5_000
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SLUG = re.compile(r"[-a-zA-Z0-9_]{1,90}")
_READ_METRICS = frozenset(
    {"poll_interval", "poll_retry", "poll_delay_dead", "poll_delay_sick", "push_delay_dead"}
    | {"poll_http_status_healthy_above", "poll_http_status_healthy_below", "local_delay_dead"}
    | {"push_system_cpu_sick_above", "push_system_ram_sick_above"}
)
_REASONS = {
    "poll_retry_wait": "the wait between attempts is fixed here",
    "poll_parallelism": "how many checks run at once is a setting of Candor",
    "script_interval": "scripts are not run here",
    "script_parallelism": "scripts are not run here",
    "custom_html": "foreign HTML is not put into pages",
    "reminder_interval": "set reminders under Alerts",
    "reminder_backoff_function": "set reminders under Alerts",
    "reminder_backoff_limit": "set reminders under Alerts",
    "reminder_escalate": "set reminders under Alerts",
    "startup_notification": "nobody is told of a start",
}


def plan(
    data: bytes,
    environment: Mapping[str, str],
    *,
    keeps_reporter_token: bool = False,
    services_are_components: bool = False,
) -> Plan:
    """Everything that the configuration says.

    A service is a group and each node a component, or, with `services_are_components`, a service one
    component with its nodes: then both keep the ids by which reporters call them. With
    `keeps_reporter_token` the reporters' password goes on working here.

    Raises:
        SourceUnreadable: it is no TOML, or something in it is of the wrong kind.
    """
    notes = Notes()
    top = _document(data, environment, notes)
    services = top.row("probe").rows("service")
    if not services:
        raise SourceUnreadable("There is no [[probe.service]] in it: is this a file of Vigil?")
    reader = _Reader(notes, top.row("metrics"))
    take = reader.as_component if services_are_components else reader.as_group
    for place, service in enumerate(services):
        take(service, place)
    if reader.nodes.has_push and not services_are_components:
        reader.notes.add(
            "reporters",
            "services are groups here: give each reporter the names of its component and node, or "
            "import with --services-as-components",
        )
    kept = _server(top.row("server"), reader, keeps_reporter_token)
    _note_rest(top, notes, reader.secrets)
    title = top.row("branding").text("page_title")
    return Plan(
        source=SOURCE,
        page={"name": title} if title else {},
        groups=tuple(reader.groups),
        components=tuple(reader.components),
        kept_secrets=kept,
        secrets=tuple(reader.secrets),
        unmapped=tuple(notes.unmapped),
    )


class _Reader:
    """Collects what the services say; `metrics` hold for all nodes."""

    def __init__(self, notes: Notes, metrics: Row) -> None:
        self.notes = notes
        self.groups: list[Group] = []
        self.components: list[Component] = []
        self.secrets: list[Secret] = []
        self.nodes = vigil_nodes.Reader(notes, self.secrets, metrics)
        self._ids: set[str] = set()

    def as_group(self, row: Row, place: int) -> None:
        """A service as a group of components with one node each."""
        key, name = self._service(row)
        self.groups.append(Group(key=key, name=name, position=place))
        for node in row.rows("node"):
            own, label, found = self._node(node, service=key)
            self.components.append(
                Component(
                    key=own,
                    name=label,
                    group=key,
                    position=len(self.components),
                    nodes=(found,) if found else (),
                )
            )

    def as_component(self, row: Row, place: int) -> None:
        """A service as one component with all its nodes, called by their ids."""
        key, name = self._service(row)
        nodes = [
            replace(found, slug=_slug(node))
            for node in row.rows("node")
            if (found := self._node(node, service=key)[2]) is not None
        ]
        self.components.append(
            Component(key=key, name=name, slug=_slug(row), position=place, nodes=tuple(nodes))
        )

    def _service(self, row: Row) -> tuple[str, str]:
        """Id and label of a service, told what else it says."""
        key = self._own(row, row.needed("id"), "service")
        for name in unknown_keys(row, frozenset({"id", "label", "node"})):
            self.notes.add(f"{key}: {name}", "there is no such setting here")
        return key, row.text("label", key)[:100]

    def _own(self, row: Row, key: str, what: str) -> str:
        if key in self._ids:
            raise SourceUnreadable(f"{row.where}: a second {what} has the id {shown(key)}.")
        if len(self._ids) >= MAX_NODES:
            raise SourceUnreadable(f"There are more than {MAX_NODES:,} services and nodes.")
        self._ids.add(key)
        return key

    def _node(self, row: Row, *, service: str) -> tuple[str, str, Node | None]:
        """Key, label and check of a node."""
        key = self._own(row, f"{service}/{row.needed('id')}", "node")
        name = row.text("label", row.needed("id"))[:100]
        return key, name, self.nodes.read(row, key=key, name=name)


def _slug(row: Row) -> str:
    """The id as a slug, if it can be one; reporters of the others need the new name."""
    key = row.needed("id")
    return key if _SLUG.fullmatch(key) else ""


def _document(data: bytes, environment: Mapping[str, str], notes: Notes) -> Row:
    if len(data) > SIZE_LIMIT:
        raise SourceUnreadable(f"The file is larger than {SIZE_LIMIT // 1024} KB.")
    missing: set[str] = set()

    def value(match: re.Match[str]) -> str:
        if match.group(1) not in environment:
            missing.add(match.group(1))
        return environment.get(match.group(1), "")

    try:
        text = data.decode("utf-8").removeprefix("\ufeff")
        found = tomllib.loads(_VARIABLE.sub(value, text))
    except UnicodeDecodeError:
        raise SourceUnreadable("The file is not UTF-8 text.") from None
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise SourceUnreadable(f"The file is not TOML: {shown(str(error), 120)}.") from None
    for name in sorted(missing):
        notes.add(f"${{{name}}}", "the file names it and it is not set: it reads as nothing")
    return as_row(found, "")


def _server(server: Row, reader: _Reader, keeps: bool) -> tuple[KeptSecret, ...]:
    if "manager_token" in server:
        reader.secrets.append(Secret(where="server.manager_token", what="the password of managers"))
    token = server.text("reporter_token")
    if not token:
        return ()
    if keeps:
        return (KeptSecret(node="", kind="reporter", secret=token, label="Vigil's reporter token"),)
    reader.secrets.append(
        Secret(
            where="server.reporter_token",
            what="the password of reporters; --keep-reporter-token keeps it",
            digest=hashlib.sha256(token.encode()).hexdigest(),
        )
    )
    return ()


def _note_rest(top: Row, notes: Notes, secrets: list[Secret]) -> None:
    for name in unknown_keys(top.row("metrics"), _READ_METRICS):
        notes.add(f"metrics.{name}", _REASONS.get(name, "there is no such setting here"))
    for name in unknown_keys(top.row("branding"), frozenset({"page_title"})):
        notes.add(f"branding.{name}", _REASONS.get(name, "how the page looks is set in its editor"))
    notify = top.row("notify")
    for name, value in notify.values.items():
        if isinstance(value, dict):
            secrets.append(Secret(where=f"notify.{name}", what="an alert channel of Vigil"))
        else:
            notes.add(f"notify.{name}", _REASONS.get(name, "set it under Alerts"))
    for name in top.row("plugins").values:
        notes.add(f"plugins.{name}", "queues are not watched here")
    unread = frozenset({"probe", "metrics", "branding", "notify", "plugins", "server", "assets"})
    for name in unknown_keys(top, unread):
        notes.add(name, "there is no such setting here")
