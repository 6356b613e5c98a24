"""What the daemon was told: the command line first, then the environment, then a TOML file."""

import argparse
import ipaddress
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

NAMES = (
    "url",
    "token",
    "token_file",
    "location",
    "ca",
    "queue",
    "interval_s",
    "allow",
    "log_level",
)
_LEVELS = ("debug", "info", "warning", "error")
_INTERVAL_S = 120.0

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class SettingsInvalid(ValueError):
    """The daemon cannot start like this; the message says what to change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to run. `interval_s` is for nodes that name none; an empty `allow` allows every address
    that can be a single host's.
    """

    url: str
    token: str
    location: str = ""
    ca: Path | None = None
    queue: Path | None = None
    interval_s: float = _INTERVAL_S
    allow: tuple[Network, ...] = ()
    log_level: str = "info"
    is_once: bool = False


def read(arguments: Sequence[str], environment: Mapping[str, str]) -> Settings:
    """Read all three sources. Raises SettingsInvalid; ends the process on `--help` or bad usage."""
    options = vars(_parser().parse_args(arguments))
    file = options.pop("config") or environment.get("CANDOR_LOCAL_CONFIG")
    values: dict[str, Any] = _file(Path(file)) if file else {}
    for name in NAMES:
        if told := environment.get(f"CANDOR_LOCAL_{name.upper()}"):
            values[name] = told
    values |= {name: value for name, value in options.items() if value is not None}
    return _settings(values)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="candor-local",
        description="Check targets inside this network and report them to a Candor status page.",
        epilog="Each option can be an environment name instead (CANDOR_LOCAL_URL, "
        "CANDOR_LOCAL_TOKEN, …) or a key of the file given with --config (url, token, …).",
    )
    parser.add_argument("--config", metavar="FILE", help="TOML file with the keys named here")
    parser.add_argument("--url", help="address of the status page")
    parser.add_argument(
        "--token", help="token of the daemon; others can see it in the process list"
    )
    parser.add_argument("--token-file", metavar="FILE", help="file that holds the token")
    parser.add_argument("--location", metavar="NAME", help="a name for this place, for the logs")
    parser.add_argument("--ca", metavar="FILE", help="PEM file of private authorities to trust too")
    parser.add_argument("--queue", metavar="FILE", help="where unsent results outlive a restart")
    parser.add_argument(
        "--interval-s", metavar="S", help="seconds between checks where the node names none"
    )
    parser.add_argument(
        "--allow", metavar="NETWORKS", help="check addresses of these only: 10.0.0.0/8,192.0.2.7"
    )
    parser.add_argument("--log-level", choices=_LEVELS)
    parser.add_argument(
        "--once",
        dest="is_once",
        action="store_true",
        default=None,
        help="check and report everything once; exit code 1 when that did not work",
    )
    return parser


def _file(path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsInvalid(f"The file {path} cannot be read: {error}") from error
    if unknown := sorted(set(values) - set(NAMES)):
        raise SettingsInvalid(f"The file {path} has keys that mean nothing: {', '.join(unknown)}.")
    return values


def _settings(values: Mapping[str, Any]) -> Settings:
    level = str(values.get("log_level") or "info").lower()
    if level not in _LEVELS:
        raise SettingsInvalid(f"The log level must be one of {', '.join(_LEVELS)}.")
    return Settings(
        url=_url(str(values.get("url") or "")),
        token=_token(values),
        location=str(values.get("location") or ""),
        ca=_path(values.get("ca")),
        queue=_path(values.get("queue")),
        interval_s=_interval(values.get("interval_s") or _INTERVAL_S),
        allow=_networks(values.get("allow") or ()),
        log_level=level,
        is_once=bool(values.get("is_once")),
    )


def _url(text: str) -> str:
    parts = urlsplit(text.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise SettingsInvalid(
            "Give the address of the status page: --url https://status.example.com"
        )
    return text.strip().rstrip("/")


def _token(values: Mapping[str, Any]) -> str:
    token = str(values.get("token") or "")
    if not token and values.get("token_file"):
        try:
            token = Path(values["token_file"]).read_text("utf-8")
        except OSError as error:
            raise SettingsInvalid(f"The token file cannot be read: {error}") from error
    if not token.strip():
        raise SettingsInvalid("Give the token in CANDOR_LOCAL_TOKEN or in a --token-file.")
    return token.strip()


def _path(value: object) -> Path | None:
    return Path(str(value)).expanduser() if value else None


def _interval(value: object) -> float:
    try:
        interval_s = float(str(value))
    except ValueError:
        interval_s = 0.0
    if not 1 <= interval_s <= 86_400:
        raise SettingsInvalid("The interval must be 1 to 86400 seconds.")
    return interval_s


def _networks(value: str | Sequence[str]) -> tuple[Network, ...]:
    texts = value.split(",") if isinstance(value, str) else value
    try:
        return tuple(ipaddress.ip_network(text.strip()) for text in texts)
    except ValueError as error:
        raise SettingsInvalid(f"A network to allow is wrong: {error}.") from error
