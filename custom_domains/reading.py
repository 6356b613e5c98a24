"""What the console shows of host names: their state in words, and each record with what was found."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import roles
from components import page_addresses
from components.models import PageHost, PageKind
from custom_domains import asking, domains, names
from custom_domains.records import Finding, Found

_FOUND: dict[Found, tuple[str, Any]] = {
    Found.FOUND: ("op", gettext_lazy("Found")),
    Found.MISSING: ("ma", gettext_lazy("Missing")),
    Found.WRONG: ("pa", gettext_lazy("Wrong value")),
    Found.WAITING: ("mt", gettext_lazy("Not everywhere yet")),
    Found.UNANSWERED: ("un", gettext_lazy("No answer")),
}
_ADVICE: dict[Found, Any] = {
    Found.FOUND: "",
    Found.MISSING: gettext_lazy(
        "There is no such record yet. Add it where your domain is managed, then verify again."
    ),
    Found.WRONG: gettext_lazy("Change the value there, then verify again."),
    Found.WAITING: gettext_lazy(
        "It is entered, but not every name server shows it yet. Verify again in some minutes."
    ),
    Found.UNANSWERED: gettext_lazy(
        "No name server answered. Check that the domain exists, and verify again."
    ),
}


@dataclass(frozen=True, slots=True)
class State:
    """A state as icon and words."""

    code: str
    word: str


@dataclass(frozen=True, slots=True)
class Row:
    """A name in the list."""

    host: PageHost
    shown: str
    url: str
    state: State


@dataclass(frozen=True, slots=True)
class RecordRow:
    """One record to add: what to enter, and what was found of it."""

    kind: str
    name: str
    values: Sequence[str]
    state: State
    said: str
    advice: str


def held(user: Any) -> QuerySet[PageHost]:
    """The names that pages hold and that somebody may look at: who customers are is not for everybody."""
    rows = PageHost.objects.filter(page__isnull=False, released_at__isnull=True)
    if not user.has_perm(roles.CUSTOMERS):
        rows = rows.exclude(page__kind=PageKind.CUSTOMER)
    return rows.select_related("page")


def rows(hosts: QuerySet[PageHost], *, now: datetime) -> list[Row]:
    """Names that are held by live or retired pages, by page and name."""
    return [
        Row(host, names.shown(host.name), page_addresses.with_host(host.name), state(host, now=now))
        for host in hosts.order_by("page__name", "name")
    ]


def state(host: PageHost, *, now: datetime) -> State:
    """Where a name is on its way, in words."""
    if host.page is not None and not host.page.is_live:
        return State("un", _("The page is retired"))
    if not host.is_active:
        if host.failing_since is None:
            return State("un", _("Waiting for the DNS records"))
        said = _("Switched off: no DNS records since %(day)s")
        return State("ma", said % {"day": _day(host.failing_since)})
    if host.failing_since is not None:
        said = _("No DNS records since %(day)s; switched off on %(end)s")
        end = host.failing_since + domains.OFF_AFTER
        return State("de", said % {"day": _day(host.failing_since), "end": _day(end)})
    return _certified(host, now)


def record_rows(host: PageHost) -> list[RecordRow]:
    """The records of a name; with both ways to lead here, where this installation has both."""
    target = asking.target()
    found = {finding.kind: finding for finding in _findings(host)}
    lines: list[tuple[str, str, tuple[str, ...]]] = []
    if target.alias:
        lines.append(("CNAME", "CNAME", (target.alias,)))
    if target.addresses and not (target.alias and _is_found(found.get("CNAME"))):
        lines.append(("A / AAAA", "CNAME", tuple(sorted(target.addresses))))
    made = [_row(kind, host.name, values, found.get(key)) for kind, key, values in lines]
    challenge_name = f"{names.CHALLENGE_LABEL}.{host.name}"
    return [*made, _row("TXT", challenge_name, (host.challenge,), found.get("TXT"))]


def step(host: PageHost) -> int:
    """The step of the way that a name is at: 2 its records, 3 the check of them, 4 its certificate."""
    if host.is_active:
        return 4
    return 3 if host.checked_at else 2


def _certified(host: PageHost, now: datetime) -> State:
    if host.certificate_until is None:
        if settings.PROXY_TLS is None:
            return State("op", _("Active"))
        return State("mt", _("Waiting for the certificate"))
    if host.certificate_until <= now:
        said = _("The certificate ended on %(day)s")
        return State("ma", said % {"day": _day(host.certificate_until)})
    return State("op", _("Active until %(day)s") % {"day": _day(host.certificate_until)})


def _findings(host: PageHost) -> Iterable[Finding]:
    return [Finding.from_json(stored) for stored in host.findings]


def _is_found(finding: Finding | None) -> bool:
    return finding is not None and finding.state is Found.FOUND


def _row(kind: str, name: str, values: Sequence[str], finding: Finding | None) -> RecordRow:
    if finding is None:
        return RecordRow(kind, name, values, State("un", _("Not looked for yet")), "", "")
    code, word = _FOUND[finding.state]
    said = ""
    if finding.seen and finding.state is not Found.FOUND:
        said = _("There is %(seen)s, expected %(expected)s.") % {
            "seen": ", ".join(finding.seen),
            "expected": ", ".join(values),
        }
    return RecordRow(kind, name, values, State(code, str(word)), said, str(_ADVICE[finding.state]))


def _day(at: datetime) -> str:
    return date_format(at, "j M Y")
