"""The map: what the status page wants checked, from its JSON to plain values.

Reads the shape of the Crisp family (`metrics.local`, `http.status`, `http.body`) and, where the page
sends them, Candor's own options for each node (`candor`), which count before it. One address that
cannot be checked is left out with a word in the log; it never costs the others their checks.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from probing import options, targets
from probing.options import HttpOptions, Thresholds
from probing.targets import Target

_NODES_LIMIT = 5_000


class MapInvalid(ValueError):
    """The document is no map; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One node's targets and how to check them. `replicas` maps the id to report under (the text
    of the address) to the target.
    """

    service: str
    id: str
    name: str
    interval_s: float
    replicas: Mapping[str, Target]
    http: HttpOptions
    thresholds: Thresholds

    @property
    def key(self) -> tuple[str, str]:
        return self.service, self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Map:
    """Everything to check. `date` is opaque: sent back to ask for a newer map. `complaints` are
    sentences about what could not be used.
    """

    date: int | None
    nodes: tuple[Node, ...]
    complaints: tuple[str, ...]


def parse(text: bytes, *, interval_s: float) -> Map:
    """Read a map; nodes without an interval of their own get `interval_s`. Raises MapInvalid."""
    try:
        data = json.loads(text)["data"]
        complaints: list[str] = []
        metrics = (data.get("metrics") or {}).get("local") or {}
        sections = [
            (str(service["id"]), node) for service in data["services"] for node in service["nodes"]
        ]
        nodes = tuple(
            _node(service, node, metrics, interval_s, complaints)
            for service, node in sections[:_NODES_LIMIT]
        )
        date = data.get("date")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise MapInvalid(f"the map cannot be read ({type(error).__name__}: {error})") from error
    return Map(
        date=date if isinstance(date, int) else None, nodes=nodes, complaints=tuple(complaints)
    )


def _node(
    service: str,
    section: Mapping[str, Any],
    metrics: Mapping[str, Any],
    interval_s: float,
    complaints: list[str],
) -> Node:
    own = section.get("candor") or {}
    name = str(own.get("name") or section["id"])
    http = _own_http(own.get("http") or {}) if own else _family_http(section.get("http") or {})
    complaints += [f"{name}: {sentence}" for _, sentence in options.problems(http)]
    addresses = own.get("replicas") or section.get("replicas") or []
    return Node(
        service=service,
        id=str(section["id"]),
        name=name,
        interval_s=min(max(float(own.get("interval_s") or interval_s), 1.0), 86_400.0),
        replicas=dict(_targets(name, addresses, complaints)),
        http=http,
        thresholds=_thresholds(own, metrics),
    )


def _targets(
    name: str, addresses: list[str], complaints: list[str]
) -> Iterator[tuple[str, Target]]:
    for address in addresses:
        try:
            yield address, targets.parse_target(address)
        except targets.TargetInvalid as error:
            complaints.append(f"{name}: {address[:100]} is not checked: {error}")


def _thresholds(own: Mapping[str, Any], metrics: Mapping[str, Any]) -> Thresholds:
    """Retries and limits (D7); without any, those that the family's daemon has."""
    dead_after_s = float(own.get("dead_after_s") or metrics.get("delay_dead") or 20)
    sick_after_s = float(own.get("sick_after_s") or metrics.get("delay_sick") or dead_after_s)
    retries = own.get("retries", metrics.get("retry", 2))
    return Thresholds(
        sick_after_s=sick_after_s,
        dead_after_s=min(dead_after_s, 120.0),
        retries=min(max(int(retries), 0), 10),
    )


def _own_http(section: Mapping[str, Any]) -> HttpOptions:
    usual = HttpOptions()
    return HttpOptions(
        method=str(section.get("method") or usual.method),
        headers={str(name): str(value) for name, value in (section.get("headers") or {}).items()},
        status_min=int(section.get("status_min") or usual.status_min),
        status_below=int(section.get("status_below") or usual.status_below),
        body_contains=section.get("body_contains") or None,
        body_regex=section.get("body_regex") or None,
        follow_redirects=bool(section.get("follow_redirects", True)),
        verify_tls=bool(section.get("verify_tls", True)),
    )


def _family_http(section: Mapping[str, Any]) -> HttpOptions:
    status, body = section.get("status") or {}, section.get("body") or {}
    match = body.get("healthy_match") or None
    return HttpOptions(
        method="GET" if match else "HEAD",
        status_min=int(status.get("healthy_above") or 200),
        status_below=int(status.get("healthy_below") or 400),
        body_contains=match,
    )
