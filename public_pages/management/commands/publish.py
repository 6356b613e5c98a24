"""`manage.py publish`: keep this host's published folder up to date until told to stop."""

import signal
import threading
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import close_old_connections
from django.utils import timezone

from public_pages.publishing import Publisher

TICK_S = 0.25


class Command(BaseCommand):
    help = "Publish the public page to files, again whenever something changes."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="Publish everything once and end.")

    def handle(self, *_args: Any, **options: Any) -> None:
        publisher = Publisher(Path(settings.PUBLISHED_DIR))
        if options["once"]:
            self._publish_once(publisher)
            return
        stop = threading.Event()

        def end(_number: int, _frame: FrameType | None) -> None:
            stop.set()

        signal.signal(signal.SIGTERM, end)
        signal.signal(signal.SIGINT, end)
        while not stop.is_set():
            close_old_connections()  # one that the database dropped must not be used again
            publisher.publish_if_due(now=timezone.now())
            stop.wait(0 if publisher.is_behind else TICK_S)

    def _publish_once(self, publisher: Publisher) -> None:
        is_done = publisher.publish_if_due(now=timezone.now())
        while is_done and publisher.is_behind:
            is_done = publisher.publish_if_due(now=timezone.now())
        if not is_done:
            raise CommandError("The page could not be published; the log says why.")
