"""Waiting for a socket with less work than asyncio's own add_reader and add_writer make of it.

Those cost four look-ups and two calls of the kernel a wait, a quarter of a whole HTTP probe. Here each
event loop watches one epoll of ours, and in that every socket is armed for one event at a time.
"""

import asyncio
import select
from typing import Protocol
from weakref import WeakKeyDictionary


class _Watcher(Protocol):
    async def readable(self, descriptor: int) -> None: ...

    async def writable(self, descriptor: int) -> None: ...


class EpollWatcher:
    """One epoll inside the loop's own. A socket that is closed leaves it by itself."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._waiting: dict[int, asyncio.Future[None]] = {}
        asyncio.get_running_loop().add_reader(self._epoll.fileno(), self._wake)

    async def readable(self, descriptor: int) -> None:
        mask = select.EPOLLIN | select.EPOLLONESHOT
        try:
            self._epoll.modify(descriptor, mask)  # it was waited for while it connected
        except FileNotFoundError:
            self._epoll.register(descriptor, mask)
        await self._event(descriptor)

    async def writable(self, descriptor: int) -> None:
        mask = select.EPOLLOUT | select.EPOLLONESHOT
        try:
            self._epoll.register(descriptor, mask)
        except FileExistsError:
            self._epoll.modify(descriptor, mask)
        await self._event(descriptor)

    async def _event(self, descriptor: int) -> None:
        woken = asyncio.get_running_loop().create_future()
        self._waiting[descriptor] = woken
        try:
            await woken
        finally:
            # Not somebody else's: after a close the kernel gives the number away again.
            if self._waiting.get(descriptor) is woken:
                del self._waiting[descriptor]

    def _wake(self) -> None:
        for descriptor, _ in self._epoll.poll(0):
            woken = self._waiting.pop(descriptor, None)
            if woken is not None and not woken.done():
                woken.set_result(None)


class PlainWatcher:
    """asyncio's own way, where there is no epoll."""

    async def readable(self, descriptor: int) -> None:
        loop = asyncio.get_running_loop()
        woken: asyncio.Future[None] = loop.create_future()
        loop.add_reader(descriptor, _wake, woken)
        try:
            await woken
        finally:
            loop.remove_reader(descriptor)

    async def writable(self, descriptor: int) -> None:
        loop = asyncio.get_running_loop()
        woken: asyncio.Future[None] = loop.create_future()
        loop.add_writer(descriptor, _wake, woken)
        try:
            await woken
        finally:
            loop.remove_writer(descriptor)


_watchers: WeakKeyDictionary[asyncio.AbstractEventLoop, _Watcher] = WeakKeyDictionary()


async def readable(descriptor: int) -> None:
    """Wait until there is something to read, an end or an error. One waiter a socket at a time."""
    await _watcher().readable(descriptor)


async def writable(descriptor: int) -> None:
    """Wait until the socket is connected or takes more. One waiter a socket at a time."""
    await _watcher().writable(descriptor)


def _watcher() -> _Watcher:
    loop = asyncio.get_running_loop()
    watcher = _watchers.get(loop)
    if watcher is None:
        watcher = _watchers[loop] = EpollWatcher() if hasattr(select, "epoll") else PlainWatcher()
    return watcher


def _wake(waiting: "asyncio.Future[None]") -> None:
    if not waiting.done():
        waiting.set_result(None)
