"""The quick way for reports that change nothing: one statement for a whole batch (PostgreSQL only).

What the long way learned of a replica is remembered, and the statement checks all of it again: token,
names, limits and health. So nothing remembered is ever believed; a report that does not fit any more
is not stored here and takes the long way, as all do on SQLite.
"""

import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from monitoring import tokens
from monitoring.models import Mode, Node, Replica, Token
from monitoring.packing import Outcome
from probing.health import Health

_OUTCOMES = {Health.HEALTHY: int(Outcome.HEALTHY), Health.SICK: int(Outcome.SICK)}
_REMEMBERED = 50_000
_STORE = """
WITH told AS (
  SELECT * FROM json_to_recordset(%s::json) AS told (
    replica_id bigint, node_id bigint, token_id bigint, service text, node text, address text,
    health text, outcome smallint, heard_at timestamptz, silent_at timestamptz,
    announced_interval_s float8, cpu float8, ram float8,
    silence_rule text, silent_after_s float8, cpu_sick_above float8, ram_sick_above float8)
), held AS (  -- in order of ids, so that two batches wait for each other and never deadlock
  SELECT id FROM monitoring_replica
  WHERE id IN (SELECT replica_id FROM told) ORDER BY id FOR UPDATE
), stored AS (
  UPDATE monitoring_replica AS replica SET
    last_outcome_at = told.heard_at, silent_at = told.silent_at,
    announced_interval_s = told.announced_interval_s, cpu = told.cpu, ram = told.ram,
    checks_in_health = replica.checks_in_health + 1
  FROM told
  JOIN held ON held.id = told.replica_id
  JOIN monitoring_token AS token ON token.id = told.token_id AND token.revoked_at IS NULL
  JOIN monitoring_node AS node ON node.id = told.node_id AND node.slug = told.node
    AND node.mode = 'push' AND node.silence_rule = told.silence_rule
    AND node.silent_after_s IS NOT DISTINCT FROM told.silent_after_s
    AND node.cpu_sick_above = told.cpu_sick_above AND node.ram_sick_above = told.ram_sick_above
  JOIN components_component AS component ON component.id = node.component_id
    AND component.slug = told.service
  WHERE replica.id = told.replica_id AND replica.node_id = node.id
    AND replica.address = told.address AND replica.health = told.health
    AND replica.streak_health IN ('', told.health) AND replica.silent_at IS NOT NULL
    AND (replica.last_outcome_at IS NULL OR replica.last_outcome_at <= told.heard_at)
  RETURNING replica.id, told.heard_at, told.outcome
), sampled AS (
  INSERT INTO monitoring_sample (replica_id, at, latency_ms, outcome, place)
  SELECT id, heard_at, NULL, outcome, '' FROM stored
)
SELECT id FROM stored
"""

Key = tuple[str, str, str, str]
"""Digest of the token, service and node as the URL names them, replica."""


@dataclass(frozen=True, slots=True)
class Known:
    """A push replica and what judges it, as they were when a report last took the long way."""

    facts: Mapping[str, Any]  # columns of `told` that do not come from the report
    cpu_sick_above: float
    ram_sick_above: float
    silence_rule: str
    silent_after_s: float | None


_known: OrderedDict[Key, Known] = OrderedDict()
# When the use of a token has to be noted again, by its id: then one report takes the long way.
_noted_until: dict[int, datetime] = {}


def is_available() -> bool:
    """Whether this database has the quick way."""
    return connection.vendor == "postgresql"


def recall(key: Key, *, now: datetime) -> Known | None:
    """What is remembered for reports like this one."""
    known = _known.get(key)
    if known is None or now >= _noted_until[known.facts["token_id"]]:
        return None
    return known


def remember(key: Key, *, replica: Replica, node: Node, token: Token, now: datetime) -> None:
    """Keep what the next report like this one will need."""
    if not is_available() or node.mode != Mode.PUSH or token.location_id is not None:
        return
    if node.ping_every_s is not None:  # waits by another rule
        return
    limits: dict[str, Any] = {
        "silence_rule": node.silence_rule,
        "silent_after_s": node.silent_after_s,
        "cpu_sick_above": node.cpu_sick_above,
        "ram_sick_above": node.ram_sick_above,
    }
    facts = {
        "replica_id": replica.id,
        "node_id": node.id,
        "token_id": token.id,
        "service": node.component.slug,
        "node": node.slug,
        "address": replica.address,
        **limits,
    }
    _known[key] = Known(facts, **limits | {"silent_after_s": node.silence_limit_s})
    _noted_until[token.id] = now + tokens.USE_NOTED_EVERY
    _known.move_to_end(key)
    if len(_known) > _REMEMBERED:
        _known.popitem(last=False)


def row(
    known: Known,
    *,
    health: Health,
    at: datetime,
    allowed: timedelta,
    announced_interval_s: float,
    cpu: float | None,
    ram: float | None,
) -> dict[str, Any]:
    """One report as a row of the statement."""
    # Recorded times are tenths of a second, as `recording` keeps them; deadlines are exact.
    heard_at = at.replace(microsecond=at.microsecond // 100_000 * 100_000)
    return {
        **known.facts,
        "health": health.value,
        "outcome": _OUTCOMES[health],
        "heard_at": heard_at.isoformat(),
        "silent_at": (at + allowed).isoformat(),
        "announced_interval_s": announced_interval_s,
        "cpu": cpu,
        "ram": ram,
    }


def store(*, rows: Mapping[int, dict[str, Any]]) -> set[int]:
    """Store rows by replica, durably; the replicas whose report is stored."""
    if not rows:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(_STORE, [json.dumps(list(rows.values()))])
        return {replica_id for (replica_id,) in cursor.fetchall()}
