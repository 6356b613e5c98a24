"""This installation's way of asking: its resolvers, its own names and addresses, its proxy."""

import asyncio
from datetime import datetime

from django.conf import settings

from common import egress, host_names
from components.models import PageHost
from custom_domains import domains, looking, tls
from custom_domains.looking import Server, Way
from custom_domains.records import Finding, Target


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


def look_at_certificate(host: PageHost) -> None:
    """Ask our own proxy for the certificate of a name, which makes it get one, and keep its end."""
    if settings.PROXY_TLS is None:
        return
    until = tls.certificate_until(name=host.name, proxy=settings.PROXY_TLS)
    if until is not None and until != host.certificate_until:
        domains.note_certificate(host=host, until=until)


def verify(*, host: PageHost, now: datetime) -> bool:
    """Look for the records of a name and keep what was found; whether all of it is there.

    Raises:
        ValidationError: see `domains.note_look`.
    """
    return domains.note_look(host=host, findings=look(host), now=now)
