"""Typed readers of environment variables, for `settings.py` only.

Every reader names the variable in its error, and a value that cannot be read stops the
process: a setting that was meant but not understood must never fall back to a default.
"""

import importlib.util
import ipaddress
import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

_HOOK_PASSWORD_MIN = 20
_TRUE = {"1", "true", "yes", "on"}
_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?=.{{1,200}}$){_LABEL}(?:\.{_LABEL})*")
_FALSE = {"0", "false", "no", "off", ""}


def text(name: str, default: str = "") -> str:
    """The variable without surrounding white space, or the default when unset or empty."""
    return os.environ.get(name, "").strip() or default


def flag(name: str, *, default: bool = False) -> bool:
    """A yes/no switch: 1, true, yes, on / 0, false, no, off."""
    raw = os.environ.get(name)
    if raw is None:
        return default
    if raw.strip().lower() in _TRUE:
        return True
    if raw.strip().lower() in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name}={raw!r} is neither yes nor no. Write 1 or 0.")


def number(name: str, default: int, *, at_least: int = 0) -> int:
    """A whole number."""
    raw = text(name)
    if not raw:
        return default
    try:
        value = int(raw)
    except ValueError:
        raise ImproperlyConfigured(f"{name}={raw!r} is not a whole number.") from None
    if value < at_least:
        raise ImproperlyConfigured(f"{name}={raw!r} is too small: the least is {at_least}.")
    return value


def secret(name: str) -> str:
    """A secret from NAME, or from the file that NAME_FILE points at; empty when neither is set."""
    if value := text(name):
        return value
    if not (file := text(f"{name}_FILE")):
        return ""
    try:
        value = Path(file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE={file!r} cannot be read: {error}") from None
    if not value:
        raise ImproperlyConfigured(f"{name}_FILE={file!r} is empty.")
    return value


def origin(name: str, default: str) -> str:
    """A web origin: scheme, host and port, nothing after it (https://status.example.com)."""
    raw = text(name, default).rstrip("/")
    parts = _split(name, raw)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ImproperlyConfigured(f"{name}={raw!r} must look like https://status.example.com.")
    if parts.path or parts.query or parts.fragment or parts.username:
        raise ImproperlyConfigured(f"{name}={raw!r} must end after the host name or the port.")
    return raw


def host(name: str) -> str:
    """A domain name, without scheme and port (status.example.com); empty when unset."""
    raw = text(name).lower().rstrip(".")
    if raw and not _HOST.fullmatch(raw):
        raise ImproperlyConfigured(f"{name}={raw!r} must be a domain name like status.example.com.")
    return raw


def choice(name: str, words: Sequence[str]) -> str:
    """One of some words; the first when unset."""
    raw = text(name, words[0]).lower()
    if raw not in words:
        raise ImproperlyConfigured(f"{name}={raw!r} must be one of: {', '.join(words)}.")
    return raw


def url(name: str) -> str:
    """A whole web address; empty when unset."""
    raw = text(name)
    if raw:
        parts = _split(name, raw)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ImproperlyConfigured(
                f"{name} must be a whole address like https://example.com/path."
            )
    return raw


def networks(name: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    """Networks with spaces or commas between them (10.0.0.0/8 ::1)."""
    found = []
    for word in text(name).replace(",", " ").split():
        try:
            found.append(ipaddress.ip_network(word))
        except ValueError as error:
            raise ImproperlyConfigured(
                f"{name}: {error}. Write networks like 10.0.0.0/8."
            ) from None
    return tuple(found)


def addresses(name: str) -> list[str]:
    """IP addresses, separated by spaces."""
    found = []
    for each in text(name).split():
        try:
            found.append(str(ipaddress.ip_address(each)))
        except ValueError:
            raise ImproperlyConfigured(f"{name}: {each!r} is not an IP address.") from None
    return found


def servers(name: str, default: str, *, port: int) -> list[tuple[str, int]]:
    """Servers as IP addresses, separated by spaces, each with a port or without: 192.0.2.1 [::1]:53."""
    found = []
    for each in text(name, default).split():
        host, number = _host_and_port(name, each, port)
        try:
            found.append((str(ipaddress.ip_address(host)), number))
        except ValueError:
            raise ImproperlyConfigured(f"{name}: {each!r} is not an IP address.") from None
    return found


def endpoint(name: str, *, port: int) -> tuple[str, int] | None:
    """A host, with a port or without (caddy:443); None when unset."""
    raw = text(name)
    return _host_and_port(name, raw, port) if raw else None


def _host_and_port(name: str, raw: str, port: int) -> tuple[str, int]:
    is_bare_ipv6 = raw.count(":") > 1 and "[" not in raw
    parts = _split(name, f"//[{raw}]" if is_bare_ipv6 else f"//{raw}")
    if not parts.hostname or parts.path or parts.query or parts.fragment or parts.username:
        raise ImproperlyConfigured(f"{name}: {raw!r} must look like 192.0.2.1 or 192.0.2.1:53.")
    return parts.hostname, parts.port or port


def _split(name: str, raw: str) -> SplitResult:
    try:
        parts = urlsplit(raw)
        _ = parts.port  # a bad port is only noticed when it is read
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}: {error}") from None
    return parts


# A connection whose other end says nothing, because a link or a host is gone, is given up after 15 s
# (the system would wait two hours for an answer, and double its pauses when it sends). Before the
# half minute ends for which senders remember what was taken (`notifications.runs`).
_WHEN_CUT_OFF = {
    "tcp_user_timeout": 15_000,
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 2,
}


def database(name: str, *, sqlite_path: Path) -> dict[str, Any]:
    """Django's DATABASES entry for `postgres://user:password@host:port/name`, or SQLite when unset.

    SQLite runs in WAL mode with IMMEDIATE transactions: deferred ones fail with "database is
    locked" under concurrent writers, where these wait (reliability, finding 9).
    """
    raw = text(name)
    if not raw:
        return {
            "ENGINE": "statuspage.sqlite",
            "NAME": sqlite_path,
            "OPTIONS": {
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            },
            # Opening costs as much as eight queries; a file that is gone is noticed in time.
            "CONN_MAX_AGE": 5,
        }
    parts = _split(name, raw)
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
        raise ImproperlyConfigured(
            f"{name} must look like postgres://user:password@host:5432/database."
        )
    query = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "statuspage.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 5, **_WHEN_CUT_OFF, **query},
    }


def email(name: str) -> Mapping[str, Any]:
    """Django's EMAIL_* settings for `smtp://user:pw@host:port`, `smtp+tls://`, `smtps://`, `console:`.

    `smtp+tls` is STARTTLS with a checked certificate, `smtps` is TLS from the first byte.
    """
    raw = text(name, "console:")
    parts = _split(name, raw)
    if parts.scheme == "console":
        return {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
    if parts.scheme not in {"smtp", "smtp+tls", "smtps"} or not parts.hostname:
        raise ImproperlyConfigured(
            f"{name} must look like smtp://user:password@host:587, smtp+tls://…, smtps://… or console:."
        )
    default_port = {"smtp": 25, "smtp+tls": 587, "smtps": 465}[parts.scheme]
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or default_port,
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
    }


def anymail(name: str, *, options: str) -> Mapping[str, Any]:
    """The ANYMAIL setting for the hooks of mail providers; empty without the secret `user:password`.

    `options` is JSON, as a provider may need keys of its own (`{"MAILGUN_WEBHOOK_SIGNING_KEY": …}`).
    """
    login = secret(name)
    if not login:
        return {}
    user, _colon, password = login.partition(":")
    if not user or len(password) < _HOOK_PASSWORD_MIN:
        raise ImproperlyConfigured(
            f"{name} must look like user:password, with {_HOOK_PASSWORD_MIN} characters or more of"
            " password."
        )
    if importlib.util.find_spec("anymail") is None:
        raise ImproperlyConfigured(f"{name} needs django-anymail: pip install 'candor[anymail]'")
    try:
        given = json.loads(options or "{}")
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise ImproperlyConfigured(f"The options beside {name} are no JSON object.")
    # No address that a request names is fetched, not even to confirm a subscription of Amazon's.
    defaults = {"AMAZON_SES_AUTO_CONFIRM_SNS_SUBSCRIPTIONS": False}
    return {**defaults, **given, "WEBHOOK_SECRET": login}
