"""The daemon: follow the map, check, send, until told to stop; or all of it once."""

import asyncio
import contextlib
import logging
import time

from candor_local import maps
from candor_local.maps import Map, MapInvalid
from candor_local.sending import Sender
from candor_local.server import NotTaken, Server
from candor_local.settings import Settings
from candor_local.unsent import Unsent
from candor_local.watching import Watch, guard

logger = logging.getLogger("candor_local")

_MAP_EVERY_S = 60.0
_FIRST_PAUSE_S = 1.0
# What is known when it is told to stop gets this long to reach the page.
_FAREWELL_S = 3.0


class Maps:
    """Fetches maps and says each trouble once."""

    def __init__(self, *, server: Server, settings: Settings) -> None:
        self._server, self._interval_s = server, settings.interval_s
        self._date: int | None = None
        self._cause = ""

    async def fetch(self) -> Map | None:
        """The map when it is new, None when it is not. Raises NotTaken or MapInvalid."""
        text = await self._server.fetch_map(since=self._date)
        self._cause = ""
        if text is None:
            return None
        found = maps.parse(text, interval_s=self._interval_s)
        self._date = found.date
        count = sum(len(node.replicas) for node in found.nodes)
        logger.info("the map names %d nodes with %d replicas", len(found.nodes), count)
        for sentence in found.complaints:
            logger.warning("%s", sentence)
        return found

    def complain(self, error: NotTaken | MapInvalid) -> None:
        """Say that there is no map, unless that was the last thing said."""
        if str(error) != self._cause:
            self._cause = str(error)
            logger.warning("no map: %s", error)


async def run(settings: Settings, *, stop: asyncio.Event) -> None:
    """Run until `stop` is set."""
    unsent = Unsent(settings.queue)
    unsent.load(at=time.time())
    async with Server(url=settings.url, token=settings.token, location=settings.location) as server:
        sender = Sender(server=server, unsent=unsent)
        watch = Watch(may_dial=guard(settings.allow), report=sender.put)
        logger.info("checking for %s %s", settings.url, settings.location)
        parts = [
            asyncio.create_task(
                _follow_map(Maps(server=server, settings=settings), watch, settings)
            ),
            asyncio.create_task(sender.run()),
        ]
        stopping = asyncio.create_task(stop.wait())
        try:
            # A part never ends by itself: when it does, that is a bug and worth a restart.
            await asyncio.wait([stopping, *parts], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (stopping, *parts):
                task.cancel()
            results = await asyncio.gather(*parts, return_exceptions=True)
            await watch.stop()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_FAREWELL_S):
                    await sender.send_waiting()
            unsent.save()
            logger.info("stopped; %d results are unsent", len(unsent))
        for result in results:
            if isinstance(result, Exception):
                raise result


async def run_once(settings: Settings) -> bool:
    """Fetch, check and report once; whether all of it worked."""
    unsent = Unsent(None)
    async with Server(url=settings.url, token=settings.token, location=settings.location) as server:
        found: Map | None = None
        source = Maps(server=server, settings=settings)
        try:
            found = await source.fetch()
        except (NotTaken, MapInvalid) as error:
            source.complain(error)
        if found is None:
            return False
        sender = Sender(server=server, unsent=unsent)
        watch = Watch(may_dial=guard(settings.allow), report=sender.put)
        await watch.check_all(found.nodes)
        await sender.send_waiting()
        return sender.has_sent_all


async def _follow_map(source: Maps, watch: Watch, settings: Settings) -> None:
    every_s = min(_MAP_EVERY_S, settings.interval_s)
    pause_s = _FIRST_PAUSE_S
    while True:
        try:
            found = await source.fetch()
        except (NotTaken, MapInvalid) as error:
            source.complain(error)
            wish_s = error.retry_after_s if isinstance(error, NotTaken) else None
            await asyncio.sleep(max(pause_s, min(wish_s or 0, 300)))
            # What is watched goes on being watched by the last map.
            pause_s = min(pause_s * 2, every_s)
            continue
        pause_s = _FIRST_PAUSE_S
        if found is not None:
            await watch.follow(found.nodes)
        await asyncio.sleep(every_s)
