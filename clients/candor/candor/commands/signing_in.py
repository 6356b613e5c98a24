"""`candor login` and `candor logout`: keep a page and its token, or forget them."""

import argparse
import getpass
import sys
from datetime import datetime
from http import HTTPStatus
from typing import Any

from candor import access
from candor.access import Access
from candor.client import Candor
from candor.commands.common import Command, Wrong, command
from candor.errors import NotAllowed
from candor.output import Output


def add(things: Any, common: argparse.ArgumentParser) -> None:
    login = command(things, "login", "keep a page and its token for later commands", _login, common)
    login.add_argument("page", help="the page's address, like https://status.example.com")
    login.set_defaults(command=Command(_login, needs_access=False))
    logout = command(things, "logout", "forget them", _logout, common)
    logout.set_defaults(command=Command(_logout, needs_access=False))


def _login(_page: object, chosen: argparse.Namespace, out: Output, _now: datetime) -> None:
    url = access.checked(chosen.page)
    # Never an argument: others on the machine can read those.
    asked = getpass.getpass("Token: ") if sys.stdin.isatty() else sys.stdin.readline()
    token = asked.strip()
    if not token:
        raise Wrong("No token was given. Make one on the console's screen “API tokens”.")
    with Candor(url, token, timeout_s=chosen.timeout) as page:
        name = _name(page)
    kept = access.keep(Access(url, token))
    out.row({"url": url, "page": name, "kept_in": str(kept)}, f"Logged in to {name} ({url}).")


def _name(page: Candor) -> str:
    """What the page is called. A token that may not read it is a valid one all the same."""
    try:
        return str(page.ask("GET", "/page")["name"])
    except NotAllowed as error:
        if error.status == HTTPStatus.UNAUTHORIZED:
            raise
        return "a page whose name this token may not read"


def _logout(_page: object, _chosen: argparse.Namespace, out: Output, _now: datetime) -> None:
    was = access.forget()
    out.row({"forgotten": was}, "Forgotten." if was else "Nothing was kept.")
