"""`candor apply`: the configuration file, against a server anywhere."""

import argparse
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

from candor.client import Candor
from candor.commands.common import Wrong, command
from candor.output import Output, plain
from candor.shapes import Applied

_SIGNS = {"added": "+", "changed": "~", "removed": "-", "kept": "="}
_MOST_BYTES = 1024 * 1024


def add(things: Any, common: argparse.ArgumentParser) -> None:
    parser = command(
        things, "apply", "make the installation what a configuration file says", _apply, common
    )
    parser.add_argument("file", help="a YAML file, or - for standard input")
    parser.add_argument("--dry-run", action="store_true", help="print what would change")
    parser.add_argument(
        "--prune", action="store_true", help="remove what is not in the file, with its history"
    )


def _apply(page: Candor, chosen: argparse.Namespace, out: Output, _now: datetime) -> None:
    done = page.apply(_read(chosen.file), dry_run=chosen.dry_run, prune=chosen.prune)
    lines = []
    for step in done["steps"]:
        note = ": not in the file, kept" if step["action"] == "kept" else ""
        lines.append(f"{_SIGNS[step['action']]} {step['kind']} {plain(step['label'])}{note}")
        lines += [
            f"    {each['key']}: {plain(each['old'])} → {plain(each['new'])}"
            for each in step["fields"]
        ]
    out.row(done, *lines, _summary(done))


def _summary(done: Applied) -> str:
    counts = Counter(step["action"] for step in done["steps"] if step["action"] != "kept")
    if not counts:
        return "Nothing to change."
    told = ", ".join(f"{count} {action}" for action, count in counts.items())
    return (
        f"Dry run, nothing was changed. It would be: {told}." if done["is_dry_run"] else f"{told}."
    )


def _read(name: str) -> str:
    try:
        if name == "-":
            data = sys.stdin.buffer.read(_MOST_BYTES + 1)
        else:
            with Path(name).open("rb") as file:
                data = file.read(_MOST_BYTES + 1)
        text = data.decode()
    except OSError as error:
        raise Wrong(f"{name} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise Wrong(f"{name} is not UTF-8 text.") from None
    if len(data) > _MOST_BYTES:
        raise Wrong(f"{name} is larger than 1 MiB.")
    return text
