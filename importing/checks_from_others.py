"""What checks of other monitors share with ours: addresses, headers and thresholds within our bounds. Pure.

A check that would fail only because a part of it could not come along (a secret, a body to send) is
paused and says why: a page that calls a healthy service dead tells an untruth.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from importing.plans import Secret
from importing.source_values import Notes, shown
from probing import options as probe_options
from probing import patterns
from probing.targets import TargetInvalid, parse_target

# What monitoring.models.Node can hold.
INTERVAL_S = (1, 86_400)
DEAD_AFTER_S = (0.05, 120.0)
SILENT_AFTER_S = (1.0, 604_800.0)
RETRIES = (0, 10)
STATUS = (100, 599)
BODY_LIMIT = 500
_CREDENTIALS = ("auth", "cookie", "token", "secret", "password", "api-key", "apikey", "access-key")
_KEYS = frozenset({"key", "sig", "signature", "pass", "passwd", "pwd"})


@dataclass(slots=True)
class Check:
    """One check while it is read: the options it will have, and what keeps it from running."""

    what: str
    notes: Notes
    secrets: list[Secret]
    options: dict[str, object] = field(default_factory=dict)
    is_paused: bool = False

    def left_out(self, part: str, reason: str) -> None:
        self.notes.add(f"{self.what}: {part}", reason)

    def pause(self, part: str, reason: str) -> None:
        """Something is missing without which the check would fail."""
        self.is_paused = True
        self.left_out(part, f"{reason}; imported paused")

    def secret(self, part: str, what: str) -> None:
        self.secrets.append(Secret(where=f"{self.what}: {part}", what=what))

    def within(self, name: str, value: float, bounds: tuple[float, float], part: str) -> None:
        """Set a number, moved into our bounds and said so."""
        least, most = bounds
        kept = min(max(value, least), most)
        if kept != value:
            self.left_out(f"{part} {value:g}", f"only {least:g} to {most:g} here: {kept:g}")
        self.options[name] = int(kept) if isinstance(least, int) else kept


def take_headers(check: Check, headers: Mapping[str, str]) -> None:
    """Keep the headers that a check may send; those that open doors are listed instead."""
    kept: dict[str, str] = {}
    for name, value in headers.items():
        if not value:
            continue
        if is_credential(name):
            check.secret(f"header {name}", "a credential that the check sends")
            check.pause(f"header {name}", "credentials are not imported")
        elif problems := _header_problems(name, value):
            check.left_out(f"header {name}", problems)
        else:
            kept[name] = value
    if kept:
        check.options["http_headers"] = kept


def take_method(check: Check, method: str, *, body: str) -> None:
    """Keep the method; a body cannot be sent, and a request that needs one would fail."""
    method = method.strip().upper()
    if method not in probe_options.METHODS:
        check.pause(f"method {shown(method, 20)}", "checks cannot use this method")
        method = "GET"
    check.options["http_method"] = method
    if body:
        check.pause("body to send", "checks send no body")


def take_regex(check: Check, pattern: str, *, raw: str) -> bool:
    """Keep a pattern for the body if it is one we can use and the place is free."""
    if "http_body_regex" in check.options:
        check.left_out(raw, "a check has one pattern for the body")
        return False
    try:
        patterns.check_regex(pattern)
    except patterns.PatternInvalid as error:
        check.left_out(raw, str(error).rstrip("."))
        return False
    if len(pattern) > BODY_LIMIT:
        check.left_out(raw, f"the pattern is longer than {BODY_LIMIT} characters")
        return False
    check.options["http_body_regex"] = pattern
    return True


def address(check: Check, text: str) -> str | None:
    """The address as we write it; None, with the reason noted, when we cannot probe it."""
    text = _without_credentials(check, text.strip())
    try:
        url = parse_target(text).url
    except TargetInvalid as error:
        check.left_out(shown(text, 120), str(error).rstrip("."))
        return None
    _tell_keys(check, url)
    return url


def is_credential(name: str) -> bool:
    """Whether a header or a setting of this name opens doors."""
    folded = name.lower().replace("_", "-")
    return any(word in folded for word in _CREDENTIALS)


def _without_credentials(check: Check, text: str) -> str:
    scheme, separator, rest = text.partition("://")
    authority, slash, path = rest.partition("/")
    if not separator or "@" not in authority:
        return text
    check.secret("address", "user name and password in the address")
    check.pause("user name in the address", "credentials are not imported")
    return f"{scheme}://{authority.rpartition('@')[2]}{slash}{path}"


def _tell_keys(check: Check, url: str) -> None:
    """Name the parameters that open doors: they come along, for the check would fail without them."""
    names = [name for name, _value in parse_qsl(urlsplit(url).query)]
    for name in sorted({shown(one, 40) for one in names if is_credential(one) or _is_key(one)}):
        check.left_out(
            f"parameter {name} of the address",
            "it looks like a secret and came along: who sees the address reads it",
        )


def _is_key(name: str) -> bool:
    folded = name.lower().replace("_", "-")
    return folded in _KEYS or folded.endswith(("-key", "-sig", "-signature"))


def host_of(text: str) -> tuple[str, int | None]:
    """Host (IPv6 in brackets) and port of an address with a scheme; empty when there is none."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "", None
    return (f"[{host}]" if ":" in host else host), port


def _header_problems(name: str, value: str) -> str:
    found = probe_options.problems(probe_options.HttpOptions(headers={name: value}))
    return " ".join(text for _, text in found).rstrip(".")
