"""Which page is meant, and the token for it: from the environment, or from a file of one's own."""

import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from candor.errors import CandorError


class NoAccess(CandorError):
    """It is not known which page to ask, or with what token; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Access:
    """A page's origin, and a token."""

    url: str
    token: str


def path() -> Path:
    """Where `candor login` keeps them."""
    folder = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(folder) / "candor" / "access.json"


def find(url: str | None = None) -> Access:
    """The page and token to use; `url` given, or CANDOR_URL, or the kept one.

    The token is CANDOR_TOKEN, or the one that was kept for the same page. Raises NoAccess.
    """
    kept = _kept()
    chosen = url or os.environ.get("CANDOR_URL") or (kept.url if kept else "")
    if not chosen:
        raise NoAccess(
            "Which page? Set CANDOR_URL, or run `candor login https://status.example.com`."
        )
    origin = checked(chosen)
    token = os.environ.get("CANDOR_TOKEN", "").strip()
    if not token and kept and kept.url == origin:
        token = kept.token
    if not token:
        raise NoAccess(f"No token for {origin}. Set CANDOR_TOKEN, or run `candor login {origin}`.")
    return Access(origin, token)


def checked(url: str) -> str:
    """The origin of an address. Raises NoAccess for what is none."""
    parts = urlsplit(url if "://" in url else f"https://{url}")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise NoAccess(
            f"“{url}” is no address of a page. Write it like https://status.example.com."
        )
    return f"{parts.scheme}://{parts.netloc}"


def keep(access: Access) -> Path:
    """Keep a page and its token, for nobody else to read; the file."""
    file = path()
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, stat.S_IRUSR | stat.S_IWUSR)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        json.dump({"url": access.url, "token": access.token}, out)
    file.chmod(stat.S_IRUSR | stat.S_IWUSR)
    return file


def forget() -> bool:
    """Forget them; whether there was something."""
    file = path()
    there = file.exists()
    file.unlink(missing_ok=True)
    return there


def _kept() -> Access | None:
    try:
        told = json.loads(path().read_text(encoding="utf-8"))
        return Access(str(told["url"]), str(told["token"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NoAccess(f"{path()} cannot be read ({error}). Run `candor login` again.") from None
