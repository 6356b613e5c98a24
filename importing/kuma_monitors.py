"""One monitor of Uptime Kuma as a check of ours, and what of it has no place here. Pure."""

import json
from dataclasses import dataclass
from urllib.parse import quote

from components.status import Status
from importing import checks_from_others as checks
from importing.checks_from_others import Check
from importing.plans import KeptSecret, Node, Secret
from importing.source_values import Notes, Row, shown
from probing.targets import RECORD_TYPES

WEB = frozenset({"http", "keyword", "json-query"})
_TIMEOUT_SHARE = 0.8  # of the interval, where a monitor has no timeout of its own
# A caller that comes every minute comes a little late now and then.
_PUSH_GRACE_S = 20.0
_LONGEST_S = 366 * 86_400.0
_MANUAL = {
    0: Status.MAJOR_OUTAGE,
    1: Status.OPERATIONAL,
    3: Status.UNDER_MAINTENANCE,
}
# Columns that open doors, with what they are.
_SECRETS = {
    "basic_auth_pass": "a password for HTTP authentication",
    "bearer_token": "a bearer token",
    "oauth_client_secret": "a client secret of OAuth",
    "tls_key": "the key of a client certificate",
    "database_connection_string": "a connection string with its credentials",
    "mqtt_password": "a password for MQTT",
    "radius_password": "a password for RADIUS",
    "radius_secret": "a secret for RADIUS",
    "rabbitmq_password": "a password for RabbitMQ",
    "kafka_producer_sasl_options": "credentials for Kafka",
    "snmp_community_string": "a community string of SNMP",
}
_NO_SECRETS = frozenset({"", "{}", "null", '{"mechanism":"None"}', '{"mechanism": "None"}'})


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitor:
    """A monitor as it was read. Without a node nothing of ours can do what it did."""

    node: Node | None = None
    kept: KeptSecret | None = None
    status: Status | None = None


def key_of(row: Row) -> str:
    """What a monitor is called inside its source."""
    return f"monitor-{row.whole('id')}"


def name_of(row: Row) -> str:
    return row.text("name").strip() or f"Monitor {row.whole('id')}"


def interval_s(row: Row) -> float:
    """How often it checks; a damaged one counts as once a minute."""
    return min(max(row.number("interval", 60.0) or 60.0, 1.0), _LONGEST_S)


def read(row: Row, *, notes: Notes, secrets: list[Secret]) -> Monitor:
    """The check of a monitor. Raises SourceUnreadable for what is no monitor."""
    kind = row.text("type", "http")
    check = Check(what=name_of(row), notes=notes, secrets=secrets)
    is_paused = not (row.flag("active", True) and row.flag("force_inactive") is False)
    _list_secrets(check, row, kind)
    if kind == "manual":
        return Monitor(status=_MANUAL.get(row.whole("manual_status", 1)))
    if row.flag("upside_down"):
        check.left_out("upside down", "Candor has no check that is well when nothing answers")
        return Monitor()
    if kind == "push":
        return _push(check, row, is_paused=is_paused)
    address = _address(check, row, kind)
    if address is None:
        return Monitor()
    _take_times(check, row)
    _tell_rest(check, row)
    if kind in WEB:
        _take_http(check, row, kind)
    return Monitor(
        node=Node(
            key=key_of(row),
            name=name_of(row),
            options=check.options,
            addresses=(address,),
            is_paused=is_paused or check.is_paused,
        )
    )


def _list_secrets(check: Check, row: Row, kind: str) -> None:
    """Tell of each secret; a web check that signs in would fail without, and waits."""
    for column, what in _SECRETS.items():
        value = row.values.get(column)
        text = value if isinstance(value, str) else json.dumps(value or "").strip('"')
        if text not in _NO_SECRETS:
            check.secret(column, what)
    method = row.text("auth_method")
    if kind in WEB and method not in {"", "none", "null"}:
        check.pause(f"authentication ({shown(method, 20)})", "credentials are not imported")


def _push(check: Check, row: Row, *, is_paused: bool) -> Monitor:
    """A check that is told by others; silence is counted from its interval on."""
    waits_s = interval_s(row) * (row.whole("maxretries") + 1) + _PUSH_GRACE_S
    check.within("silent_after_s", waits_s, checks.SILENT_AFTER_S, "interval")
    token = row.text("push_token").strip()
    if is_paused:
        check.left_out("paused", "a push check listens as soon as it is there")
    node = Node(key=key_of(row), name=name_of(row), mode="push", options=check.options)
    kept = None
    if token:
        kept = KeptSecret(node=node.key, kind="push_url", secret=token, label=name_of(row))
    return Monitor(node=node, kept=kept)


def _address(check: Check, row: Row, kind: str) -> str | None:
    host = row.text("hostname").strip()
    shown_host = f"[{host}]" if ":" in host and not host.startswith("[") else host
    match kind:
        case "http" | "keyword" | "json-query":
            return checks.address(check, row.text("url"))
        case "port":
            return checks.address(check, f"tcp://{shown_host}:{row.whole('port')}")
        case "ping":
            return checks.address(check, f"icmp://{shown_host}")
        case "dns":
            return checks.address(check, _dns(check, row, host))
    check.left_out(f"type {shown(kind, 40)}", f"Candor has no check of this kind{_offer(row)}")
    return None


def _dns(check: Check, row: Row, host: str) -> str:
    record_type = row.text("dns_resolve_type", "A").upper()
    if record_type not in RECORD_TYPES:
        check.left_out(f"record type {record_type}", "A is asked for")
        record_type = "A"
    # The first of several: one server is asked here.
    server, *others = [one.strip() for one in row.text("dns_resolve_server").split(",")]
    if others:
        check.left_out(f"name servers {', '.join(others)}", "one name server is asked here")
    port = row.whole("port", 53)
    address = f"dns://{host}?type={record_type}"
    if not server:
        return address
    shown_server = f"[{server}]" if ":" in server else server
    return (
        address + f"&server={quote(shown_server, safe='[]:')}" + (f":{port}" if port != 53 else "")
    )


def _offer(row: Row) -> str:
    """What could be watched instead: that something listens at all."""
    for column in ("url", "grpc_url", "database_connection_string"):
        host, port = _host_and_port(row.text(column))
        if host and port:
            return f"; that it listens could be watched as tcp://{host}:{port}"
    host, port = row.text("hostname").strip(), row.whole("port")
    if host and port:
        return f"; that it listens could be watched as tcp://{host}:{port}"
    return ""


def _host_and_port(text: str) -> tuple[str, int | None]:
    if "://" not in text:
        text = f"//{text}"
    host, port = checks.host_of(text)
    scheme = text.partition("://")[0].lower()
    usual = {"ws": 80, "wss": 443, "postgres": 5432, "postgresql": 5432, "mysql": 3306}
    usual |= {"redis": 6379, "rediss": 6379, "mongodb": 27017}
    return host, port or usual.get(scheme)


def _take_times(check: Check, row: Row) -> None:
    every_s = interval_s(row)
    timeout_s = row.number("timeout", 0.0) or every_s * _TIMEOUT_SHARE
    check.within("interval_s", every_s, checks.INTERVAL_S, "interval")
    check.within("retries", row.whole("maxretries"), checks.RETRIES, "retries")
    least, most = checks.DEAD_AFTER_S
    if row.number("timeout", 0.0):
        check.within("dead_after_s", timeout_s, checks.DEAD_AFTER_S, "timeout")
    else:
        check.options["dead_after_s"] = min(max(timeout_s, least), most)


def _tell_rest(check: Check, row: Row) -> None:
    """What 2.x knows beside that, and we do not."""
    if row.text("conditions").strip() not in {"", "[]", "null"}:
        check.left_out("conditions", "what answers is well here, whatever it answers")
    if row.text("ip_family") in {"ipv4", "ipv6"}:
        check.left_out(row.text("ip_family"), "IPv4 and IPv6 are both tried here")


def _take_http(check: Check, row: Row, kind: str) -> None:
    checks.take_method(check, row.text("method", "GET") or "GET", body=row.text("body").strip())
    checks.take_headers(check, _headers(check, row))
    _take_statuses(check, row)
    check.options["http_follow_redirects"] = row.whole("maxredirects", 10) > 0
    check.options["http_verify_tls"] = not row.flag("ignore_tls")
    if kind == "keyword":
        _take_keyword(check, row)
    if kind == "json-query":
        check.left_out(
            f"JSON query {shown(row.text('json_path'), 40)}",
            "checks do not read JSON: the status code decides",
        )


def _take_keyword(check: Check, row: Row) -> None:
    keyword = row.text("keyword")
    if row.flag("invert_keyword"):
        check.left_out(
            f"inverted keyword {shown(keyword, 40)}", "a body can be asked to hold words"
        )
    elif len(keyword) > checks.BODY_LIMIT:
        check.left_out("keyword", f"it is longer than {checks.BODY_LIMIT} characters")
    else:
        check.options["http_body_contains"] = keyword


def _headers(check: Check, row: Row) -> dict[str, str]:
    text = row.text("headers").strip()
    if not text:
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        check.left_out("headers", "they are no JSON object")
        return {}
    return {str(name): str(value) for name, value in found.items()}


def _take_statuses(check: Check, row: Row) -> None:
    """One range of status codes; what several leave out between them is told."""
    ranges = sorted(_ranges(row))
    if not ranges:
        ranges = [(200, 299)]
    least, most = ranges[0][0], max(high for _low, high in ranges)
    check.options["http_status_min"] = min(max(least, checks.STATUS[0]), checks.STATUS[1])
    check.options["http_status_max"] = min(max(most, checks.STATUS[0]), checks.STATUS[1])
    reached = ranges[0][1]
    for low, high in ranges[1:]:
        if low > reached + 1:
            check.left_out(
                f"status codes {', '.join(f'{a}-{b}' for a, b in ranges)}",
                f"one range is kept here: {least} to {most}",
            )
            return
        reached = max(reached, high)


def _ranges(row: Row) -> list[tuple[int, int]]:
    value = row.values.get("accepted_statuscodes_json", row.values.get("accepted_statuscodes"))
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            value = None
    found = []
    for one in value if isinstance(value, list) else []:
        low, _, high = str(one).partition("-")
        if low.isascii() and low.isdigit() and len(low) < 5:
            upper = int(high) if high.isascii() and high.isdigit() and len(high) < 5 else int(low)
            found.append((int(low), max(int(low), upper)))
    return found
