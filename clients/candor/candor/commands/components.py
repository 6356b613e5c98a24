"""`candor component …` and `candor uptime`."""

import argparse
from datetime import datetime
from typing import Any

from candor.client import Candor
from candor.commands.common import command, group, status_of
from candor.output import Output, plain

_COLUMNS = [("SLUG", "slug"), ("STATUS", "status"), ("HELD", "is_held"), ("NAME", "name")]


def add(things: Any, common: argparse.ArgumentParser) -> None:
    verbs = group(things, "component", "what visitors see of a service")
    command(verbs, "list", "list components with their status", _list, common)
    one = command(verbs, "show", "show one component", _show, common)
    one.add_argument("component", help="its slug or id")
    held = command(verbs, "set", "hold a component in a status", _set, common)
    held.add_argument("component", help="its slug or id")
    held.add_argument(
        "status",
        help="operational, degraded, partial, major or maintenance; auto follows its monitors again",
    )
    spent = command(things, "uptime", "tell how long components were up", _uptime, common)
    spent.add_argument("component", nargs="*", help="slugs or ids; all, if none is given")
    spent.add_argument("--days", type=int, default=90, help="how far back (90)")


def _list(page: Candor, _chosen: argparse.Namespace, out: Output, _now: datetime) -> None:
    out.table(page.components.list(), _COLUMNS, empty="There are no components.")


def _show(page: Candor, chosen: argparse.Namespace, out: Output, _now: datetime) -> None:
    row = page.components.get(chosen.component)
    out.row(row, *(f"{name}: {plain(str(value))}" for name, value in row.items()))


def _set(page: Candor, chosen: argparse.Namespace, out: Output, _now: datetime) -> None:
    status: Any = None if chosen.status.lower() == "auto" else status_of(chosen.status)
    row = page.set_status(chosen.component, status)
    held = "is held in" if row["is_held"] else "follows its monitors:"
    out.row(row, f"{plain(row['name'])} {held} {row['status']}.")


def _uptime(page: Candor, chosen: argparse.Namespace, out: Output, _now: datetime) -> None:
    names = {row["id"]: row["slug"] for row in page.components.list()}
    if chosen.component:
        found = [dict(page.uptime(each, days=chosen.days)) for each in chosen.component]
    else:
        found = [dict(row) for row in page.resource("/uptime").list(days=chosen.days)]
    rows = [row | {"component": names.get(str(row["component_id"]))} for row in found]
    columns = [
        ("COMPONENT", "component"),
        ("UPTIME %", "percent"),
        ("DOWN MIN", "down_minutes"),
        ("UNKNOWN MIN", "unknown_minutes"),
    ]
    out.table(rows, columns, empty="There are no components.")
