"""Group commit: what arrives while one transaction is being written goes into the next one together.

The first caller becomes the leader and carries out everybody's work on its own database connection;
the others wait. No thread, no queue and no waiting window of our own: batches grow with the load.
Every caller returns only after the commit that held its item.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def _taken() -> threading.Lock:
    lock = threading.Lock()
    lock.acquire()
    return lock


@dataclass(slots=True, eq=False)
class _Ticket(Generic[Item, Result]):
    item: Item
    result: Result | None = None
    error: BaseException | None = None
    is_done: bool = False
    woken: threading.Lock = field(default_factory=_taken)


class GroupCommit(Generic[Item, Result]):
    """Calls `carry_out` with batches of items; it returns as many results, in the same order."""

    def __init__(
        self, carry_out: Callable[[Sequence[Item]], Sequence[Result]], *, limit: int
    ) -> None:
        self._carry_out = carry_out
        self._limit = limit
        self._waiting: list[_Ticket[Item, Result]] = []
        self._is_busy = False
        self._mutex = threading.Lock()

    @property
    def waiting(self) -> int:
        """How many items wait for the next batch."""
        return len(self._waiting)

    def submit(self, item: Item) -> Result:
        """Have the item carried out and return its result; raises what its batch raised."""
        ticket: _Ticket[Item, Result] = _Ticket(item)
        with self._mutex:
            self._waiting.append(ticket)
            leads, self._is_busy = not self._is_busy, True
        if not leads:
            ticket.woken.acquire()
        if not ticket.is_done:
            self._lead()
        if ticket.error is not None:
            raise ticket.error
        return ticket.result  # type: ignore[return-value] # set with is_done

    def _lead(self) -> None:
        with self._mutex:
            batch = self._waiting[: self._limit]
            del self._waiting[: self._limit]
        try:
            results = self._carry_out([ticket.item for ticket in batch])
            for ticket, result in zip(batch, results, strict=True):
                ticket.result = result
        except BaseException as error:  # noqa: BLE001 - handed to every caller of the batch
            for ticket in batch:
                ticket.error = error
        with self._mutex:
            successor = self._waiting[0] if self._waiting else None
            self._is_busy = successor is not None
        for ticket in batch:
            ticket.is_done = True
        if successor is not None:
            successor.woken.release()
        for ticket in batch[1:]:  # the first is the leader itself
            ticket.woken.release()
