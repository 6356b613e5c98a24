"""What commands share: how one is added, and how words of the command line are read."""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from candor import moments
from candor.client import Candor
from candor.output import Output

STATUSES = {
    "operational": "operational",
    "degraded": "degraded_performance",
    "degraded_performance": "degraded_performance",
    "partial": "partial_outage",
    "partial_outage": "partial_outage",
    "major": "major_outage",
    "major_outage": "major_outage",
    "maintenance": "under_maintenance",
    "under_maintenance": "under_maintenance",
}
IMPACTS = ("none", "minor", "major", "critical")
_LONGEST_TEXT = 1_000_000


class Wrong(Exception):
    """The command line asks for something that cannot be; the sentence says what to write."""


class Runs(Protocol):
    """The work of a command."""

    def __call__(
        self, page: Candor, chosen: argparse.Namespace, out: Output, now: datetime, /
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class Command:
    """What `main` runs; `needs_access` is false where no page is asked."""

    run: Callable[[Any, argparse.Namespace, Output, datetime], None]
    needs_access: bool = True


def group(things: Any, name: str, help_text: str) -> Any:
    """A thing with commands of its own: `candor incident …`."""
    parser = things.add_parser(name, help=help_text, description=help_text)
    return parser.add_subparsers(title="commands", metavar="COMMAND", required=True)


def command(
    verbs: Any, name: str, help_text: str, run: Runs, common: argparse.ArgumentParser
) -> argparse.ArgumentParser:
    """Add one command, with the options that all have."""
    parser: argparse.ArgumentParser = verbs.add_parser(
        name, help=help_text, description=help_text, parents=[common]
    )
    parser.set_defaults(command=Command(run))
    return parser


def message(parser: argparse.ArgumentParser, *, is_required: bool = False) -> None:
    """The option of a text; "-" reads it from standard input."""
    parser.add_argument(
        "-m",
        "--message",
        required=is_required,
        default="",
        metavar="TEXT",
        help="what visitors read (Markdown); - reads standard input",
    )


def quiet(parser: argparse.ArgumentParser) -> None:
    """The option to tell no subscriber."""
    parser.add_argument("-q", "--quiet", action="store_true", help="tell no subscriber")


def touches(parser: argparse.ArgumentParser) -> None:
    """The option of components, each with a status or without."""
    parser.add_argument(
        "-c",
        "--component",
        action="append",
        default=[],
        metavar="SLUG[=STATUS]",
        help="a component that it touches, by slug or id; again for more",
    )


def text_of(chosen: argparse.Namespace) -> str:
    """The text of a command."""
    if chosen.message != "-":
        return str(chosen.message)
    return sys.stdin.read(_LONGEST_TEXT)


def status_of(word: str) -> str:
    """A status by its word or the short one. Raises Wrong."""
    found = STATUSES.get(word.strip().lower().replace("-", "_").replace(" ", "_"))
    if found is None:
        raise Wrong(f"“{word}” is no status. Use one of: {', '.join(dict.fromkeys(STATUSES))}.")
    return found


def components_of(chosen: argparse.Namespace) -> list[dict[str, str]]:
    """The components of a command, as the API takes them."""
    found = []
    for each in chosen.component:
        name, is_given, status = each.partition("=")
        found.append({"id": name} | ({"status": status_of(status)} if is_given else {}))
    return found


def moment_of(text: str, now: datetime) -> str:
    """A moment of the command line as the API takes it. Raises Wrong."""
    try:
        return moments.moment(text, now=now).isoformat()
    except moments.NotAMoment as error:
        raise Wrong(str(error)) from None


def is_sure(chosen: argparse.Namespace, question: str) -> bool:
    """Ask before something that cannot be undone, unless --yes was given. Raises Wrong without a terminal."""
    if chosen.yes:
        return True
    if not sys.stdin.isatty():
        raise Wrong("That cannot be undone. Add --yes if you mean it.")
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}
