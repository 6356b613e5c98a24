"""Checks the nodes of a map, all at once, each at its own interval, until told otherwise.

One task a node; a node that the next map changes or leaves out loses its task, the others go on
undisturbed.
"""

import asyncio
import contextlib
import ipaddress
import logging
import time
from collections.abc import Callable, Sequence

import probing
from candor_local.maps import Node
from candor_local.settings import Network
from candor_local.unsent import Result
from probing import health
from probing.base import Guard
from probing.health import Health
from probing.targets import Target

logger = logging.getLogger("candor_local")

Report = Callable[[Result], None]

_CONCURRENCY = 100
# Starting all at once would measure our own queue.
_START_EVERY_S = 0.002


def guard(allow: Sequence[Network]) -> Guard:
    """Which addresses may be dialled: those of `allow`, or every one that is a single host's.

    Link-local ones are never dialled unless allowed by name: that is where clouds keep their keys.
    """

    def may_dial(text: str) -> bool:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return False
        if allow:
            return any(address in network for network in allow)
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return not (address.is_link_local or address.is_multicast or address.is_unspecified)

    return may_dial


class Watch:
    """Keeps one task for each node of the latest map."""

    def __init__(self, *, may_dial: Guard, report: Report) -> None:
        self._may_dial, self._report = may_dial, report
        self._slots = asyncio.Semaphore(_CONCURRENCY)
        self._tasks: dict[tuple[str, str], tuple[Node, asyncio.Task[None]]] = {}
        self._said: dict[tuple[str, str, str], str] = {}

    async def follow(self, nodes: Sequence[Node]) -> None:
        """Watch these nodes from now on."""
        wanted = {node.key: node for node in nodes}
        gone = [key for key, (node, _) in self._tasks.items() if wanted.get(key) != node]
        await self._end([self._tasks.pop(key)[1] for key in gone])
        self._said = {key: word for key, word in self._said.items() if key[:2] in wanted}
        for place, (key, node) in enumerate(wanted.items()):
            if key not in self._tasks:
                task = asyncio.create_task(self._keep_checking_node(node, place * _START_EVERY_S))
                task.add_done_callback(_report_bug)
                self._tasks[key] = (node, task)

    async def stop(self) -> None:
        """End all checks; those under way have no result."""
        tasks = [task for _, task in self._tasks.values()]
        self._tasks.clear()
        await self._end(tasks)

    async def check_all(self, nodes: Sequence[Node]) -> None:
        """Check every replica of these nodes once."""
        async with asyncio.TaskGroup() as group:
            for node in nodes:
                for replica, target in node.replicas.items():
                    group.create_task(self._check(node, replica, target))

    async def _keep_checking_node(self, node: Node, start_in_s: float) -> None:
        await asyncio.sleep(start_in_s)
        # Each by itself: one that takes its whole time does not hold up the others.
        async with asyncio.TaskGroup() as group:
            for place, (replica, target) in enumerate(node.replicas.items()):
                wait_s = place * _START_EVERY_S
                group.create_task(self._keep_checking(node, replica, target, wait_s))

    async def _keep_checking(
        self, node: Node, replica: str, target: Target, start_in_s: float
    ) -> None:
        await asyncio.sleep(start_in_s)
        due = time.monotonic()
        while True:
            await self._check(node, replica, target)
            # Counted from when it was due, so that the interval holds; a missed turn is skipped.
            due = max(due + node.interval_s, time.monotonic())
            await asyncio.sleep(due - time.monotonic())

    async def _check(self, node: Node, replica: str, target: Target) -> None:
        async with self._slots:
            outcome = await probing.run_with_retries(
                target, http=node.http, thresholds=node.thresholds, guard=self._may_dial
            )
        found = health.replica_health(outcome, node.thresholds)
        self._say(node, replica, found, outcome.detail)
        if found is None:
            # It says nothing about the target, so nothing is reported: unknown is not dead.
            return
        self._report(
            Result(
                service=node.service,
                node=node.id,
                replica=replica,
                health=found,
                interval_s=node.interval_s,
                at=time.time(),
            )
        )

    def _say(self, node: Node, replica: str, found: Health | None, detail: str) -> None:
        """Log what was found: loudly when it is not what was found before."""
        key, word = (*node.key, replica), found.value if found else detail
        is_news = self._said.get(key) != word
        self._said[key] = word
        if found is None:
            level = logging.WARNING if is_news else logging.DEBUG
            logger.log(level, "%s: %s could not be checked: %s", node.name, replica, detail)
        else:
            level = logging.INFO if is_news else logging.DEBUG
            logger.log(level, "%s: %s is %s (%s)", node.name, replica, word, detail.rstrip("."))

    @staticmethod
    async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task


def _report_bug(task: asyncio.Task[None]) -> None:
    """The task of a node never ends by itself; if it does, its silence should not be the only sign."""
    if not task.cancelled() and (error := task.exception()):
        logger.error("a node is not checked any more", exc_info=error)
