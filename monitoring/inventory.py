"""Add, change and remove nodes and replicas: what the console and config as code call.

Every function is one transaction, validates everything first (ValidationError by field, nothing
saved), lets the next check use the new options (D8) and shows on the page at once (B4).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction

from components import catalogue
from components.models import Component
from monitoring import addresses as addresses_rule
from monitoring import told_deaths, verdicts
from monitoring.models import Ballot, Mode, Node, Replica
from probing import patterns


def add_node(*, component: Component, name: str, slug: str, now: datetime, **options: Any) -> Node:
    """Add a node to a component. `options` are fields of Node; `http_headers` is a plain dict."""
    node = Node(component=component, name=name, slug=slug)
    return _save_node(node, options=options, now=now)


def change_node(*, node: Node, now: datetime, **options: Any) -> Node:
    """Change fields of a node. `http_headers=None` keeps the stored headers."""
    return _save_node(node, options=options, now=now)


def remove_node(*, node: Node, now: datetime) -> None:
    """Remove a node with its replicas and what was measured of them."""
    with transaction.atomic():
        Node.objects.filter(id=node.id).delete()
        _say_changed(node, now=now, note="node removed")


def add_replica(*, node: Node, address: str, now: datetime, position: int | None = None) -> Replica:
    """Add a replica; it is checked at once, and unknown until then."""
    (replica,) = add_replicas(node=node, addresses=[address], now=now, position=position)
    return replica


def add_replicas(
    *, node: Node, addresses: Sequence[str], now: datetime, position: int | None = None
) -> list[Replica]:
    """Add several replicas of one node, in this order, from `position` on or at the end.

    Those of a push node are made by their first report, not here.
    """
    if addresses and node.mode == Mode.PUSH:
        raise ValidationError(
            {"address": "A push node's replicas appear with their first report. Leave them out."}
        )
    if position is None:
        position = node.replicas.count()
    replicas = [
        Replica(node=node, position=position + place, address=_checked(address))
        for place, address in enumerate(addresses)
    ]
    with transaction.atomic():
        for replica in replicas:
            replica.full_clean()
            _forget_outcomes(replica, now=now)
            replica.save()
        _say_changed(node, now=now, note="replica added")
    return replicas


def change_replica(*, replica: Replica, address: str, now: datetime) -> Replica:
    """Point a replica at another address; what was seen of the old one no longer speaks for it."""
    replica.address = _checked(address)
    replica.full_clean()
    with transaction.atomic():
        # First of all, as recording does: who held the votes first would wait for it in a circle.
        Replica.objects.select_for_update().get(pk=replica.pk)
        told_deaths.let_go(replica=replica)
        _forget_outcomes(replica, now=now)
        Ballot.objects.filter(replica=replica).delete()
        replica.save()
        _say_changed(replica.node, now=now, note="replica changed")
    return replica


def move_replica(*, replica: Replica, position: int) -> None:
    """Give a replica another place among its node's numbered boxes."""
    with transaction.atomic():
        Replica.objects.filter(id=replica.id).update(position=position)
        catalogue.mark_dirty()


def remove_replica(*, replica: Replica, now: datetime) -> None:
    """Remove a replica and what was measured of it."""
    with transaction.atomic():
        Replica.objects.filter(id=replica.id).delete()
        _say_changed(replica.node, now=now, note="replica removed")


def validate_node(node: Node) -> None:
    """Raise ValidationError by field for a node that must not be saved."""
    errors: dict[str, list[str]] = {}
    try:
        node.full_clean(exclude=["component"] if node.component_id is None else None)
    except ValidationError as error:
        errors = error.message_dict
    if node.http_body_regex:
        try:
            patterns.check_regex(node.http_body_regex)
        except ValueError as error:
            errors.setdefault("http_body_regex", []).append(str(error))
    if node.mode not in Mode.values:
        errors.setdefault("mode", []).append(
            f"“{node.mode}” is not a mode. Write {', '.join(Mode.values)}."
        )
    if errors:
        raise ValidationError(errors)


def _save_node(node: Node, *, options: dict[str, Any], now: datetime) -> Node:
    headers = options.pop("http_headers", None)
    for name, value in options.items():
        setattr(node, name, value)
    if headers is not None:
        node.http_headers = headers
    validate_node(node)
    with transaction.atomic():
        node.save()
        _follow_mode(node, now=now)
        catalogue.mark_dirty()
    return node


def _follow_mode(node: Node, *, now: datetime) -> None:
    """Have the node's replicas polled, or waited for, as its mode says."""
    replicas = Replica.objects.filter(node=node)
    if Mode(node.mode).is_reported:
        # A person put these there: they count at once (E2).
        polled = replicas.filter(next_probe_at__isnull=False)
        polled.filter(first_healthy_at__isnull=True).update(first_healthy_at=now)
        polled.update(next_probe_at=None)
        return
    # A shorter interval must not wait for the end of the old, longer one.
    replicas.filter(next_probe_at__isnull=False).update(next_probe_at=now)
    was_reported = models.Q(silent_at__isnull=False) | models.Q(expires_at__isnull=False)
    replicas.filter(was_reported).update(next_probe_at=now, silent_at=None, expires_at=None)


def _checked(address: str) -> str:
    """The address in its one spelling, so that two spellings are not two replicas."""
    try:
        return addresses_rule.check(address.strip()).url
    except ValidationError as error:
        raise ValidationError({"address": error.messages}) from None


def _say_changed(node: Node, *, now: datetime, note: str) -> None:
    component_id = node.component_id
    verdicts.refresh(component_ids=[component_id], now=now, notes={component_id: note})
    catalogue.mark_dirty()


def _forget_outcomes(replica: Replica, *, now: datetime) -> None:
    replica.health, replica.health_since, replica.checks_in_health = None, now, 0
    is_reported = Mode(replica.node.mode).is_reported
    replica.next_probe_at = None if is_reported else now
    replica.silent_at = replica.expires_at = None
    # A person vouches for the address: unlike one that only reports name, it counts at once (E2).
    replica.first_healthy_at = now if is_reported else None
    replica.last_outcome_at, replica.dead_told_at, replica.certificate_expires_at = None, None, None
    replica.fresh_until = now + replica.node.fresh_for
    replica.streak_health, replica.streak, replica.streak_far = "", 0, 0
    replica.latency_ms, replica.reason, replica.detail, replica.phases = None, "", "", {}
