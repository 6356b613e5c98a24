"""Read what an operator names, a file or a web address, within bounds."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from common import egress, guarded_http
from common.guarded_http import Answer, NoAnswer, NotSent, Request, UrlNotAllowed
from importing.problems import SourceUnreadable

MAX_BYTES = 64 * 1024 * 1024
_DEADLINE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file or a web address as it was named; `-` is standard input.

    `allows_private` is the operator's word that an address inside their own network is meant.
    """

    name: str
    allows_private: bool = False

    @property
    def is_url(self) -> bool:
        return self.name.lower().startswith(("http://", "https://"))

    @property
    def path(self) -> Path:
        return Path(self.name)

    def content(self, *, limit: int = MAX_BYTES) -> bytes:
        """All of it. Raises SourceUnreadable, also when it is larger than `limit` bytes."""
        if self.is_url:
            return get(self.name, allows_private=self.allows_private, limit=limit)
        return read_file(self.name, limit=limit)


def read_file(name: str, *, limit: int = MAX_BYTES) -> bytes:
    """The bytes of a file. Raises SourceUnreadable, also when it has more than `limit`."""
    try:
        if name == "-":
            content = sys.stdin.buffer.read(limit + 1)
        else:
            with Path(name).open("rb") as file:
                content = file.read(limit + 1)
    except OSError as error:
        raise SourceUnreadable(f"{name} cannot be read: {error.strerror}.") from None
    if len(content) > limit:
        raise SourceUnreadable(f"{name} is larger than {limit // 1024 // 1024} MB.")
    return content


def get(
    url: str,
    *,
    allows_private: bool,
    headers: Mapping[str, str] | None = None,
    limit: int = MAX_BYTES,
) -> bytes:
    """What a web address answers with. Raises SourceUnreadable when that is no success."""
    answer = ask(url, allows_private=allows_private, headers=headers, limit=limit)
    if not answer.is_success:
        where = answer.headers.get("location", "")
        hint = f" It sends on to {where[:200]}: name that address." if where else ""
        raise SourceUnreadable(f"{url} answers with {answer.status}.{hint}")
    return answer.body


def ask(
    url: str,
    *,
    allows_private: bool,
    headers: Mapping[str, str] | None = None,
    limit: int = MAX_BYTES,
) -> Answer:
    """The answer of a web address, whatever its status. Raises SourceUnreadable for none, or half of one."""
    try:
        checked = guarded_http.check_url(url, allow_http=True)
        answer = guarded_http.send(
            Request(
                url=checked,
                method="GET",
                headers=dict(headers or {}),
                deadline_s=_DEADLINE_S,
                body_max=limit + 1,
            ),
            guard=egress.monitor_guard(allow_private=allows_private),
            before_sending=_nothing,
        )
    except UrlNotAllowed as error:
        raise SourceUnreadable(f"{url} cannot be asked. {error}") from None
    except NotSent as error:
        hint = "" if allows_private else " If it is inside your own network, add --allow-private."
        raise SourceUnreadable(f"{error}.{hint}") from None
    except NoAnswer as error:
        raise SourceUnreadable(f"{error}.") from None
    if len(answer.body) > limit:
        raise SourceUnreadable(f"{url} answers with more than {limit // 1024 // 1024} MB.")
    announced = answer.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced[:12]) > len(answer.body):
        raise SourceUnreadable(f"{url} broke off in the middle of its answer. Try again.")
    return answer


def _nothing() -> None:
    """There is nothing to do before a reading request leaves."""
