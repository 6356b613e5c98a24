"""Gatus's configuration as a plan: endpoints, external endpoints, windows and announcements. Pure (interop 5.3).

`gatus_files` reads the files; what happened before comes from a running Gatus through `gatus_history`.
Keys are Gatus's own (`group_name`), so that pushes and badges find their node.
"""

import re
from collections.abc import Sequence
from urllib.parse import quote

from importing import checks_from_others as checks
from importing import gatus_announcements, gatus_conditions, gatus_windows
from importing.checks_from_others import Check
from importing.plans import Component, Group, KeptSecret, Maintenance, Node, Plan, Secret
from importing.problems import SourceUnreadable
from importing.source_values import Notes, Row, shown, unknown_keys
from probing.targets import DnsQuestion

SOURCE = "gatus"
MAX_ENDPOINTS = 5_000
# Schemes whose check is at least a connection over TCP.
_OVER_TCP = frozenset({"tls", "starttls", "ssh", "grpc", "grpcs", "ws", "wss"})
_TCP_PORTS = {"tls": 443, "ssh": 22, "grpc": 80, "grpcs": 443, "ws": 80, "wss": 443}
_COMMON_KEYS = frozenset({"enabled", "name", "group", "maintenance-windows"})
_ENDPOINT_KEYS = _COMMON_KEYS | {"url", "interval", "conditions", "dns", "ssh", "client"}
_REQUEST_KEYS = frozenset({"method", "body", "graphql", "headers"})
_EXTERNAL_KEYS = _COMMON_KEYS | {"token", "heartbeat"}
_CLIENT_KEYS = frozenset({"timeout", "insecure", "ignore-redirect", "dns-resolver", "oauth2"})
_TOP_KEYS = frozenset(
    {"endpoints", "external-endpoints", "maintenance", "announcements", "ui", "suites"}
)
_REASONS = {
    "alerts": "who is told is decided here by alert channels",
    "ui": "how it is shown is decided here by the page",
    "extra-labels": "components have no labels",
    "proxy-url": "checks go out directly",
    "tls": "checks show no certificate of their own",
    "network": "checks use both address families",
    "tunnel": "checks go out directly",
    "identity-aware-proxy": "checks do not sign in anywhere",
    "alerting": "channels hold secrets: enter them under Alerts",
    "security": "who may sign in is decided here by accounts",
    "storage": "Candor has a database of its own",
    "web": "where Candor listens is a setting of its own",
    "metrics": "metrics are a setting of Candor",
    "remote": "checks of other installations are made by themselves",
    "connectivity": "Candor notices by itself when it is offline",
    "tunneling": "checks go out directly",
    "concurrency": "how many checks run at once is a setting of Candor",
}


def plan(top: Row, notes: Notes, *, slow_is_sick: bool = False) -> Plan:
    """Everything that the configuration says.

    With `slow_is_sick` a limit of the response time makes a check sick instead of dead.

    Raises:
        SourceUnreadable: something in it is of the wrong kind.
    """
    reader = _Reader(notes, slow_is_sick=slow_is_sick)
    for row in top.rows("endpoints"):
        reader.endpoint(row)
    for row in top.rows("external-endpoints"):
        reader.external(row)
    if not reader.components:
        raise SourceUnreadable("There is no endpoint in it: is this a configuration of Gatus?")
    reader.window(top.row("maintenance"), [one.key for one in reader.components], "")
    incidents, announcements = gatus_announcements.read(top.rows("announcements"), notes)
    for suite in top.rows("suites"):
        notes.add(f"suite {suite.text('name')}", "checks in several steps are not made here")
    _note_rest(top, notes, reader.secrets)
    title = top.row("ui").text("title") or top.row("ui").text("header")
    return Plan(
        source=SOURCE,
        page={"name": title} if title else {},
        groups=tuple(reader.groups.values()),
        components=tuple(reader.components),
        incidents=incidents,
        announcements=announcements,
        maintenances=tuple(reader.maintenances),
        kept_secrets=tuple(reader.kept),
        secrets=tuple(reader.secrets),
        unmapped=tuple(notes.unmapped),
    )


def key_of(group: str, name: str) -> str:
    """Gatus's name of an endpoint in its addresses: group and name, joined by an underscore."""
    return "_".join(re.sub(r"[/_., #+&]", "-", part.lower().strip()) for part in (group, name))


class _Reader:
    """Collects what the endpoints say."""

    def __init__(self, notes: Notes, *, slow_is_sick: bool) -> None:
        self.notes = notes
        self.groups: dict[str, Group] = {}
        self.components: list[Component] = []
        self.maintenances: list[Maintenance] = []
        self.kept: list[KeptSecret] = []
        self.secrets: list[Secret] = []
        self._slow_is_sick = slow_is_sick
        self._keys: set[str] = set()

    def endpoint(self, row: Row) -> None:
        key, check = self._begin(row)
        is_enabled = row.flag("enabled", True)
        address = self._address(row, check)
        for name in unknown_keys(row, _ENDPOINT_KEYS | _REQUEST_KEYS):
            check.left_out(name, _REASONS.get(name, "there is no such setting here"))
        nodes: tuple[Node, ...] = ()
        if address is not None:
            node = Node(
                key=key,
                name=row.needed("name")[:100],
                options=check.options,
                addresses=(address,),
                is_paused=check.is_paused or not is_enabled,
            )
            nodes = (node,)
        self._add(row, key, nodes)

    def external(self, row: Row) -> None:
        """A node that others report to, whose token goes on working (I3's receiver knows its key)."""
        key, check = self._begin(row)
        heartbeat = row.row("heartbeat").seconds("interval", 0)
        if heartbeat > 0:
            check.within("silent_after_s", heartbeat, checks.SILENT_AFTER_S, "heartbeat.interval")
        else:
            check.options["silent_after_s"] = checks.SILENT_AFTER_S[1]
            check.left_out("no heartbeat", "after a week without a push it counts as dead here")
        for name in unknown_keys(row, _EXTERNAL_KEYS):
            check.left_out(name, _REASONS.get(name, "there is no such setting here"))
        if not row.flag("enabled", True):
            check.left_out("enabled: false", "it is switched off, so no push node waits for it")
            self._add(row, key, ())
            return
        if token := row.text("token").strip():
            self.kept.append(
                KeptSecret(node=key, kind="external_endpoint", secret=token, label=key)
            )
        else:
            check.left_out("token", "it has none, so nothing can push to it until it gets one here")
        name = row.needed("name")[:100]
        self._add(row, key, (Node(key=key, name=name, mode="push", options=check.options),))

    def window(self, row: Row, components: Sequence[str], what: str) -> None:
        """A maintenance window, of an endpoint (`what`) or of everything."""
        found = gatus_windows.read(row, components, what)
        if found is not None:
            self.maintenances.append(found)
        elif row.values:
            self.notes.add(row.where, "it is switched off")

    def _begin(self, row: Row) -> tuple[str, Check]:
        name, group = row.needed("name"), row.text("group").strip()
        key = key_of(group, name)
        if key in self._keys:
            raise SourceUnreadable(f"{row.where}: a second endpoint has the key {shown(key)}.")
        self._keys.add(key)
        if len(self._keys) > MAX_ENDPOINTS:
            raise SourceUnreadable(f"There are more than {MAX_ENDPOINTS:,} endpoints.")
        if group:
            self.groups.setdefault(
                group, Group(key=group, name=group[:100], position=len(self.groups))
            )
        return key, Check(
            what=f"{group}/{name}" if group else name, notes=self.notes, secrets=self.secrets
        )

    def _add(self, row: Row, key: str, nodes: tuple[Node, ...]) -> None:
        self.components.append(
            Component(
                key=key,
                name=row.needed("name")[:100],
                group=row.text("group").strip(),
                position=len(self.components),
                nodes=nodes,
            )
        )
        for window in row.rows("maintenance-windows"):
            self.window(window, [key], row.needed("name"))

    def _address(self, row: Row, check: Check) -> str | None:
        url, client = row.needed("url"), row.row("client")
        scheme = url.partition("://")[0].lower() if "://" in url else ""
        is_dns, is_http = "dns" in row, scheme in {"http", "https"} and "dns" not in row
        check.within("interval_s", row.seconds("interval", 60), checks.INTERVAL_S, "interval")
        check.options["retries"] = 0  # of Gatus every failed check counts
        found = gatus_conditions.read(
            check, row.texts("conditions"), is_http=is_http, is_dns=is_dns
        )
        self._thresholds(check, client.seconds("timeout", 10), found.slower_than_s)
        self._client(check, client, is_http=is_http)
        if "ssh" in row and (row.row("ssh").text("username") or row.row("ssh").text("password")):
            check.secret("ssh", "the account that the check signs in with")
            check.left_out("ssh", "checks do not sign in anywhere")
        if is_dns:
            return self._dns(row, check, found.expected)
        if is_http:
            self._request(row, check)
            return checks.address(check, url)
        if scheme in _OVER_TCP:
            return self._over_tcp(check, scheme, url)
        return checks.address(check, url)

    def _thresholds(self, check: Check, timeout_s: float, slower_than_s: float | None) -> None:
        if slower_than_s and self._slow_is_sick:
            check.within("dead_after_s", timeout_s, checks.DEAD_AFTER_S, "client.timeout")
            sick_s = min(slower_than_s, float(str(check.options["dead_after_s"])))
            check.options["sick_after_s"] = max(sick_s, 0.001)
            return
        limit = min(slower_than_s or timeout_s, timeout_s)
        part = (
            "[RESPONSE_TIME]" if slower_than_s and slower_than_s <= timeout_s else "client.timeout"
        )
        check.within("dead_after_s", limit, checks.DEAD_AFTER_S, part)
        check.options["sick_after_s"] = check.options["dead_after_s"]  # Gatus calls nothing slow

    def _client(self, check: Check, client: Row, *, is_http: bool) -> None:
        if is_http:
            check.options["http_verify_tls"] = not client.flag("insecure")
            check.options["http_follow_redirects"] = not client.flag("ignore-redirect")
        if "oauth2" in client:
            check.secret("client.oauth2", "the account that the check signs in with")
            check.pause("client.oauth2", "credentials are not imported")
        for name in unknown_keys(client, _CLIENT_KEYS):
            check.left_out(f"client.{name}", _REASONS.get(name, "there is no such setting here"))
        if "dns-resolver" in client:
            check.left_out("client.dns-resolver", "names are looked up as the system does")

    def _request(self, row: Row, check: Check) -> None:
        body = row.text("body")
        if row.flag("graphql"):
            check.left_out("graphql", "checks send no body")
        checks.take_method(check, row.text("method", "GET"), body=body)
        headers = row.row("headers")
        checks.take_headers(check, {name: headers.text(name) for name in headers.values})

    def _dns(self, row: Row, check: Check, expected: list[str]) -> str | None:
        dns, server = row.row("dns"), row.needed("url").partition("://")[2] or row.needed("url")
        text = gatus_conditions.dns_address(
            dns.needed("query-name").rstrip("."),
            DnsQuestion(
                record_type=dns.text("query-type", "A").upper(),
                server=server,
                expected=tuple(quote(one, safe=":.-_") for one in expected),
            ),
        )
        return checks.address(check, text)

    def _over_tcp(self, check: Check, scheme: str, url: str) -> str | None:
        host, port = checks.host_of(url)
        port = port or _TCP_PORTS.get(scheme)
        if not host or port is None:
            check.left_out(url, "its host and port cannot be read")
            return None
        check.left_out(f"{scheme}://", "only the connection over TCP is checked here")
        return checks.address(check, f"tcp://{host}:{port}")


def _note_rest(top: Row, notes: Notes, secrets: list[Secret]) -> None:
    for name in unknown_keys(top, _TOP_KEYS):
        notes.add(name, _REASONS.get(name, "there is no such setting here"))
    for name in unknown_keys(top.row("ui"), frozenset({"title", "header"})):
        notes.add(f"ui.{name}", "how the page looks is set in its editor")
    if isinstance(top.values.get("alerting"), dict):
        secrets += [
            Secret(where=f"alerting.{name}", what="an alert channel of Gatus")
            for name in top.row("alerting").values
        ]
    if "security" in top:
        secrets.append(Secret(where="security", what="the sign-in of Gatus"))
