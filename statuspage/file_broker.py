"""The file broker of the embedded default: kombu's, with messages and bindings that appear whole.

kombu 5.7 opens a file under its final name and writes it afterwards. A worker that looks in between
takes an empty message, and ends for it (10 times in a quarter of an hour on a busy machine); one that
publishes in between reads an empty table of bindings, and fails. A thread that publishes while another
one still binds the queue finds no table, and its message is dropped: of two threads that began
together this happened to one in eleven.

kombu takes a message by moving it to the system's temporary folder. Where that is another file system,
the move is a copy, and of two workers that take together one reads half of it (one message in a hundred).

What a power failure cut off is passed over: an empty message ended a worker each, and with an empty
table of bindings no worker and no beat started again. What a full disk cut off is removed at once:
otherwise six files a second stayed.
"""

import fcntl
import logging
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from time import monotonic
from typing import Any

from kombu.transport import filesystem, virtual
from kombu.utils.encoding import bytes_to_str, str_to_bytes
from kombu.utils.json import dumps, loads

_logger = logging.getLogger(__name__)


class Channel(filesystem.Channel):
    def get_table(self, exchange: str) -> list[Any]:
        """What is bound; nothing where that cannot be read: who binds next writes it anew."""
        try:
            return list(super().get_table(exchange))
        except ValueError:
            _logger.warning("the bindings of %s cannot be read; written anew", exchange)
            return []

    def queue_bind(self, *arguments: Any, **options: Any) -> None:
        """Bind one at a time: what is known to be bound can be published to."""
        with self._alone():
            super().queue_bind(*arguments, **options)

    def _queue_bind(
        self, exchange: str, routing_key: str | None, pattern: str | None, queue: str | None
    ) -> None:
        bound = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
        table = self.get_table(exchange)
        if bound not in table:
            file = self._exchange_file(exchange)  # type: ignore[attr-defined]  # its stubs are older
            _write_whole(file, [bound, *table])

    def _delete(self, *arguments: Any, **options: Any) -> None:
        with self._alone():
            super()._delete(*arguments, **options)

    def _put(self, queue: str, payload: Any, **_: Any) -> None:  # type: ignore[override]  # its ancestors disagree
        name = f"{round(monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        _write_whole(Path(self.data_folder_out) / name, payload)

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        """The oldest message of `queue`; who moves it has it. Raises Empty."""
        folder = Path(self.data_folder_in)
        ours = f"{queue}.msg"  # all of it: a location may be called "probes", too
        for name in sorted(os.listdir(folder)):  # noqa: PTH208 - a seventh of the time of paths
            if name.partition(".")[2] != ours:
                continue
            taken = folder / f"{name}.taken"
            try:
                (folder / name).rename(taken)
            except FileNotFoundError:  # another worker has it
                continue
            content = taken.read_bytes()
            taken.unlink()
            try:
                return loads(bytes_to_str(content))
            except ValueError:
                _logger.warning("a message cannot be read and is dropped: %s", name)
        raise Empty

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep out other threads and processes that change bindings here."""
        with (self.control_folder / "bindings.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            try:
                yield
            finally:  # also for a process that was forked meanwhile and has the file open
                fcntl.flock(file, fcntl.LOCK_UN)


class Transport(filesystem.Transport):
    Channel = Channel
    # Of its own: kombu keeps the queues' bindings on the transport's class.
    global_state = virtual.BrokerState()


def _write_whole(place: Path, content: Any) -> None:
    """Write beside the place, and move it there in one step."""
    part = place.with_name(f"{place.name}.part")
    try:
        part.write_bytes(str_to_bytes(dumps(content)))
        part.replace(place)
    except OSError:
        part.unlink(missing_ok=True)
        raise
