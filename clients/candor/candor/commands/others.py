"""`candor announcement …` and `candor subscriber …`."""

import argparse
from datetime import datetime
from itertools import islice
from typing import Any

from candor.client import Candor
from candor.commands.common import command, group, message, moment_of, text_of
from candor.output import Output, plain

_ANNOUNCEMENTS = [("ID", "id"), ("STATE", "state"), ("FROM", "starts_at"), ("TITLE", "title")]
_SUBSCRIBERS = [
    ("ID", "id"),
    ("CHANNEL", "channel"),
    ("STATE", "state"),
    ("SUPPRESSED", "suppressed_because"),
    ("ADDRESS", "address"),
]


def add(things: Any, common: argparse.ArgumentParser) -> None:
    verbs = group(things, "announcement", "dated notes at the top of pages")
    command(verbs, "list", "list announcements", _list, common)
    new = command(verbs, "add", "add an announcement", _add, common)
    new.add_argument("title")
    new.add_argument("--start", metavar="WHEN", help="now if left out")
    new.add_argument("--end", metavar="WHEN", help="stays if left out")
    message(new, is_required=True)
    gone = command(verbs, "remove", "take an announcement off", _remove, common)
    gone.add_argument("announcement", help="its id")
    people = group(things, "subscriber", "who is told")
    found = command(people, "list", "list subscribers, the newest first", _subscribers, common)
    found.add_argument("--state", choices=("waiting", "active", "paused", "ended"))
    found.add_argument("--search", default=None, metavar="TEXT", help="part of the address")
    found.add_argument("--limit", type=int, default=50, help="so many (50)")


def _list(page: Candor, _chosen: argparse.Namespace, out: Output, _now: datetime) -> None:
    out.table(page.announcements.list(), _ANNOUNCEMENTS, empty="There are no announcements.")


def _add(page: Candor, chosen: argparse.Namespace, out: Output, now: datetime) -> None:
    fields: dict[str, Any] = {"title": chosen.title, "text": text_of(chosen)}
    if chosen.start:
        fields["starts_at"] = moment_of(chosen.start, now)
    if chosen.end:
        fields["ends_at"] = moment_of(chosen.end, now)
    row = page.announcements.create(**fields)
    out.row(row, f"{row['id']}  “{plain(row['title'])}” is {row['state']}.")


def _remove(page: Candor, chosen: argparse.Namespace, out: Output, _now: datetime) -> None:
    page.announcements.delete(chosen.announcement)
    out.row({"id": chosen.announcement, "removed": True}, "Removed.")


def _subscribers(page: Candor, chosen: argparse.Namespace, out: Output, _now: datetime) -> None:
    rows = page.subscribers.list(
        state=chosen.state, q=chosen.search, limit=min(max(chosen.limit, 1), 100)
    )
    out.table(islice(rows, chosen.limit), _SUBSCRIBERS, empty="There are no such subscribers.")
