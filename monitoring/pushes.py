"""What arrives at push URLs, ping URLs and external endpoints: from one call to a judged replica.

Called with a batch (`api.batching`), as reports are. The secret names the node; its replica is made by
the first call and counts at once, because a person made the address for just this node (E2). The
time of receipt decides (E4).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from django.db import transaction

from monitoring import job_runs, pings, recording, reports, tokens
from monitoring.job_runs import Call
from monitoring.models import Mode, Node, Replica, Token, TokenKind
from monitoring.pings import Job
from monitoring.polling import Observation
from probing.base import Phases, ProbeOutcome, Reason
from probing.health import Health

KINDS = (TokenKind.PUSH_URL, TokenKind.PING, TokenKind.EXTERNAL_ENDPOINT)
DETAIL_LIMIT = 200
# What the replica of each kind is called; an external endpoint has its own key.
_NAMES = {TokenKind.PUSH_URL: "push", TokenKind.PING: "ping"}
# Recorded times are tenths of a second: of two calls within one, the second must not be lost.
_STEP = timedelta(milliseconds=100)


class Answer(Enum):
    """What became of a call. UNKNOWN: the secret is none here; which keys there are is not told."""

    ACCEPTED = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """One call as it arrived. `health` is None where it says nothing of it (a job's start, a log).

    `token_digest` is `tokens.digest_of`, which for an external endpoint is of its key as well;
    `detail` is for operators.
    """

    kind: TokenKind
    token_digest: str
    at: datetime
    health: Health | None
    detail: str = ""
    latency_ms: float | None = None
    job: Job | None = None
    address: str | None = None


def receive(*, pushes: Sequence[Push]) -> list[Answer]:
    """Take in a batch of calls; everything accepted is durable on return."""
    known = _tokens(pushes)
    answers = []
    accepted: list[tuple[Push, Token, Node]] = []
    with transaction.atomic():
        for push in pushes:
            token = known.get(push.token_digest)
            is_known = token is not None and token.kind == push.kind
            if token is None or not is_known or token.node is None or token.node.mode != Mode.PUSH:
                answers.append(Answer.UNKNOWN)
                continue
            tokens.note_use(token=token, address=push.address, now=push.at)
            answers.append(Answer.ACCEPTED)
            accepted.append((push, token, token.node))
        if accepted:
            _store(accepted)
    return answers


def _tokens(pushes: Sequence[Push]) -> dict[str, Token]:
    rows = tokens.live().filter(
        digest__in={push.token_digest for push in pushes}, kind__in=KINDS, node__isnull=False
    )
    return {row.digest: row for row in rows.select_related("node__component", "location")}


def _store(accepted: Sequence[tuple[Push, Token, Node]]) -> None:
    replicas = _replicas(
        [(node, _name(token)) for _, token, node in accepted], now=accepted[0][0].at
    )
    observations = []
    for push, token, node in accepted:
        replica = replicas[node.pk, _name(token)]
        at = push.at
        if replica.last_outcome_at is not None and at < replica.last_outcome_at + _STEP:
            at = replica.last_outcome_at + _STEP
        if push.job is not None:
            pings.keep(node=node, job=push.job, at=at)
        if push.health is not None:
            replica.last_outcome_at = at
            observations.append(_observation(replica, push, push.health, at))
    if observations:
        recording.record(observations=observations, now=max(one.at for one in observations))
    for push, token, node in accepted:
        _await_next(replicas[node.pk, _name(token)], node, push)


def _name(token: Token) -> str:
    return _NAMES.get(TokenKind(token.kind), token.key)


def _replicas(
    wanted: Sequence[tuple[Node, str]], *, now: datetime
) -> Mapping[tuple[int, str], Replica]:
    """The replicas by node and name, those made that are missing; all of them count from now on."""
    ids = sorted({node.pk for node, _ in wanted})
    # In order of ids, as reports do: two batches wait for each other and never deadlock.
    list(Node.objects.select_for_update().filter(id__in=ids).order_by("id").values_list("id"))
    rows = Replica.objects.filter(node_id__in=ids, address__in={name for _, name in wanted})
    found = {(row.node_id, row.address): row for row in rows}
    for node, name in wanted:
        if (node.pk, name) not in found:
            position = Replica.objects.filter(node=node).count()
            found[node.pk, name] = Replica.objects.create(
                node=node, address=name, position=position, first_healthy_at=now
            )
    unproven = [row.pk for row in found.values() if row.first_healthy_at is None]
    Replica.objects.filter(pk__in=unproven).update(first_healthy_at=now)
    return found


def _observation(replica: Replica, push: Push, health: Health, at: datetime) -> Observation:
    is_well = health is Health.HEALTHY
    outcome = ProbeOutcome(
        reachable=is_well,
        latency_ms=push.latency_ms,
        phases=Phases(),
        reason=Reason.OK if is_well else Reason.TOLD,
        detail=push.detail[:DETAIL_LIMIT],
    )
    return Observation(replica_id=replica.pk, outcome=outcome, at=at, measured=health)


def _await_next(replica: Replica, node: Node, push: Push) -> None:
    """Set when silence makes the replica dead."""
    rows = Replica.objects.filter(pk=replica.pk)
    if push.job is not None and push.job.call is Call.LOG:
        return
    silent_at = push.at + reports.allowance(node, 0)
    if push.job is not None:
        starts_only = push.job.call is Call.START
        expected = replica.silent_at if starts_only else silent_at
        ends_by = job_runs.must_end_by(
            pings.recent(node=node), grace_s=node.ping_grace_s, now=push.at
        )
        silent_at = min(filter(None, (expected, ends_by)), default=silent_at)
    # Silence makes it dead, not unknown; until its first outcome it has no say.
    replica.silent_at = silent_at
    rows.update(silent_at=silent_at, expires_at=None, fresh_until=None)
    rows.filter(last_outcome_at__isnull=True).update(fresh_until=silent_at)
