"""Reports of applications and local daemons: from what arrived to what is recorded.

Called with a batch (`api.batching` commits what arrives together in one transaction). A report that
changes nothing costs one update and one sample; everything else goes through `recording`.
Reporting is an idempotent upsert, and the time of receipt alone decides (E4).
"""

import re
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from django.conf import settings
from django.db import models, transaction

from monitoring import fullness, quick_reports, recording, silence, tokens
from monitoring.models import Mode, Node, Replica, Token, TokenKind
from monitoring.polling import Observation
from probing import health as health_rules
from probing.base import Phases, ProbeOutcome, Reason
from probing.health import Health

ACCEPTED_KINDS = (TokenKind.REPORTER, TokenKind.LOCAL)
NEW_ID_LIMIT = 200
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Answer(Enum):
    """What became of a report."""

    ACCEPTED = auto()
    TOKEN_REFUSED = auto()
    BODY_INVALID = auto()
    NOT_FOUND = auto()
    WRONG_MODE = auto()
    NODE_FULL = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """CPU load by number of CPUs and used share of RAM; None for what was not told."""

    cpu: float | None = None
    ram: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The body of a report: the replica, the announced interval, and its load or its health."""

    replica: str
    interval_s: float
    word: Load | Health


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One report as it arrived. `said` is None when the body could not be accepted.

    `service` and `node` are slugs or UUIDs. `token_digest` is `tokens.digest` of the password.
    """

    token_digest: str
    service: str
    node: str
    said: Said | None
    at: datetime
    address: str | None = None


def receive(*, reports: Sequence[Report]) -> list[Answer]:
    """Take in a batch of reports; everything accepted is durable on return."""
    quick = _confirm(reports)
    rest = [place for place in range(len(reports)) if place not in quick]
    answers = [Answer.ACCEPTED] * len(reports)
    if rest:
        for place, answer in zip(rest, _receive([reports[p] for p in rest]), strict=True):
            answers[place] = answer
    return answers


def _receive(reports: Sequence[Report]) -> list[Answer]:
    """The long way: look at everything."""
    known = tokens.find(digests={report.token_digest for report in reports}, kinds=ACCEPTED_KINDS)
    answers: list[Answer] = [Answer.TOKEN_REFUSED] * len(reports)
    jobs: dict[int, _Job] = {}
    for place, report in enumerate(reports):
        token = known.get(report.token_digest)
        if token is None:
            continue
        tokens.note_use(token=token, address=report.address, now=report.at)
        if report.said is None:
            answers[place] = Answer.BODY_INVALID
        else:
            jobs[place] = report, report.said, token
    if jobs:
        for place, answer in zip(jobs, _record(list(jobs.values())), strict=True):
            answers[place] = answer
    return answers


def flush(
    *, token_digest: str, service: str, node: str, replicas: Sequence[str], now: datetime
) -> tuple[Answer, Replica | None]:
    """Find the replica that a reporter wants removed: the first of these spellings that exists."""
    token = tokens.find(digests=[token_digest], kinds=ACCEPTED_KINDS).get(token_digest)
    if token is None:
        return Answer.TOKEN_REFUSED, None
    tokens.note_use(token=token, address=None, now=now)
    found = _nodes([(service, node)]).get((_name(service), _name(node)))
    if found is None or not _covers(token, found):
        return Answer.NOT_FOUND, None
    if not Mode(found.mode).is_reported:
        return Answer.WRONG_MODE, None
    rows = {row.address: row for row in found.replicas.filter(address__in=replicas)}
    replica = next((rows[address] for address in replicas if address in rows), None)
    if replica is None:
        return Answer.NOT_FOUND, None
    return Answer.ACCEPTED, replica


def allowance(node: Node, announced_s: float) -> timedelta:
    """How long a replica of this node may say nothing after a report."""
    if node.ping_every_s is not None:
        return silence.ping_allowance(every_s=node.ping_every_s, grace_s=node.ping_grace_s)
    is_local = node.mode == Mode.LOCAL
    return silence.allowance(
        rule=node.silence_rule,
        silent_after_s=node.silence_limit_s,
        announced_s=announced_s,
        grace_s=settings.LOCAL_GRACE_S if is_local else settings.PUSH_GRACE_S,
    )


_Job = tuple[Report, Said, Token]


def _confirm(reports: Sequence[Report]) -> set[int]:
    """Store, in one statement, the reports that say what is known already; their places."""
    places: dict[int, int] = {}
    rows = {}
    for place, report in enumerate(reports):
        said = report.said
        if said is None or not isinstance(said.word, Load):
            continue
        known = quick_reports.recall(_key(report, said), now=report.at)
        if known is None or known.facts["replica_id"] in places:
            continue
        replica_id = known.facts["replica_id"]
        places[replica_id] = place
        rows[replica_id] = quick_reports.row(
            known,
            health=health_rules.load_health(
                cpu=said.word.cpu,
                ram=said.word.ram,
                cpu_sick_above=known.cpu_sick_above,
                ram_sick_above=known.ram_sick_above,
            ),
            at=report.at,
            allowed=silence.allowance(
                rule=known.silence_rule,
                silent_after_s=known.silent_after_s,
                announced_s=said.interval_s,
                grace_s=settings.PUSH_GRACE_S,
            ),
            announced_interval_s=said.interval_s,
            cpu=said.word.cpu,
            ram=said.word.ram,
        )
    return {places[replica_id] for replica_id in quick_reports.store(rows=rows)}


def _key(report: Report, said: Said) -> quick_reports.Key:
    return report.token_digest, report.service, report.node, said.replica


def _record(jobs: Sequence[_Job]) -> list[Answer]:
    """The long way: judge, make new replicas, and hand the wave to `recording`."""
    nodes = _nodes((report.service, report.node) for report, _, _ in jobs)
    answers = []
    accepted: list[tuple[int, Node, _Job]] = []
    for place, job in enumerate(jobs):
        report, said, token = job
        node = nodes.get((_name(report.service), _name(report.node)))
        answer = _judge(node, said, token)
        answers.append(answer)
        if node is not None and answer is Answer.ACCEPTED:
            accepted.append((place, node, job))
    if accepted:
        with transaction.atomic():
            replicas = _replicas([(node, said.replica) for _, node, (_, said, _) in accepted])
            stored = []
            full: dict[int, datetime] = {}
            for place, node, (report, said, token) in accepted:
                replica = replicas.get((node.id, said.replica))
                if replica is not None:
                    stored.append((replica, node, report, said, token))
                elif not Mode(node.mode).is_reported:
                    answers[place] = Answer.NOT_FOUND
                elif len(said.replica) > NEW_ID_LIMIT:
                    answers[place] = Answer.BODY_INVALID
                else:
                    answers[place] = Answer.NODE_FULL
                    full[node.id] = report.at
            if stored:
                _store(stored)
            if full:
                fullness.note_refused(node_ids=full, now=max(full.values()))
    return answers


def _judge(node: Node | None, said: Said, token: Token) -> Answer:
    """Whether the token may report this for the node, and the node is watched that way."""
    if node is None or not _covers(token, node):
        return Answer.NOT_FOUND
    if isinstance(said.word, Load):
        return Answer.ACCEPTED if node.mode == Mode.PUSH else Answer.WRONG_MODE
    is_voter = token.location_id is not None and any(
        location.id == token.location_id for location in node.locations.all()
    )
    return Answer.ACCEPTED if node.mode == Mode.LOCAL or is_voter else Answer.WRONG_MODE


def _covers(token: Token, node: Node) -> bool:
    return token.node_id is None or token.node_id == node.id


def _store(stored: Sequence[tuple[Replica, Node, Report, Said, Token]]) -> None:
    observations = [
        Observation(
            replica_id=replica.id,
            outcome=_outcome(said, health := _health(said, node)),
            at=report.at,
            place=token.location.slug if token.location else "",
            measured=health,
        )
        for replica, node, report, said, token in stored
    ]
    recording.record(observations=observations, now=max(item.at for item in observations))
    for replica, node, report, said, token in stored:
        if not Mode(node.mode).is_reported:
            continue  # a vote about a replica that is polled: `recording` keeps its freshness
        load = said.word if isinstance(said.word, Load) else Load()
        quick_reports.remember(
            _key(report, said), replica=replica, node=node, token=token, now=report.at
        )
        rows = Replica.objects.filter(id=replica.id)
        rows.update(
            announced_interval_s=said.interval_s,
            silent_at=report.at + allowance(node, said.interval_s),
            expires_at=None,
            fresh_until=None,  # silence makes it dead, not unknown
            cpu=load.cpu,
            ram=load.ram,
        )
        if _health(said, node) is Health.HEALTHY:
            rows.filter(first_healthy_at__isnull=True).update(first_healthy_at=report.at)


def _health(said: Said, node: Node) -> Health:
    if isinstance(said.word, Health):
        return said.word
    return health_rules.load_health(
        cpu=said.word.cpu,
        ram=said.word.ram,
        cpu_sick_above=node.cpu_sick_above,
        ram_sick_above=node.ram_sick_above,
    )


def _outcome(said: Said, health: Health) -> ProbeOutcome:
    """What the report says, as a probe would say it."""
    if isinstance(said.word, Load):
        told = {"CPU": said.word.cpu, "RAM": said.word.ram}
        parts = [f"{name} {value:.2f}" for name, value in told.items() if value is not None]
        reason, detail = Reason.OK, f"Reports {' and '.join(parts) or 'that it runs'}."
    else:
        reason, detail = Reason.REPORTED, f"Its daemon says {health}."
    return ProbeOutcome(
        reachable=health is not Health.DEAD,
        latency_ms=None,
        phases=Phases(),
        reason=reason,
        detail=detail,
    )


def _replicas(wanted: Sequence[tuple[Node, str]]) -> dict[tuple[int, str], Replica]:
    """The replicas by node and id, new ones made while their node has room for them."""
    nodes = {node.id: node for node, _ in wanted}
    # Two batches must not fill a node together; in order of ids, so that they cannot deadlock.
    list(Node.objects.select_for_update().filter(id__in=nodes).order_by("id").values_list("id"))
    rows = Replica.objects.filter(node_id__in=nodes, address__in={address for _, address in wanted})
    found = {(row.node_id, row.address): row for row in rows}
    missing: dict[int, list[str]] = defaultdict(list)
    for node, address in wanted:
        is_new = (node.id, address) not in found and address not in missing[node.id]
        if is_new and Mode(node.mode).is_reported and len(address) <= NEW_ID_LIMIT:
            missing[node.id].append(address)
    for node_id, addresses in missing.items():
        if not addresses:
            continue
        present = Replica.objects.filter(node_id=node_id).count()
        room = max(0, settings.REPLICAS_PER_NODE - present)
        made = Replica.objects.bulk_create(
            Replica(node_id=node_id, address=address, position=present + number)
            for number, address in enumerate(addresses[:room])
        )
        found |= {(row.node_id, row.address): row for row in made}
    return found


def _nodes(names: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Node]:
    """Nodes by what the URLs call them and their services."""
    pairs = {(_name(service), _name(node)) for service, node in names}
    services, nodes = {service for service, _ in pairs}, {node for _, node in pairs}
    rows = (
        Node.objects.filter(
            models.Q(component__slug__in=services) | models.Q(component__uuid__in=_uuids(services)),
            models.Q(slug__in=nodes) | models.Q(uuid__in=_uuids(nodes)),
        )
        .select_related("component")
        .prefetch_related("locations")
    )
    found = {}
    for row in rows:
        for service in (str(row.component.uuid), row.component.slug):
            for node in (str(row.uuid), row.slug):
                found[service, node] = row
    return {pair: found[pair] for pair in pairs if pair in found}


def _name(text: str) -> str:
    """A slug, or the one spelling of a UUID."""
    if len(text) not in {32, 36}:
        return text
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return text


def _uuids(names: Iterable[str]) -> list[uuid.UUID]:
    """Those of the names that are UUIDs, in the spelling of `_name`."""
    return [uuid.UUID(name) for name in names if _UUID.fullmatch(name)]
