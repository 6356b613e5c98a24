"""Small pieces of the console's templates: icons with words, boxes, times."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from common import console
from monitoring import wording

register = template.Library()


@register.simple_tag
def ico(code: str) -> SafeString:
    """The icon of a status or health; its word stands beside it."""
    return format_html(
        '<svg class="ico" data-s="{0}" aria-hidden="true"><use href="#i-{0}"/></svg>', code
    )


@register.simple_tag
def line(name: str, css: str = "") -> SafeString:
    """A line icon, as decoration."""
    return format_html(
        '<svg class="line {}" aria-hidden="true"><use href="#u-{}"/></svg>', css, name
    )


@register.simple_tag
def st(code: str, word: str) -> SafeString:
    """Icon and word."""
    return console.badge(code, word)


@register.simple_tag
def box(code: str, number: int, word: str) -> SafeString:
    """A numbered replica box; its word is for screen readers and the pointer."""
    return format_html(
        '<span class="box" data-s="{0}" title="{2}">{1}<svg class="ico" data-s="{0}" '
        'aria-hidden="true"><use href="#i-{0}"/></svg><span class="vh"> {2}</span></span>',
        code,
        number,
        word,
    )


@register.filter
def figure(value: float) -> str:
    """Milliseconds as a number: "0.4", "182", "1,240"."""
    return f"{value:.1f}" if value < 10 else f"{value:,.0f}"


@register.filter
def thousands(count: int) -> str:
    """A count with its thousands apart: "12,000"."""
    return f"{count:,}"


@register.filter
def ms(value: float | None) -> str:
    """Milliseconds with their unit; nothing for None."""
    return "" if value is None else f"{figure(value)} ms"


@register.simple_tag
def moment(at: datetime | None, now: datetime) -> SafeString | str:
    """A time, with its day unless that is today."""
    if at is None:
        return ""
    local, today = timezone.localtime(at), timezone.localtime(now)
    text = f"{local:%H:%M}" if local.date() == today.date() else f"{local:%-d %b %H:%M}"
    return format_html('<time datetime="{}">{}</time>', local.isoformat(timespec="seconds"), text)


@register.simple_tag
def wall(at: datetime, zone: ZoneInfo | None = None) -> SafeString:
    """A day and time on the clock of a zone, with its name; without one on the clock it carries."""
    local = at.astimezone(zone) if zone else at
    text = f"{date_format(local, 'D j M Y')}, {local:%H:%M} {local:%Z}"
    return format_html('<time datetime="{}">{}</time>', local.isoformat(timespec="minutes"), text)


@register.simple_tag
def ago(at: datetime | None, now: datetime) -> SafeString | str:
    """How long ago, with the exact time to the pointer."""
    if at is None:
        return _("never")
    local = timezone.localtime(at)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(timespec="seconds"),
        f"{local:%Y-%m-%d %H:%M:%S} UTC",
        _("%(time)s ago") % {"time": wording.duration(now - at)},
    )


@register.simple_tag
def lasted(since: datetime, now: datetime) -> str:
    """How long something has been so."""
    return wording.duration(now - since)


@register.filter
def seconds(length: int) -> str:
    """A length in seconds, in words: "3 min"."""
    return wording.duration(timedelta(seconds=length))


@register.simple_tag
def event_state(code: str, state: Any) -> SafeString:
    """The state of an event as its icon and word, in the colour of a status."""
    return format_html(
        '<span class="st" data-s="{}">{}{}</span>', code, line(state.icon), _(state.label)
    )


@register.simple_tag
def promise(by: datetime | None, now: datetime) -> SafeString | str:
    """When the next update was promised: how soon, or how long overdue (design 7.3)."""
    if by is None:
        return _("none promised")
    if by < now:
        return st("ma", _("%(time)s overdue") % {"time": wording.duration(now - by)})
    soon = _("in %(time)s") % {"time": wording.duration(by - now)}
    return format_html("{} {}, {}", _("promised by"), moment(by, now), soon)


@register.filter
def label(value: Any) -> str:
    """The word of a status, state or impact, in the operator's language."""
    return _(value.label) if value else ""


@register.filter
def of(mapping: dict[Any, Any], key: Any) -> Any:
    """The value of a key, None when it has none."""
    return mapping.get(key)
