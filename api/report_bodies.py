"""The JSON of a report, in the words of the Vigil and the Crisp family, to what it says.

Strict about what could hurt (size, depth, numbers that are none), liberal about what clients do:
unknown keys, numbers as text, intervals that are not whole.
"""

import json
import math
from typing import Any

from monitoring.reports import Load, Said
from probing.health import Health

BODY_LIMIT = 1024 * 1024
REPLICA_LIMIT = 2000


class BodyInvalid(ValueError):
    """The body is no report: 400."""


def read(body: bytes, *, replica_key: str, needs_word: bool) -> Said:
    """What the body says. Raises BodyInvalid.

    `needs_word` is whether a load or a health has to be there; a bare sign of life otherwise.
    """
    document = _parsed(body)
    replica = document.get(replica_key)
    if not isinstance(replica, str) or len(replica) > REPLICA_LIMIT or not (replica.isprintable()):
        raise BodyInvalid(replica_key)
    return Said(
        replica=replica,
        interval_s=_number(document.get("interval"), "interval"),
        word=_word(document, needs_word=needs_word),
    )


def _word(document: dict[str, Any], *, needs_word: bool) -> Load | Health:
    load, health = document.get("load"), document.get("health")
    if load is not None:
        if not isinstance(load, dict):
            raise BodyInvalid("load")
        return Load(cpu=_number(load.get("cpu"), "cpu"), ram=_number(load.get("ram"), "ram"))
    if health is not None:
        try:
            return Health(health)
        except ValueError:
            raise BodyInvalid("health") from None
    if needs_word:
        raise BodyInvalid("load")
    return Load()


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise BodyInvalid("not JSON") from None
    if not isinstance(document, dict):
        raise BodyInvalid("not an object")
    return document


def _refuse(constant: str) -> float:
    raise BodyInvalid(constant)


def _number(value: object, name: str) -> float:
    """A finite number, not negative; also as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise BodyInvalid(name)
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise BodyInvalid(name) from None
    if not math.isfinite(number) or number < 0:
        raise BodyInvalid(name)
    return number
