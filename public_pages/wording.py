"""The sentences of the pages, in the language and time zone that are active.

Called while pages are rendered. Every function returns plain text for visitors; templates escape
it. Copy follows the design: specific, proportionate, no blame, numbers a reader can recompute.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from math import ceil

from django.utils import formats
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from components import uptime
from components.models import PageKind
from components.status import Status
from components.uptime import DayBar, Tally, Weights
from public_pages import times
from public_pages.figures import Figure, History
from public_pages.page_views import ComponentView, GroupView, NodeView, PageView

_NAMES_IN_FULL = 3
_PROBLEMS = {Status.DEGRADED_PERFORMANCE, Status.PARTIAL_OUTAGE, Status.MAJOR_OUTAGE}


@dataclass(frozen=True, slots=True)
class Headline:
    """The answer in one glance: the state, its words, and how far it reaches."""

    status: Status
    words: str
    reach: str
    tab: str  # the first words of the browser's tab
    line_icon: str = ""  # instead of the status's icon

    @property
    def code(self) -> str:
        """The two letters of its colour."""
        return Status.UNDER_MAINTENANCE.code if self.line_icon else self.status.code


def site_title(name: str) -> str:
    """Return the page's name with the word "Status", unless the name says it already."""
    if "status" in name.lower():
        return name
    return _("%(name)s Status") % {"name": name}


def word(shown: Status) -> str:
    """Return the words for a status."""
    return _(shown.label)


def page_word(page: PageView) -> str:
    """Return the words for the page as a whole, as badges have them."""
    if page.is_watching:
        return _("Watching a fix")
    return word(page.status if page.components else Status.UNKNOWN)


def component_word(component: ComponentView) -> str:
    """Return the words for a component's status; an unknown one says why."""
    if component.status != Status.UNKNOWN:
        return word(component.status)
    return _("No recent data") if component.was_checked else _("Not monitored yet")


def group_word(group: GroupView) -> str:
    """Return the words for a group's status."""
    return _("No recent data") if group.status == Status.UNKNOWN else word(group.status)


def headline(page: PageView) -> Headline:
    """Return the headline of the page; its second line keeps it proportionate (DESIGN 2.3)."""
    if not page.components:
        words = _("This page has no components yet")
        reach = _("Incidents still appear here.")
        if page.site.kind is PageKind.CUSTOMER:
            reach = _("Your contact decides which services are shown here.")
        return Headline(Status.UNKNOWN, words, reach, words)
    if page.is_watching:
        return _watching(page)
    is_customer = page.site.kind is PageKind.CUSTOMER
    all_well = _("Your services are operational") if is_customer else _("All systems operational")
    words = {
        Status.OPERATIONAL: all_well,
        Status.UNKNOWN: _("We cannot confirm the current status"),
    }.get(page.status, word(page.status))
    tab = _("Status unknown") if page.status == Status.UNKNOWN else word(page.status)
    return Headline(page.status, words, " ".join(_reach(page)), tab)


def _watching(page: PageView) -> Headline:
    """The headline while an incident is open and every component is back: never green (DESIGN 2.3)."""
    words = _("Watching a fix")
    open_ones = len(page.events.open)
    reach = ngettext(
        "All components are operational, and an incident is still open.",
        "All components are operational, and %(count)s incidents are still open.",
        open_ones,
    ) % {"count": open_ones}
    return Headline(page.status, words, reach, words, line_icon="pulse")


def interrupted(since: datetime | None) -> str:
    """Return the sentence for while our own network is down; empty otherwise (F-28)."""
    if since is None:
        return ""
    return _("Monitoring interrupted since %(time)s; the states below are the last known.") % {
        "time": times.clock(since)
    }


def _reach(page: PageView) -> list[str]:
    components = page.components
    if page.status == Status.OPERATIONAL:
        count = len(components)
        return [
            ngettext(
                "%(count)s of %(count)s component is operational.",
                "%(count)s of %(count)s components are operational.",
                count,
            )
            % {"count": count}
        ]
    monitored = [component for component in components if component.is_monitored]
    if monitored and all(component.status == Status.UNKNOWN for component in monitored):
        return [_silence(page)]
    return _parts(components)


def _silence(page: PageView) -> str:
    if page.checked_at is None:
        return _("The first checks have not finished yet.")
    return _("Our monitoring has not reported since %(time)s.") % {
        "time": times.moment(page.checked_at)
    }


def _parts(components: Sequence[ComponentView]) -> list[str]:
    """What is wrong with which components, and how many are not affected."""
    by_rank = sorted(components, key=lambda component: -component.status.rank)
    troubled = [component.name for component in by_rank if component.status in _PROBLEMS]
    unknown = [component.name for component in by_rank if component.status == Status.UNKNOWN]
    in_work = [
        component.name for component in by_rank if component.status == Status.UNDER_MAINTENANCE
    ]
    rest = len(components) - len(troubled) - len(unknown) - len(in_work)
    parts = []
    if troubled:
        text = ngettext("%(names)s has problems.", "%(names)s have problems.", len(troubled))
        parts.append(text % {"names": names(troubled)})
    if unknown:
        parts.append(_("We have no recent data for %(names)s.") % {"names": names(unknown)})
    if in_work:
        text = ngettext(
            "%(names)s is under maintenance.", "%(names)s are under maintenance.", len(in_work)
        )
        parts.append(text % {"names": names(in_work)})
    if rest:
        text = ngettext(
            "The other component is operational.",
            "The other %(count)s components are operational.",
            rest,
        )
        parts.append(text % {"count": rest})
    return parts


def names(every: Sequence[str]) -> str:
    """Return a list of names as a sentence has it; a long one ends in how many more there are."""
    if len(every) > _NAMES_IN_FULL:
        more = len(every) - _NAMES_IN_FULL
        every = [
            *every[:_NAMES_IN_FULL],
            ngettext("%(count)s more", "%(count)s more", more) % {"count": more},
        ]
    return together(every)


def together(every: Sequence[str], *, word: str = "") -> str:
    """Return things as a sentence has them, none left out: "a, b and c"."""
    if len(every) == 1:
        return every[0]
    return _("%(first)s %(word)s %(last)s") % {
        "first": ", ".join(every[:-1]),
        "word": word or _("and"),
        "last": every[-1],
    }


# ---- history -----------------------------------------------------------------------------------


def percent(value: Decimal | None) -> str:
    """Return an uptime: 99.93%, and plainly 100% when nothing was down; a dash when unknown."""
    if value is None:
        return "–"
    return _("%(figure)s%%") % {"figure": "100" if value == 100 else formats.localize(value)}


def day_sentence(bar: DayBar, *, is_before_start: bool) -> str:
    """Return what happened on a day, worst first: "Partial outage, 42 min"."""
    if bar.worst is None:
        return _("Not monitored yet") if is_before_start else _("No data")
    parts = [
        _("%(what)s, %(duration)s")
        % {"what": word(member), "duration": times.duration(_minutes(bar.tally, member))}
        for member in sorted(Status, key=lambda member: -member.rank)
        if member not in {Status.OPERATIONAL, Status.UNKNOWN} and bar.tally.us(member)
    ]
    if not any(bar.tally.us(member) for member in _PROBLEMS):
        parts = parts or [_("No downtime")]
    if minutes := uptime.unknown_minutes(bar.tally):
        parts.append(_("%(duration)s without data") % {"duration": times.duration(minutes)})
    return " · ".join(parts)


def summary(history: History) -> str:
    """Return the strip in a sentence, for those who do not see it."""
    known = sum(1 for bar in history.bars if bar.worst is not None)
    if not known:
        return _("No history yet.")
    period = ngettext("Past day:", "Past %(count)s days:", known) % {"count": known}
    if not history.affected:
        return f"{period} " + _("no problems recorded.")
    count = len(history.affected)
    latest = history.affected[0]
    return f"{period} " + ngettext(
        "%(count)s day with problems, most recently %(day)s: %(what)s.",
        "%(count)s days with problems, most recently %(day)s: %(what)s.",
        count,
    ) % {
        "count": count,
        "day": times.day(latest.day),
        "what": day_sentence(latest, is_before_start=False),
    }


def figure_name(figure: Figure) -> str:
    """Return the name of a figure's period."""
    return period_name(figure.hours)


def period_name(hours: int) -> str:
    """Return the name of a period of 24 hours, or of so many days or 12 months."""
    if hours == 24:
        return _("24 hours")
    days = hours // 24
    if days == 365:
        return _("12 months")
    return ngettext("%(count)s day", "%(count)s days", days) % {"count": days}


def figure_notes(figure: Figure) -> list[str]:
    """Return what stands under a figure: the minutes down, and the time nobody measured."""
    if figure.percent is None:
        return [_("no data")]
    notes = [
        _("%(duration)s down") % {"duration": times.duration(figure.down_minutes)}
        if figure.down_minutes
        else _("no downtime")
    ]
    if figure.unknown_minutes:
        notes.append(
            _("%(duration)s without data") % {"duration": times.duration(figure.unknown_minutes)}
        )
    return notes + _maintenance_notes(figure)


def _maintenance_notes(figure: Figure) -> list[str]:
    """The other way to count maintenance, or both when the page counts it in part."""
    both = figure.both_ways
    if both is None:
        return []
    notes = []
    if both.counted != figure.percent:
        text = _("%(percent)s with maintenance counted as down")
        notes.append(text % {"percent": percent(both.counted)})
    if both.without != figure.percent:
        text = _("%(percent)s without maintenance")
        notes.append(text % {"percent": percent(both.without)})
    return notes


def rule(weights: Weights) -> str:
    """Return which time counts as down, made from the page's weights (decision 9)."""
    in_full, in_part, not_at_all = [], [], []
    for member, text in (
        (Status.MAJOR_OUTAGE, _("major outage")),
        (Status.PARTIAL_OUTAGE, _("partial outage")),
        (Status.DEGRADED_PERFORMANCE, _("degraded performance")),
        (Status.UNDER_MAINTENANCE, _("announced maintenance")),
    ):
        weight = weights.of(member)
        if weight == 1:
            in_full.append(text)
        elif weight:
            in_part.append(
                _("%(what)s to %(share)s%%") % {"what": text, "share": _plain(weight * 100)}
            )
        else:
            not_at_all.append(text)
    sentences = []
    if in_full:
        text = _("Minutes in %(what)s count as down.")
        sentences.append(text % {"what": together(in_full, word=_("or"))})
    if in_part:
        sentences.append(_("Counted in part: %(what)s.") % {"what": together(in_part)})
    if not_at_all:
        text = ngettext("%(what)s does not count.", "%(what)s do not count.", len(not_at_all))
        sentences.append(text % {"what": capfirst(together(not_at_all))})
    sentences.append(_("Time that nobody measured is left out."))
    return " ".join(sentences)


def worked_example(spent: Tally, weights: Weights) -> str:
    """Return the 90-day figure with its real numbers, so that a reader can compute it again."""
    shown = uptime.percent(spent, weights)
    if shown is None:
        return ""
    known = Fraction(spent.known_us, 60_000_000)
    down = spent.weighted_down_s(weights) / 60
    known_tenths = max(1, round(known * 10))
    if not down:
        return _(
            "%(known)s minutes were measured in 90 days and none was down, so we show 100%%."
        ) % {"known": _grouped(known_tenths)}
    exact = Decimal(int((known - down) * 100_000 / known)) / 1000
    return _(
        "%(known)s minutes were measured in 90 days; %(down)s were down: "
        "(%(known)s − %(down)s) ÷ %(known)s = %(exact)s…%%. We round down, so we show "
        "%(shown)s, and we never show 100%% when there was downtime."
    ) % {
        "known": _grouped(known_tenths),
        "down": _grouped(min(ceil(down * 10), known_tenths)),  # rounded up it never was more
        "exact": formats.localize(exact),
        "shown": percent(shown),
    }


def node_line(node: NodeView) -> str:
    """Return how a node is watched: "Polled over HTTPS every 30 seconds"."""
    if not node.replicas:
        return _("No replicas yet")
    kinds = together([scheme.upper() for scheme in node.schemes])
    return _("Polled over %(kinds)s %(interval)s") % {
        "kinds": kinds,
        "interval": times.interval(node.interval_s),
    }


def _minutes(spent: Tally, member: Status) -> int:
    return -(-spent.us(member) // 60_000_000)


def _grouped(tenths: int) -> str:
    """A number of minutes, given in tenths, with thousands set apart."""
    whole, rest = divmod(tenths, 10)
    number = Decimal(f"{whole}.{rest}") if rest else whole
    return str(formats.number_format(number, force_grouping=True))


def _plain(value: Fraction) -> str:
    return f"{float(value):g}"
