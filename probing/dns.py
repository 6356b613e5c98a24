"""DNS targets: a question put to a name server, and the answer compared with what is expected."""

import ipaddress

import dns.asyncresolver
import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.resolver

from probing import network, progress, resolving
from probing.base import Guard, ProbeFailed, ProbeOutcome, Reason
from probing.network import Dialler
from probing.options import HttpOptions
from probing.progress import Phase, Progress
from probing.resolving import Resolver
from probing.targets import DnsQuestion, Target

# A lost datagram is repeated after this, within the deadline.
_TRY_S = 2.0


async def probe(
    target: Target,
    *,
    http: HttpOptions,
    deadline_s: float,
    guard: Guard,
    resolver: Resolver = resolving.SYSTEM,
) -> ProbeOutcome:
    """Ask the question, within `deadline_s` in all. `http` does not apply. Never raises.

    Asked is the server of the target, whose address must pass the guard, or the system's own.
    Reachable when there is an answer and it holds every expected record.
    """
    question = target.dns or DnsQuestion()

    async def work(notes: Progress) -> str:
        dialler = Dialler(guard=guard, resolver=resolver, progress=notes, deadline_s=deadline_s)
        asking = await _asking(question, dialler, notes)
        asking.lifetime = max(0.01, deadline_s - notes.elapsed_s)
        notes.enter(Phase.NAME)
        asked = _ask(asking, target.host, question)
        if question.server is None:
            answer = await dialler.doubting_ourselves(target.host, asked)
        else:
            answer = await asked
        notes.decide()
        return _compare(answer, question)

    return await progress.conclude(work, deadline_s=deadline_s)


async def _ask(
    asking: dns.asyncresolver.Resolver, name: str, question: DnsQuestion
) -> dns.resolver.Answer:
    try:
        return await asking.resolve(name, question.record_type, search=False)
    except dns.exception.DNSException as error:
        raise _explain(error, name, question) from error


async def _asking(
    question: DnsQuestion, dialler: Dialler, notes: Progress
) -> dns.asyncresolver.Resolver:
    if question.server is None:
        try:
            asking = dns.asyncresolver.Resolver()
        except dns.resolver.NoResolverConfiguration:
            raise ProbeFailed(
                Reason.OWN_NETWORK, "This host has no name server configured."
            ) from None
    else:
        addresses = network.to_dial(await dialler.addresses(question.server))
        notes.address = addresses[0]
        asking = dns.asyncresolver.Resolver(configure=False)
        asking.port = question.server_port
        asking.nameservers = list(addresses)
    asking.timeout = _TRY_S
    return asking


def _explain(error: dns.exception.DNSException, name: str, question: DnsQuestion) -> ProbeFailed:
    server = question.server or "The name server"
    match error:
        case dns.resolver.NXDOMAIN():
            return ProbeFailed(Reason.NAME_NOT_FOUND, f"The name {name} does not exist.")
        case dns.resolver.NoAnswer():
            return ProbeFailed(
                Reason.ANSWER_MISMATCH, f"{name} has no {question.record_type} record."
            )
        case dns.resolver.NoNameservers():
            return _no_nameservers(error, question)
        case dns.exception.Timeout():
            return ProbeFailed(Reason.TIMEOUT, f"{server} did not answer in time.")
        case dns.resolver.YXDOMAIN() | dns.exception.TooBig():
            return ProbeFailed(Reason.NAME_NOT_FOUND, f"The name {name} cannot exist.")
    return ProbeFailed(Reason.PROTOCOL_ERROR, f"{server} gave a broken answer ({error}).")


def _no_nameservers(error: dns.resolver.NoNameservers, question: DnsQuestion) -> ProbeFailed:
    """Every server was given up on; the last one's cause tells why."""
    server = question.server or "The name server"
    errors = error.kwargs.get("errors") or []
    cause = errors[-1][3] if errors else "nothing of use"
    if isinstance(cause, OSError):
        address = server if network.is_address(server) else None
        return network.explain(cause, server, address)
    if isinstance(cause, Exception):
        return ProbeFailed(Reason.PROTOCOL_ERROR, f"{server} gave a broken answer ({cause}).")
    return ProbeFailed(Reason.DNS_FAILED, f"{server} answered {cause}.")


def _compare(answer: dns.resolver.Answer, question: DnsQuestion) -> str:
    found = {_normal(record.to_text(), question.record_type) for record in answer}
    missing = [
        text
        for text in question.expected
        if _normal(text, question.record_type) not in found
        and not _is_among(text, answer, question.record_type)
    ]
    if missing:
        raise ProbeFailed(
            Reason.ANSWER_MISMATCH,
            f"Expected {', '.join(missing)}; the answer is {', '.join(sorted(found))}.",
        )
    return f"The answer is {', '.join(sorted(found))}."


def _is_among(text: str, answer: dns.resolver.Answer, record_type: str) -> bool:
    """Whether the text is one of the records in another spelling: keys and digests in pieces, as
    `dig` shows them, optional quotes and final dots, a TXT record's characters as they are.
    """
    if record_type == "TXT":
        return any(b"".join(record.strings) == text.encode() for record in answer)
    if any(char in text for char in "\n;()"):  # zone files go on there; what follows must count
        return False
    try:
        expected = dns.rdata.from_text(
            "IN", record_type, text, origin=dns.name.root, relativize=False
        )
    except dns.exception.DNSException:
        return False
    return any(record == expected for record in answer)


def _normal(text: str, record_type: str) -> str:
    """A record's text as people compare it: case, final dots, quotes and IPv6 spelling aside."""
    if record_type == "TXT":
        # A long text is sent in pieces: "part one" "part two".
        return text.replace('" "', "").strip('"')
    if record_type == "AAAA":
        try:
            return str(ipaddress.ip_address(text))
        except ValueError:
            return text
    return text.lower().rstrip(".")
