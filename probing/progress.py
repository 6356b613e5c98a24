"""How far one attempt has come and where its time went: notes that become the outcome."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from datetime import datetime
from enum import StrEnum

from probing import base
from probing.base import Phases, ProbeFailed, ProbeOutcome, Reason

logger = logging.getLogger(__name__)
# What the task checks, in the words of its caller: fields of the log lines about it.
checked: ContextVar[Mapping[str, object] | None] = ContextVar("checked", default=None)


class Phase(StrEnum):
    """What an attempt is doing; the value completes "the time ran out while ..."."""

    NAME = "looking up the name"
    CONNECT = "connecting"
    TLS = "agreeing on TLS"
    FIRST_BYTE = "waiting for the first byte of the answer"
    ANSWER = "reading the answer"


class Progress:
    """The notes of one attempt. Times come from a clock that never steps."""

    def __init__(self) -> None:
        self.address: str | None = None
        self.http_status: int | None = None
        self.certificate_expires_at: datetime | None = None
        self.latency_ms: float | None = None
        self._times_ms: dict[Phase, float] = {}
        self._phase: Phase | None = None
        self._started = self._phase_started = time.perf_counter()

    @property
    def phase(self) -> Phase | None:
        return self._phase

    @property
    def elapsed_s(self) -> float:
        return time.perf_counter() - self._started

    def enter(self, phase: Phase | None) -> None:
        """End the current phase, adding its time to that phase's sum, and begin the next."""
        now = time.perf_counter()
        if self._phase is not None:
            spent_ms = (now - self._phase_started) * 1000
            self._times_ms[self._phase] = self._times_ms.get(self._phase, 0.0) + spent_ms
        self._phase, self._phase_started = phase, now

    def decide(self) -> None:
        """The verdict is known: what happens from here on (closing) is not the target's latency."""
        self.enter(None)
        self.latency_ms = self.elapsed_s * 1000

    def note_certificate(self, expires_at: datetime | None) -> None:
        """Keep the earliest expiry: whichever certificate on the way expires first breaks it."""
        if expires_at is None:
            return
        known = self.certificate_expires_at
        self.certificate_expires_at = expires_at if known is None else min(known, expires_at)

    def outcome(self, reason: Reason, detail: str) -> ProbeOutcome:
        """The outcome of an attempt that ended now for `reason`."""
        self.enter(None)
        is_reachable = reason is Reason.OK
        if is_reachable and self.latency_ms is None:
            self.decide()
        return ProbeOutcome(
            reachable=None if reason.is_ours else is_reachable,
            latency_ms=self.latency_ms if is_reachable else None,
            phases=Phases(
                dns_ms=self._times_ms.get(Phase.NAME),
                connect_ms=self._times_ms.get(Phase.CONNECT),
                tls_ms=self._times_ms.get(Phase.TLS),
                first_byte_ms=self._times_ms.get(Phase.FIRST_BYTE),
            ),
            reason=reason,
            detail=base.shorten(detail),
            http_status=self.http_status,
            address=self.address,
            certificate_expires_at=self.certificate_expires_at,
        )


async def conclude(
    work: Callable[[Progress], Awaitable[str]], *, deadline_s: float
) -> ProbeOutcome:
    """Run one attempt to its end or to the deadline, whichever comes first, and say how it went.

    `work` returns the detail of a success and raises ProbeFailed otherwise. The deadline spans
    everything in it. Never raises but for cancellation from outside.
    """
    progress = Progress()
    try:
        async with asyncio.timeout(deadline_s):
            detail = await work(progress)
    except ProbeFailed as failure:
        return progress.outcome(failure.reason, failure.detail)
    except TimeoutError:
        return progress.outcome(Reason.TIMEOUT, _timed_out(progress, deadline_s))
    except MemoryError:
        return progress.outcome(Reason.INTERNAL, "This host has run out of memory.")
    except Exception as error:
        # Whatever went wrong is our bug or our host's trouble: it must not end the batch, and must
        # not be held against the target.
        logger.exception("probe failed by itself", extra=checked.get())
        return progress.outcome(
            Reason.INTERNAL, f"The probe itself failed ({type(error).__name__})."
        )
    return progress.outcome(Reason.OK, detail)


def _timed_out(progress: Progress, deadline_s: float) -> str:
    doing = f" while {progress.phase}" if progress.phase else ""
    where = f" ({progress.address})" if progress.address else ""
    return f"No full answer within {deadline_s:g} s; the time ran out{doing}{where}."
