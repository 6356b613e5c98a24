"""Which replica addresses we accept: readable as a target, and not aimed at a private network."""

import ipaddress

from django.conf import settings
from django.core.exceptions import ValidationError

from common import egress
from probing.targets import Target, TargetInvalid, parse_target


def check(address: str) -> Target:
    """The target that an address names.

    Raises ValidationError with a sentence that says what to write instead. Host names are judged
    again on the address that is dialled; a literal private address is refused already here, unless
    the operator allows private targets.
    """
    try:
        target = parse_target(address)
    except TargetInvalid as error:
        raise ValidationError(str(error), code="invalid") from None
    hosts = (
        [target.host] if target.dns is None else []
    )  # of a DNS target only its server is dialled
    if target.dns is not None and target.dns.server:
        hosts.append(target.dns.server)
    for host in hosts:
        _check_host(host)
    return target


def _check_host(host: str) -> None:
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        name = "127.0.0.1"
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return  # a name: judged when it is dialled
    if egress.monitor_guard(allow_private=settings.ALLOW_PRIVATE_TARGETS)(name):
        return
    if egress.monitor_guard(allow_private=True)(name):
        raise ValidationError(
            f"{host} is a private address. Set CANDOR_ALLOW_PRIVATE_TARGETS=1 to monitor "
            "targets inside your own network.",
            code="private",
        )
    raise ValidationError(
        f"{host} is never dialled: it is no address of a service.", code="refused"
    )
