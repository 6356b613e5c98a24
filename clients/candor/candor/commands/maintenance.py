"""`candor maintenance …`."""

import argparse
from datetime import datetime
from typing import Any

from candor import moments
from candor.client import Candor
from candor.commands.common import (
    Wrong,
    command,
    components_of,
    group,
    message,
    moment_of,
    quiet,
    text_of,
    touches,
)
from candor.output import Output, plain

_COLUMNS = [
    ("ID", "id"),
    ("STATE", "state"),
    ("START", "starts_at"),
    ("END", "ends_at"),
    ("COMPONENTS", "components"),
    ("TITLE", "title"),
]
_STEPS = {
    "start": ("in_progress", "begin before its time"),
    "verify": ("verification", "say that the work is done and being checked"),
    "complete": ("completed", "end it"),
}


def add(things: Any, common: argparse.ArgumentParser) -> None:
    verbs = group(things, "maintenance", "announce planned work")
    planned = command(verbs, "plan", "plan a window, or begin one at once", _plan, common)
    planned.add_argument("title")
    planned.add_argument(
        "--start", metavar="WHEN", help="22:00, +2h, 2026-11-24T02:00; now if left out"
    )
    end = planned.add_mutually_exclusive_group(required=True)
    end.add_argument("--for", dest="length", metavar="LENGTH", help="90m, 2h, 1d12h")
    end.add_argument("--end", metavar="WHEN")
    planned.add_argument("--zone", help="the time zone it is planned in, like Europe/Berlin (UTC)")
    planned.add_argument("--rule", help="a series: FREQ=MONTHLY;BYDAY=2TU")
    for add_options in (message, touches, quiet):
        add_options(planned)
    listed = command(verbs, "list", "list maintenance, the latest start first", _list, common)
    listed.add_argument(
        "--state",
        choices=("scheduled", "in_progress", "verification", "completed", "cancelled"),
    )
    for name, (state, help_text) in _STEPS.items():
        step = command(verbs, name, help_text, _step, common)
        step.set_defaults(state=state)
        step.add_argument("maintenance", help="its id")
        message(step)
        quiet(step)
    longer = command(verbs, "extend", "let a window end later", _extend, common)
    longer.add_argument("maintenance", help="its id")
    longer.add_argument("length", help="how much longer: 30m, 2h")
    quiet(longer)
    off = command(verbs, "cancel", "call a window off", _cancel, common)
    off.add_argument("maintenance", help="its id")
    message(off)
    quiet(off)


def _plan(page: Candor, chosen: argparse.Namespace, out: Output, now: datetime) -> None:
    start = moment_of(chosen.start, now) if chosen.start else None
    begins = datetime.fromisoformat(start) if start else now
    ends = (
        (begins + _length(chosen.length)).isoformat()
        if chosen.length
        else moment_of(chosen.end, begins)
    )
    fields: dict[str, Any] = {
        "title": chosen.title,
        "text": text_of(chosen),
        "ends_at": ends,
        "components": components_of(chosen),
        "notify": not chosen.quiet,
    }
    more = {"starts_at": start, "zone": chosen.zone, "rule": chosen.rule}
    fields |= {name: value for name, value in more.items() if value}
    row = page.maintenances.create(**fields)
    out.row(row, f"{row['id']}  “{plain(row['title'])}” {row['starts_at']} to {row['ends_at']}.")


def _list(page: Candor, chosen: argparse.Namespace, out: Output, _now: datetime) -> None:
    rows = page.maintenances.list(state=chosen.state)
    out.table(rows, _COLUMNS, empty="There is no such maintenance.")


def _step(page: Candor, chosen: argparse.Namespace, out: Output, _now: datetime) -> None:
    fields: dict[str, Any] = {"state": chosen.state, "text": text_of(chosen)}
    if chosen.quiet:
        fields["notify"] = False
    row = page.step_maintenance(chosen.maintenance, **fields)
    out.row(row, f"It is {row['state']} now.")


def _extend(page: Candor, chosen: argparse.Namespace, out: Output, _now: datetime) -> None:
    minutes = int(_length(chosen.length).total_seconds() // 60)
    fields: dict[str, Any] = {"minutes": minutes}
    if chosen.quiet:
        fields["notify"] = False
    row = page.extend_maintenance(chosen.maintenance, **fields)
    out.row(row, f"It ends at {row['ends_at']} now.")


def _cancel(page: Candor, chosen: argparse.Namespace, out: Output, _now: datetime) -> None:
    row = page.cancel_maintenance(chosen.maintenance, text=text_of(chosen), notify=not chosen.quiet)
    out.row(row, "It is cancelled.")


def _length(text: str) -> Any:
    try:
        return moments.length(text)
    except moments.NotAMoment as error:
        raise Wrong(str(error)) from None
