"""Sends results to the page as they come, and all that wait as soon as it can be reached again."""

import asyncio
import contextlib
import logging
import time
from dataclasses import dataclass

from candor_local.server import NotTaken, Server
from candor_local.unsent import Result, Unsent

logger = logging.getLogger("candor_local")

_AT_ONCE = 8
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 30.0
_LONGEST_WISH_S = 300.0

# Whose results are held back: one node's (service, node), or everybody's.
_PAGE = ("", "")


@dataclass(frozen=True, slots=True)
class _Hold:
    until: float
    pause_s: float


class Sender:
    """Empties the queue. While the page is away it tries one result after ever longer pauses."""

    def __init__(self, *, server: Server, unsent: Unsent) -> None:
        self._server, self._unsent = server, unsent
        self._news = asyncio.Event()
        self._holds: dict[tuple[str, str], _Hold] = {}
        self._causes: set[tuple[tuple[str, str], str]] = set()
        self._refused = 0

    @property
    def has_sent_all(self) -> bool:
        """Whether every result so far was taken."""
        return not len(self._unsent) and not self._refused

    def put(self, result: Result) -> None:
        """Take a result to be sent."""
        self._unsent.put(result)
        self._news.set()

    async def run(self) -> None:
        """Send for ever."""
        while True:
            self._unsent.drop_stale(at=time.time())
            await self.send_waiting()
            self._unsent.save()
            if page := self._holds.get(_PAGE):
                await asyncio.sleep(page.until - time.monotonic())
                continue
            wait_s = self._next_hold_s()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._news.wait()

    async def send_waiting(self) -> None:
        """Try everything that waits and is not held back; stop when the page itself is away."""
        self._news.clear()
        waiting = [result for result in self._unsent if not self._is_held(result)]
        # While the page is away one attempt is enough to know whether it is back.
        size = 1 if _PAGE in self._holds else _AT_ONCE
        while waiting:
            part, waiting = waiting[:size], waiting[size:]
            size = _AT_ONCE
            await asyncio.gather(*(self._send(result) for result in part))
            if self._is_page_held():
                return
            waiting = [result for result in waiting if not self._is_held(result)]

    async def _send(self, result: Result) -> None:
        owner = (result.service, result.node)
        try:
            await self._server.report(result)
        except NotTaken as failure:
            if not failure.is_final:
                self._hold(owner if failure.is_of_node else _PAGE, failure)
                return
            self._refused += 1
            self._warn(owner, f"a result of {result.replica} is refused: {failure.cause}")
        else:
            self._release(owner)
        self._unsent.done(result)
        self._release(_PAGE)

    def _hold(self, owner: tuple[str, str], failure: NotTaken) -> None:
        before, at = self._holds.get(owner), time.monotonic()
        if before is not None and before.until > at:
            return  # another of the same round has met the same trouble
        pause_s = min(before.pause_s * 2, _LONGEST_PAUSE_S) if before else _FIRST_PAUSE_S
        wish_s = min(failure.retry_after_s or 0.0, _LONGEST_WISH_S)
        self._holds[owner] = _Hold(at + max(pause_s, wish_s), pause_s)
        self._warn(owner, f"results are kept until the page takes them: {failure.cause}")

    def _release(self, owner: tuple[str, str]) -> None:
        # A node's own hold is everyday throttling, which is said once; the page's is an outage.
        if self._holds.pop(owner, None) is not None and owner == _PAGE:
            self._causes = {said for said in self._causes if said[0] != _PAGE}
            logger.info("the page takes results again")

    def _is_held(self, result: Result) -> bool:
        hold = self._holds.get((result.service, result.node))
        return hold is not None and hold.until > time.monotonic()

    def _is_page_held(self) -> bool:
        hold = self._holds.get(_PAGE)
        return hold is not None and hold.until > time.monotonic()

    def _next_hold_s(self) -> float | None:
        untils = [hold.until for hold in self._holds.values()]
        return max(0.05, min(untils) - time.monotonic()) if untils else None

    def _warn(self, owner: tuple[str, str], text: str) -> None:
        """Say each cause once; those of the page again when it was back in between."""
        said = (owner, text)
        if said not in self._causes:
            self._causes.add(said)
            logger.warning("%s", text)
