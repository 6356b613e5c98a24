"""What to probe, read from the one line of text a person writes.

Strict on purpose: what is stored, shown and dialled is the same normalised text, and every refusal
says what to write instead. Forms, config files and redirects all come through `parse_target`.
"""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

import idna

from probing.base import Kind

LENGTH_LIMIT = 2000
RECORD_TYPES = (
    "A",
    "AAAA",
    "CAA",
    "CNAME",
    "DNSKEY",
    "DS",
    "HTTPS",
    "MX",
    "NS",
    "PTR",
    "SOA",
    "SRV",
    "SVCB",
    "TLSA",
    "TXT",
)

_DEFAULT_PORTS = {"http": 80, "https": 443}
# Services that are not web servers, and do harm when spoken to as one (rule F7).
NOT_WEB_PORTS = frozenset(
    {1, 7, 9, 13, 19, 20, 21, 22, 23, 25, 53, 110, 119, 135, 139, 143, 389, 445, 465, 514, 587}
    | {636, 873, 993, 995, 2049, 3306, 5432, 6379, 11211, 27017}
)
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)\Z")
_NUMBER = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)\Z")


class TargetInvalid(ValueError):
    """The text names nothing that can be probed; the message says what to write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsQuestion:
    """What to ask a name server. Without a server the system's own is asked.

    `expected` are record texts that must all be among the answers, in any order.
    """

    record_type: str = "A"
    server: str | None = None
    server_port: int = 53
    expected: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One thing to probe. `host` is an IP address (no brackets) or an ASCII name; `url` is the
    normalised text, safe to store, show and parse again.
    """

    kind: Kind
    host: str
    port: int | None
    url: str
    is_tls: bool = False
    dns: DnsQuestion | None = None

    @property
    def has_default_port(self) -> bool:
        """Whether the port goes without saying: 80, or 443 with TLS."""
        return self.port == (443 if self.is_tls else 80)


def parse_target(text: str, *, limit: int = LENGTH_LIMIT) -> Target:
    """The target that `text` names: http(s)://, tcp://host:port, icmp://host or dns://name?type=A.

    Raises TargetInvalid, also when the text is longer than `limit` characters.
    """
    text = text.strip(" ")
    _check_characters(text, limit)
    match = _SCHEME.match(text)
    if match is None:
        raise TargetInvalid(
            f"{_shown(text)} does not start with http://, https://, tcp://, icmp:// or dns://."
        )
    scheme = match.group(1).lower()
    authority, path, query = _split(text[match.end() :])
    if "@" in authority:
        raise TargetInvalid(
            "Credentials do not belong into the address; send them in a header instead."
        )
    host, port = _host_and_port(authority)
    match scheme:
        case "http" | "https":
            return _web_target(scheme, host, port, path, query)
        case "tcp":
            return _tcp_target(host, port, path, query)
        case "icmp":
            return _icmp_target(host, port, path, query)
        case "dns":
            return _dns_target(host, port, path, query)
    raise TargetInvalid(
        f"{_shown(scheme)}:// cannot be probed; use http://, https://, tcp://, icmp:// or dns://."
    )


def bracketed(host: str) -> str:
    """The host as it stands in a URL: IPv6 addresses in brackets."""
    return f"[{host}]" if ":" in host else host


def _check_characters(text: str, limit: int) -> None:
    if not text:
        raise TargetInvalid("Write what to watch, for example https://example.com/.")
    if len(text) > limit:
        raise TargetInvalid(f"The address is longer than {limit} characters.")
    if not text.isprintable():
        raise TargetInvalid("The address contains a control or invisible character.")
    if " " in text:
        raise TargetInvalid("The address contains a space; write %20 if it is meant.")
    if "\\" in text:
        raise TargetInvalid("The address contains a backslash; write / or %5C.")


def _split(rest: str) -> tuple[str, str, str]:
    """Authority, path and query. A fragment is never sent to a server, so it is left out."""
    rest = rest.partition("#")[0]
    before, _, query = rest.partition("?")
    authority, slash, path = before.partition("/")
    return authority, slash + path, query


def _host_and_port(authority: str) -> tuple[str, int | None]:
    if authority.startswith("["):
        inside, closing, rest = authority[1:].partition("]")
        if not closing or (rest and not rest.startswith(":")):
            raise TargetInvalid("An IPv6 address is written in brackets, as in [2001:db8::1]:443.")
        return _ipv6(inside), _port(rest[1:]) if rest else None
    host, colon, port = authority.partition(":")
    if ":" in port:
        raise TargetInvalid("An IPv6 address is written in brackets, as in [2001:db8::1]:443.")
    return _name_or_ipv4(host), _port(port) if colon else None


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 65535:
        return int(text)
    raise TargetInvalid(f"{_shown(text)} is not a port; a port is a number from 1 to 65535.")


def _ipv6(text: str) -> str:
    if "%" in text:
        raise TargetInvalid("An IPv6 address with a zone (the part after %) cannot be probed.")
    try:
        return str(ipaddress.IPv6Address(text))
    except ValueError:
        raise TargetInvalid(f"[{_shown(text)}] is not an IPv6 address.") from None


def _name_or_ipv4(text: str) -> str:
    if not text:
        raise TargetInvalid("The address has no host.")
    host = _ascii(text).lower().removesuffix(".")
    labels = host.split(".")
    # The resolver would read 127.1, 0x7f.1 or 2130706433 as 127.0.0.1: such spellings only hide
    # what is dialled.
    if _NUMBER.match(labels[-1]):
        try:
            return str(ipaddress.IPv4Address(host))
        except ValueError:
            raise TargetInvalid(
                f"{_shown(text)} is not an IPv4 address; write four numbers as in 192.0.2.10."
            ) from None
    if len(host) > 253 or not all(_LABEL.match(label) for label in labels):
        raise TargetInvalid(f"{_shown(text)} is not a host name.")
    return host


def _ascii(text: str) -> str:
    if text.isascii():
        return text
    try:
        return idna.encode(text, uts46=True, std3_rules=True).decode("ascii")
    except idna.IDNAError:
        raise TargetInvalid(f"{_shown(text)} is not a host name.") from None


def _web_target(scheme: str, host: str, port: int | None, path: str, query: str) -> Target:
    default = _DEFAULT_PORTS[scheme]
    port = default if port is None else port
    if port in NOT_WEB_PORTS:
        raise TargetInvalid(
            f"Port {port} is not a web server's; write tcp://{bracketed(host)}:{port}."
        )
    shown_port = "" if port == default else f":{port}"
    shown_query = f"?{_percent_encoded(query)}" if query else ""
    url = f"{scheme}://{bracketed(host)}{shown_port}{_percent_encoded(path) or '/'}{shown_query}"
    return Target(kind=Kind.HTTP, host=host, port=port, url=url, is_tls=scheme == "https")


def _percent_encoded(text: str) -> str:
    return "".join(char if char.isascii() else quote(char) for char in text)


def _tcp_target(host: str, port: int | None, path: str, query: str) -> Target:
    shown = bracketed(host)
    if port is None:
        raise TargetInvalid(f"tcp://{shown} has no port; write for example tcp://{shown}:5432.")
    if path not in {"", "/"} or query:
        raise TargetInvalid(f"A TCP target is a host and a port only; write tcp://{shown}:{port}.")
    return Target(kind=Kind.TCP, host=host, port=port, url=f"tcp://{shown}:{port}")


def _icmp_target(host: str, port: int | None, path: str, query: str) -> Target:
    shown = bracketed(host)
    if port is not None or path not in {"", "/"} or query:
        raise TargetInvalid(f"An ICMP target is a host only; write icmp://{shown}.")
    return Target(kind=Kind.ICMP, host=host, port=None, url=f"icmp://{shown}")


def _dns_target(host: str, port: int | None, path: str, query: str) -> Target:
    if port is not None:
        raise TargetInvalid(
            f"The server's port stands with the server; write dns://{host}?server=192.0.2.1:{port}."
        )
    if path not in {"", "/"}:
        raise TargetInvalid(f"A DNS target has no path; write dns://{host}?type=A.")
    if _is_address(host):
        raise TargetInvalid(
            f"{host} is an address; a DNS target asks for a name, as in dns://example.com?type=A."
        )
    question = _question(query)
    return Target(kind=Kind.DNS, host=host, port=None, url=_dns_url(host, question), dns=question)


def _question(query: str) -> DnsQuestion:
    values: dict[str, list[str]] = {"type": [], "server": [], "expect": []}
    for part in query.split("&") if query else ():
        name, _, raw = part.partition("=")
        value = unquote(raw)
        if name not in values:
            raise TargetInvalid(f"{_shown(name)} is not an option; use type, server and expect.")
        if not value or not value.isprintable():
            raise TargetInvalid(f"The option {name} needs a value of printable characters.")
        values[name].append(value)
    if len(values["type"]) > 1 or len(values["server"]) > 1:
        raise TargetInvalid("The options type and server can be given once.")
    record_type = (values["type"] or ["A"])[0].upper()
    if record_type not in RECORD_TYPES:
        raise TargetInvalid(f"The record type must be one of {', '.join(RECORD_TYPES)}.")
    server, server_port = _server(values["server"][0]) if values["server"] else (None, None)
    return DnsQuestion(
        record_type=record_type,
        server=server,
        server_port=server_port or 53,
        expected=tuple(values["expect"]),
    )


def _server(text: str) -> tuple[str, int | None]:
    if text.count(":") > 1 and not text.startswith("["):
        return _ipv6(text), None
    return _host_and_port(text)


def _dns_url(host: str, question: DnsQuestion) -> str:
    parts = [f"type={question.record_type}"]
    if question.server is not None:
        port = "" if question.server_port == 53 else f":{question.server_port}"
        parts.append(f"server={bracketed(question.server)}{port}")
    parts += [f"expect={quote(text, safe=':.-_')}" for text in question.expected]
    return f"dns://{host}?{'&'.join(parts)}"


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _shown(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"
