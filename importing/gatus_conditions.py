"""Gatus's conditions, as thresholds and patterns of ours. Pure (interop 5.3).

A condition is `<left> <op> <right>` with blanks around the operator. All of an endpoint's have to
hold, so statuses are intersected. What we cannot say in a check is noted with its own text.
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from importing import checks_from_others as checks
from importing.checks_from_others import Check
from importing.source_values import go_seconds
from probing.targets import DnsQuestion

_IMPLIED = {
    ("[CONNECTED]", "==", "true"),
    ("[CONNECTED]", "!=", "false"),
    ("[DNS_RCODE]", "==", "noerror"),
}
_OPERATORS = (" == ", " != ", " <= ", " >= ", " > ", " < ")
_FLIPPED = {"==": "==", "!=": "!=", "<=": ">=", ">=": "<=", ">": "<", "<": ">"}
_COMPARISONS: Mapping[str, Callable[[int, int], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_FUNCTION = re.compile(r"(pat|any)\((.*)\)\Z", re.DOTALL)
_PATH = re.compile(r"\[BODY\](?:\.[A-Za-z0-9_-]+|\[[0-9]+\])*?\.?([A-Za-z0-9_-]+)\Z", re.IGNORECASE)
_ALL = frozenset(range(checks.STATUS[0], checks.STATUS[1] + 1))
_GLOB_SIGNS = re.compile(r"[*?\[\]\\]")


@dataclass(slots=True)
class Found:
    """What the conditions say so far."""

    statuses: frozenset[int] = _ALL
    slower_than_s: float | None = None
    expected: list[str] = field(default_factory=list)  # records that a DNS answer has to hold


def read(check: Check, conditions: list[str], *, is_http: bool, is_dns: bool) -> Found:
    """Take all conditions of one endpoint."""
    found = Found()
    for text in conditions:
        parted = _parted(text)
        if parted is None:
            check.left_out(text, "this is no condition")
        else:
            _take(check, found, text, parted, is_http=is_http, is_dns=is_dns)
    if is_http:
        _keep_statuses(check, found.statuses)
    return found


def _parted(text: str) -> tuple[str, str, str] | None:
    """Left side (a placeholder), operator, right side."""
    for spaced in _OPERATORS:
        if spaced in text:
            left, _, right = (part.strip() for part in text.partition(spaced))
            sign = spaced.strip()
            if not _is_placeholder(left) and _is_placeholder(right):
                return right, _FLIPPED[sign], left
            return left, sign, right
    return None


def _is_placeholder(text: str) -> bool:
    return text.startswith(("[", "len(", "has(", "age("))


def _take(
    check: Check,
    found: Found,
    raw: str,
    parted: tuple[str, str, str],
    *,
    is_http: bool,
    is_dns: bool,
) -> None:
    left, sign, right = parted
    name = left.upper()
    if name == "[STATUS]" and is_http:
        _take_status(check, found, raw, sign, right)
    elif name == "[RESPONSE_TIME]" and sign in {"<", "<="}:
        _take_time(check, found, raw, right)
    elif (name, sign, right.lower()) in _IMPLIED:
        return
    elif name == "[BODY]" and sign == "==" and is_dns and not _FUNCTION.match(right):
        found.expected.append(right)
    elif name.startswith("[BODY]") and sign == "==" and is_http:
        _take_body(check, raw, left, right)
    elif name == "[CERTIFICATE_EXPIRATION]":
        check.left_out(
            raw, "certificates are watched for every HTTPS check, with one limit for all"
        )
    else:
        check.left_out(raw, "checks have no such condition")


def _take_status(check: Check, found: Found, raw: str, sign: str, right: str) -> None:
    function = _FUNCTION.match(right)
    if function and function.group(1) == "any" and sign in {"==", "!="}:
        numbers = [_whole(one) for one in function.group(2).split(",")]
    else:
        numbers = [_whole(right)]
    wanted = {number for number in numbers if number is not None}
    if None in numbers:
        check.left_out(raw, "this is no status code")
        return
    if sign in _COMPARISONS:
        limit, holds = wanted.pop(), _COMPARISONS[sign]
        found.statuses &= {code for code in _ALL if holds(code, limit)}
    else:
        found.statuses &= wanted if sign == "==" else _ALL - wanted


def _keep_statuses(check: Check, statuses: frozenset[int]) -> None:
    """One range holds them: of several the lowest, with what lies between codes of one hundred."""
    if not statuses:
        check.pause("[STATUS]", "no status code meets all conditions")
        return
    lowest = min(statuses)
    highest = lowest
    for code in sorted(statuses):
        if code == highest + 1 or code // 100 == lowest // 100:
            highest = code
        elif code > highest:
            break
    check.options |= {"http_status_min": lowest, "http_status_max": highest}
    kept = frozenset(range(lowest, highest + 1))
    if more := sorted(statuses - kept):
        check.left_out(
            f"[STATUS] {more[0]}" + (f" to {more[-1]}" if len(more) > 1 else ""),
            f"one range of codes is healthy here: {lowest} to {highest}",
        )
    elif kept != statuses:
        check.left_out("[STATUS]", f"all codes from {lowest} to {highest} are healthy here")


def _take_time(check: Check, found: Found, raw: str, right: str) -> None:
    seconds = go_seconds(right)
    if seconds is None or right == "0":
        number = _whole(right)
        seconds = None if number is None else number / 1000
    if not seconds or seconds <= 0:
        check.left_out(raw, "this is no time")
        return
    found.slower_than_s = min(seconds, found.slower_than_s or seconds)


def _take_body(check: Check, raw: str, left: str, right: str) -> None:
    function = _FUNCTION.match(right)
    if left.upper() == "[BODY]":
        if function and function.group(1) == "pat":
            _take_glob(check, raw, function.group(2))
        elif function:
            options = "|".join(re.escape(one.strip()) for one in function.group(2).split(","))
            checks.take_regex(check, rf"\A\s*(?:{options})\s*\z", raw=raw)
        else:
            checks.take_regex(check, rf"\A\s*{re.escape(right)}\s*\z", raw=raw)
        return
    key = _PATH.match(left)
    if function or key is None:
        check.left_out(
            raw, "checks look for a text or a pattern in the body, not for a path in JSON"
        )
        return
    value = rf'"?{re.escape(right.strip(chr(34)))}"?\s*[,}}\]]'
    if checks.take_regex(check, rf'"{re.escape(key.group(1))}"\s*:\s*{value}', raw=raw):
        check.left_out(
            raw, "only in part: the key and the value are looked for anywhere in the body"
        )


def _take_glob(check: Check, raw: str, glob: str) -> None:
    """`*text*` looks for a text; any other pattern becomes a regular expression."""
    inner = glob.removeprefix("*").removesuffix("*")
    is_search = glob.startswith("*") and glob.endswith("*") and len(glob) > 2
    if (
        is_search
        and not _GLOB_SIGNS.search(inner)
        and inner == inner.strip()
        and len(inner) <= checks.BODY_LIMIT
        and "http_body_contains" not in check.options
    ):
        check.options["http_body_contains"] = inner
        return
    pattern = "".join(
        ".*" if sign == "*" else "." if sign == "?" else re.escape(sign) for sign in glob
    )
    checks.take_regex(check, rf"(?s)\A\s*{pattern}\s*\z", raw=raw)


def _whole(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def dns_address(name: str, question: DnsQuestion) -> str:
    """A DNS target as text, with what its answer has to hold."""
    parts = [f"type={question.record_type}"]
    if question.server:
        port = f":{question.server_port}" if question.server_port != 53 else ""
        parts.append(f"server={question.server}{port}")
    parts += [f"expect={one}" for one in question.expected]
    return f"dns://{name}?{'&'.join(parts)}"
