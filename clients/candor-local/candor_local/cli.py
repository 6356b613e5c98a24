"""The console script: settings, log, signals, and the daemon inside asyncio."""

import asyncio
import logging
import os
import signal
import sys

from candor_local import daemon, settings
from candor_local.settings import Settings, SettingsInvalid
from probing import tls

logger = logging.getLogger("candor_local")


def main() -> int:
    """Run the daemon until SIGTERM or Ctrl-C; the exit code."""
    try:
        told = settings.read(sys.argv[1:], os.environ)
        _trust(told)
    except SettingsInvalid as error:
        sys.stderr.write(f"candor-local: {error}\n")
        return 2
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.WARNING,
        format="%(asctime)s %(levelname)s %(message)s",
    )
    logger.setLevel(told.log_level.upper())
    if told.is_once:
        return 0 if asyncio.run(daemon.run_once(told)) else 1
    asyncio.run(_until_told(told))
    return 0


async def _until_told(told: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await daemon.run(told, stop=stop)


def _trust(told: Settings) -> None:
    """Trust the private authorities for the page and for targets alike."""
    if told.ca is None:
        return
    try:
        tls.verifying_context().load_verify_locations(told.ca)
    except OSError as error:
        raise SettingsInvalid(f"The authorities in {told.ca} cannot be read: {error}") from error
