"""What pushes and pings say, in the words of Uptime Kuma, Gatus and cron jobs. No database, no HTTP.

Strict where a caller would be told by its own product too; all text is cut, and made printable.
"""

import json
import math
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from monitoring.job_runs import Call
from monitoring.pings import Job
from probing.health import Health

_DETAIL_LIMIT = 200
_DAY_MS = 86_400_000.0
_GO_UNITS_MS = {
    "ns": 1e-6,
    "us": 1e-3,
    "µs": 1e-3,
    "μs": 1e-3,
    "ms": 1.0,
    "s": 1e3,
    "m": 60e3,
    "h": 3600e3,
}
_GO_PART = r"(\d{1,18}(?:\.\d{0,18})?|\.\d{1,18})(ns|us|µs|μs|ms|s|m|h)"
_GO_DURATION = re.compile(rf"[+-]?(?:0|(?:{_GO_PART})+)")
_PING_WORD = re.compile(r"|start|fail|log|[0-9]{1,9}")
_HIGHEST_EXIT = 255


class Unreadable(ValueError):
    """The call cannot be understood: 400, with this sentence."""


class NoSuchWord(ValueError):
    """A ping URL does not go on like this: 404."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a call says: the health, why, how long an answer took, and of a ping its job's run."""

    health: Health | None
    detail: str = ""
    latency_ms: float | None = None
    job: Job | None = None


def push_url(query: Mapping[str, str]) -> Said:
    """The query of a push URL: `status` (up unless told otherwise), `msg`, `ping` in milliseconds."""
    is_up = (query.get("status") or "up") == "up"
    msg = line(query.get("msg") or "OK")
    return Said(
        health=Health.HEALTHY if is_up else Health.DEAD,
        detail=msg if is_up else f"It says: {msg}"[:_DETAIL_LIMIT],
        latency_ms=_ping_ms(query.get("ping", "")),
    )


def external(query: Mapping[str, str], body: bytes) -> Said:
    """The query of an external endpoint: `success`, `error`, `duration`; the error also as JSON."""
    success = query.get("success", "")
    if success not in {"true", "false"}:
        raise Unreadable("missing or invalid success query parameter")
    is_up = success == "true"
    error = line(query.get("error") or _error_in(body))
    return Said(
        health=Health.HEALTHY if is_up else Health.DEAD,
        detail="Its caller says that all is well." if is_up else _failed(error),
        latency_ms=_go_ms(query.get("duration", "")),
    )


def ping(word: str, query: Mapping[str, str], body: bytes) -> Said:
    """The last part of a ping URL ("" for success), its query and what the job printed."""
    if not _PING_WORD.fullmatch(word):
        raise NoSuchWord(word)
    exit_status = int(word) if word.isdigit() else None
    if exit_status is not None and exit_status > _HIGHEST_EXIT:
        raise Unreadable("invalid url format")
    if exit_status is None:
        call = Call(word) if word else Call.SUCCESS
    else:
        call = Call.FAIL if exit_status else Call.SUCCESS
    job = Job(call=call, run=_run(query), exit_status=exit_status, body=text_of(body))
    match call:
        case Call.SUCCESS:
            return Said(health=Health.HEALTHY, detail="The job says that it succeeded.", job=job)
        case Call.FAIL:
            detail = "The job says that it failed."
            if exit_status is not None:
                detail = f"The job ended with exit status {exit_status}."
            return Said(health=Health.DEAD, detail=detail, job=job)
        case _:
            return Said(health=None, job=job)


def text(part: str) -> str:
    """A part of a path as text: WSGI hands its bytes over as Latin-1."""
    return part.encode("latin-1", "replace").decode("utf-8", "replace")


def line(said: str) -> str:
    """One printable line of what somebody sent."""
    plain = "".join(letter if letter.isprintable() else " " for letter in said[: 4 * _DETAIL_LIMIT])
    return " ".join(plain.split())[:_DETAIL_LIMIT]


def text_of(body: bytes) -> str:
    """What a job printed, without what a database or a page cannot hold."""
    decoded = body.decode("utf-8", "replace").replace("\r\n", "\n")
    return "".join(
        letter if letter.isprintable() or letter in "\n\t" else "\N{REPLACEMENT CHARACTER}"
        for letter in decoded
    )


def _ping_ms(said: str) -> float | None:
    if not said:
        return None
    try:
        number = float(said)
    except ValueError:
        number = math.nan
    if not 0 <= number <= _DAY_MS:  # also what is no number
        raise Unreadable("Invalid ping value: write milliseconds, from 0 to 86400000.")
    return number


def _go_ms(said: str) -> float | None:
    """A duration as Go writes it ("1m30.5s"), in milliseconds."""
    if not said:
        return None
    if not _GO_DURATION.fullmatch(said):
        raise Unreadable("invalid duration: write it as 250ms or 1m30s")
    parts = re.findall(_GO_PART, said)
    number = sum(float(amount) * _GO_UNITS_MS[unit] for amount, unit in parts)
    return None if said.startswith("-") or number > _DAY_MS else number


def _error_in(body: bytes) -> str:
    try:
        document = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        return ""
    error = document.get("error") if isinstance(document, dict) else ""
    return error if isinstance(error, str) else ""


def _failed(error: str) -> str:
    return (
        f"Its caller says: {error}"[:_DETAIL_LIMIT] if error else "Its caller says that it failed."
    )


def _run(query: Mapping[str, str]) -> uuid.UUID | None:
    if "rid" not in query:
        return None
    try:
        return uuid.UUID(query["rid"])
    except ValueError:
        raise Unreadable("invalid uuid format") from None
