"""This installation's way of asking: its resolvers, its own names and addresses, its proxy."""

import asyncio
import contextlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError

from common import egress, host_names
from components.models import PageHost
from custom_domains import domains, looking, tls
from custom_domains.looking import Server, Way
from custom_domains.records import Finding, Target

# Names that are asked for at the same time; the threads wait for the network and touch no database.
AT_ONCE = 8


def target() -> Target:
    """Where names of pages have to lead.

    The CNAME goes to the main host, where that is a name; CANDOR_PUBLIC_ADDRESSES are the addresses
    for A and AAAA records.
    """
    host = settings.MAIN_HOSTS[0]
    _first, dot, last = host.rpartition(".")
    is_name = bool(dot) and not last.isdigit() and host_names.strict(host) == host
    return Target(host if is_name else "", frozenset(settings.PUBLIC_ADDRESSES))


def look(host: PageHost) -> list[Finding]:
    """Ask the DNS for the records of a name; takes 20 s at most."""
    way = Way(
        resolvers=[Server(*server) for server in settings.DNS_RESOLVERS],
        authority_port=settings.DNS_PORT,
        guard=egress.monitor_guard(allow_private=settings.ALLOW_PRIVATE_TARGETS),
    )
    return asyncio.run(
        looking.look(name=host.name, challenge=host.challenge, target=target(), way=way)
    )


def look_at_certificates(hosts: Sequence[PageHost]) -> None:
    """Ask our own proxy for the certificate of each name, which makes it get one, and keep its end.

    Takes 30 s at most for each `AT_ONCE` names.
    """
    proxy = settings.PROXY_TLS
    if proxy is None:
        return
    with ThreadPoolExecutor(AT_ONCE) as pool:
        ends = pool.map(lambda host: tls.certificate_until(name=host.name, proxy=proxy), hosts)
        for host, until in zip(hosts, ends, strict=True):
            if until is not None and until != host.certificate_until:
                domains.note_certificate(host=host, until=until)


def verify_all(hosts: Sequence[PageHost], *, now: datetime) -> None:
    """Look for the records of each name and keep what was found; 20 s at most for each `AT_ONCE`."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for host, findings in zip(hosts, pool.map(look, hosts), strict=True):
            with contextlib.suppress(ValidationError):  # came back in an hour of many: next time
                domains.note_look(host=host, findings=findings, now=now)


def verify(*, host: PageHost, now: datetime) -> bool:
    """Look for the records of a name and keep what was found; whether all of it is there.

    Raises:
        ValidationError: see `domains.note_look`.
    """
    return domains.note_look(host=host, findings=look(host), now=now)
