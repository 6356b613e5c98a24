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
    if not settings.ALLOW_PRIVATE_TARGETS and not _may_be_public(target.host):
        raise ValidationError(
            f"{target.host} is a private address. Set CANDOR_ALLOW_PRIVATE_TARGETS=1 to monitor "
            "targets inside your own network.",
            code="private",
        )
    return target


def _may_be_public(host: str) -> bool:
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return False
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return True
    return egress.is_public_address(name)
