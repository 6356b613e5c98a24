"""`candor incident …`."""

import argparse
from datetime import datetime
from typing import Any

from candor.client import Candor
from candor.commands.common import (
    IMPACTS,
    command,
    components_of,
    group,
    is_sure,
    message,
    moment_of,
    quiet,
    text_of,
    touches,
)
from candor.output import Output, plain
from candor.shapes import Incident

_STATES = ("investigating", "identified", "monitoring", "resolved")
_COLUMNS = [
    ("ID", "id"),
    ("STATE", "state"),
    ("IMPACT", "impact"),
    ("STARTED", "started_at"),
    ("COMPONENTS", "components"),
    ("TITLE", "title"),
]


def add(things: Any, common: argparse.ArgumentParser) -> None:
    verbs = group(things, "incident", "tell visitors and subscribers that something is wrong")
    opened = command(verbs, "open", "report an incident", _open, common)
    opened.add_argument("title")
    opened.add_argument("--impact", choices=IMPACTS)
    opened.add_argument("--state", choices=_STATES[:-1], default="investigating")
    opened.add_argument("--draft", action="store_true", help="publish nothing yet")
    opened.add_argument("--template", type=int, metavar="ID", help="fill what is left out")
    opened.add_argument("--next", metavar="WHEN", help="when the next update is promised: +30m")
    for add_options in (message, touches, quiet):
        add_options(opened)
    updated = command(verbs, "update", "post an update", _update, common)
    updated.add_argument("incident", help="its id")
    updated.add_argument("--state", choices=_STATES)
    updated.add_argument("--impact", choices=IMPACTS)
    updated.add_argument("--next", metavar="WHEN", help="when the next update is promised: +30m")
    resolved = command(verbs, "resolve", "end an incident", _resolve, common)
    resolved.add_argument("incident", help="its id")
    resolved.add_argument("--sure", action="store_true", help="although probes still find trouble")
    for parser in (updated, resolved):
        message(parser, is_required=True)
        quiet(parser)
    touches(updated)
    listed = command(verbs, "list", "list incidents", _list, common)
    listed.add_argument("--phase", choices=("draft", "open", "past"), help="only those")
    listed.add_argument("--limit", type=int, default=20, help="so many (20)")
    shown = command(verbs, "show", "show an incident with its timeline", _show, common)
    shown.add_argument("incident", help="its id")
    published = command(verbs, "publish", "publish a draft", _publish, common)
    published.add_argument("incident", help="its id")
    deleted = command(verbs, "delete", "delete an incident for good", _delete, common)
    deleted.add_argument("incident", help="its id")
    deleted.add_argument("--yes", action="store_true", help="do not ask")


def _open(page: Candor, chosen: argparse.Namespace, out: Output, now: datetime) -> None:
    fields: dict[str, Any] = {
        "title": chosen.title,
        "text": text_of(chosen),
        "state": chosen.state,
        "is_draft": chosen.draft,
        "notify": not chosen.quiet,
    }
    if chosen.impact:
        fields["impact"] = chosen.impact
    if chosen.component or not chosen.template:
        fields["components"] = components_of(chosen)
    if chosen.template:
        fields["template_id"] = chosen.template
    if chosen.next:
        fields["next_update_by"] = moment_of(chosen.next, now)
    row = page.incidents.create(**fields)
    done = "is kept as a draft" if row["phase"] == "draft" else "is public"
    out.row(row, f"{row['id']}  “{plain(row['title'])}” {done}.")


def _update(page: Candor, chosen: argparse.Namespace, out: Output, now: datetime) -> None:
    fields: dict[str, Any] = {"text": text_of(chosen), "notify": not chosen.quiet}
    for name in ("state", "impact"):
        if getattr(chosen, name):
            fields[name] = getattr(chosen, name)
    if chosen.component:
        fields["components"] = components_of(chosen)
    if chosen.next:
        fields["next_update_by"] = moment_of(chosen.next, now)
    row = page.post_update(chosen.incident, **fields)
    out.row(row, f"Posted: {row['state']}.")


def _resolve(page: Candor, chosen: argparse.Namespace, out: Output, _now: datetime) -> None:
    row = page.post_update(
        chosen.incident,
        text=text_of(chosen),
        state="resolved",
        notify=not chosen.quiet,
        is_sure=chosen.sure,
    )
    out.row(row, "Resolved.")


def _list(page: Candor, chosen: argparse.Namespace, out: Output, _now: datetime) -> None:
    found: list[Incident] = []
    for row in page.incidents.list(phase=chosen.phase, limit=min(max(chosen.limit, 1), 100)):
        found.append(row)
        if len(found) >= chosen.limit:
            break
    out.table(found, _COLUMNS, empty="There are no such incidents.")


def _show(page: Candor, chosen: argparse.Namespace, out: Output, _now: datetime) -> None:
    row = page.incidents.get(chosen.incident)
    updates = list(page.updates(chosen.incident))
    names = ", ".join(each["name"] for each in row["components"]) or "none"
    lines = [
        f"{plain(row['title'])}",
        f"{row['state']}, impact {row['impact']}, since {row['started_at']}",
        f"components: {plain(names)}",
        "",
        *(f"{each['at']}  {each['state']}: {plain(each['text'])}" for each in updates),
    ]
    out.row({**row, "updates": updates}, *lines)


def _publish(page: Candor, chosen: argparse.Namespace, out: Output, _now: datetime) -> None:
    row = page.ask("POST", f"/incidents/{chosen.incident}/publish")
    out.row(row, f"“{plain(row['title'])}” is public.")


def _delete(page: Candor, chosen: argparse.Namespace, out: Output, _now: datetime) -> None:
    row = page.incidents.get(chosen.incident)
    if is_sure(chosen, f"Delete “{plain(row['title'])}” with all that was said?"):
        page.incidents.delete(chosen.incident)
        out.row({"id": chosen.incident, "deleted": True}, "Deleted.")
