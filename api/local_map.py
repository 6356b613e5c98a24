"""What local daemons are to check: the map that `crisp-status-local` and `candor-local` fetch.

The first reads `replicas` and `http` and refuses a whole map for one address it does not know
(protocols 3.2, item 18), so it gets only those it knows; `candor` holds all options for ours.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import models

from monitoring.models import Mode, Node, Token, TokenKind

_KNOWN_TO_ALL = ("icmp://", "tcp://", "http://", "https://")
_METRICS = {"local": {"retry": 2, "delay_dead": 10, "delay_sick": 5}}


@dataclass(frozen=True, slots=True)
class Map:
    """The document as JSON, and its date: a number that changes with the content, and only then."""

    date: int
    body: bytes


def build(*, token: Token) -> Map:
    """The map for the holder of this token: local nodes, and those its location votes on."""
    nodes = (
        Node.objects.filter(_scope(token))
        .distinct()
        .select_related("component")
        .prefetch_related("replicas")
        .order_by("component__position", "component_id", "position", "id")
    )
    services: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for node in nodes:
        section = _node(node, with_secrets=token.kind == TokenKind.LOCAL)
        services[str(node.component.uuid)].append(section)
    content = {
        "metrics": _METRICS,
        "services": [{"id": service, "nodes": found} for service, found in services.items()],
    }
    # 48 bits: exact in every JSON parser. Opaque to clients; equal content has an equal date.
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).digest()
    date = int.from_bytes(digest[:6])
    return Map(date, json.dumps({"data": {"date": date, **content}}).encode())


def _scope(token: Token) -> models.Q:
    scope = models.Q(mode=Mode.LOCAL)
    if token.location_id is not None:
        scope |= models.Q(locations=token.location_id)
    if token.node_id is not None:
        scope &= models.Q(id=token.node_id)
    return scope


def _node(node: Node, *, with_secrets: bool) -> dict[str, Any]:
    rows = sorted(node.replicas.all(), key=lambda replica: (replica.position, replica.id))
    addresses = [replica.address for replica in rows]
    return {
        "id": str(node.uuid),
        "replicas": list(_for_all(addresses)),
        "http": {
            "status": {
                "healthy_above": node.http_status_min,
                "healthy_below": node.http_status_max + 1,
            },
            "body": {"healthy_match": node.http_body_contains, "dead_match": ""},
        },
        "candor": {
            "name": node.name,
            "replicas": addresses,
            "interval_s": node.interval_s,
            "retries": node.retries,
            "sick_after_s": node.sick_after_s,
            "dead_after_s": node.dead_after_s,
            "http": {
                "method": node.http_method,
                "status_min": node.http_status_min,
                "status_below": node.http_status_max + 1,
                "body_contains": node.http_body_contains or None,
                "body_regex": node.http_body_regex or None,
                "follow_redirects": node.http_follow_redirects,
                "verify_tls": node.http_verify_tls,
                # Headers may be secrets: for daemons only, not for every reporter's token (F13).
                "headers": node.http_headers if with_secrets else {},
            },
        },
    }


def _for_all(addresses: Iterable[str]) -> Iterable[str]:
    """Addresses that every daemon of the family can parse."""
    return (address for address in addresses if address.startswith(_KNOWN_TO_ALL))
