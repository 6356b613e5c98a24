"""`candor`: what an operator does on the console, for shells and scripts.

Exit codes: 0 done, 1 refused or failed, 2 wrong use, 3 not there, 4 not allowed, 5 does not fit what
is there or was changed meanwhile, 6 not reached.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import datetime

from candor import access, errors, output
from candor.client import Candor
from candor.commands import applying, components, incidents, maintenance, others, signing_in
from candor.commands.common import Command, Wrong
from candor.errors import CandorError, ProblemError
from candor.output import Output

INTERRUPTED = 130
"""The exit code of a program that Ctrl-C ended."""

FAILED, USAGE, NOT_FOUND, NOT_ALLOWED, CONFLICT, UNREACHABLE = range(1, 7)

_EPILOG = """
examples:
  candor login https://status.example.com
  candor component set api degraded
  candor incident open "Checkout fails" --impact major -c checkout -m "A query is slow."
  candor incident resolve 7k2v9x4tqm3z -m "The query is quick again."
  candor maintenance plan "Database upgrade" --start 22:00 --for 2h -c api
  candor apply candor.yaml --dry-run

The page is CANDOR_URL or the one you logged in to; the token is CANDOR_TOKEN or the kept one.
exit codes: 0 done, 1 failed, 2 wrong use, 3 not there, 4 not allowed, 5 conflict, 6 not reached
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    parser = make_parser()
    chosen = parser.parse_args(arguments)
    command: Command | None = getattr(chosen, "command", None)
    if command is None:
        parser.print_help()
        return USAGE
    try:
        _run(command, chosen)
    except (Wrong, CandorError) as error:
        _tell(error)
        return _code(error)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has seen enough, as `head` does.
        sys.stderr.close()
    return 0


def _run(command: Command, chosen: argparse.Namespace) -> None:
    out = Output(sys.stdout, as_json=chosen.json)
    now = datetime.now().astimezone()
    if not command.needs_access:
        command.run(None, chosen, out, now)
        return
    found = access.find(chosen.url)
    with Candor(found.url, found.token, timeout_s=chosen.timeout) as page:
        command.run(page, chosen, out, now)


def make_parser() -> argparse.ArgumentParser:
    """The parser of the whole command."""
    parser = argparse.ArgumentParser(
        prog="candor",
        description="Says on a Candor status page what is going on.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="print JSON, for programs")
    common.add_argument("--url", metavar="URL", help="the page, instead of CANDOR_URL")
    common.add_argument(
        "--timeout", type=float, default=15.0, metavar="S", help="seconds for one try (15)"
    )
    things = parser.add_subparsers(title="commands", metavar="COMMAND")
    for part in (incidents, components, maintenance, others, applying, signing_in):
        part.add(things, common)
    return parser


def _tell(error: Exception) -> None:
    output.complain(str(error))
    if isinstance(error, ProblemError):
        for field, sentences in error.errors.items():
            for sentence in sentences:
                sys.stderr.write(f"  {field}: {sentence}\n")


def _code(error: Exception) -> int:
    kinds: Sequence[tuple[type[Exception], int]] = (
        (Wrong, USAGE),
        (access.NoAccess, NOT_ALLOWED),
        (errors.NotFound, NOT_FOUND),
        (errors.NotAllowed, NOT_ALLOWED),
        (errors.Conflict, CONFLICT),
        (errors.Unreachable, UNREACHABLE),
    )
    return next((code for kind, code in kinds if isinstance(error, kind)), FAILED)


if __name__ == "__main__":
    sys.exit(main())
