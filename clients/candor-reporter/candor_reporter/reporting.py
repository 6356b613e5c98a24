"""The reporter: a daemon thread that reports every interval, and half as long after a failure."""

from __future__ import annotations

import atexit
import logging
import math
import os
import threading
from types import TracebackType

from candor_reporter import load
from candor_reporter.wire import NotReported, Wire

logger = logging.getLogger("candor_reporter")

# A page that asks for more would not hear of us again before its operators gave us up.
_LONGEST_WAIT_S = 600.0


class Reporter:
    """Reports the load of this host as one replica of a node.

    `url` is the address of the status page, `service` and `node` are the slugs or ids shown there,
    and `replica` is any text that tells this instance from the others (a host name, an address).
    Each report promises the next one within `interval_s`; the page declares the replica dead when
    that promise and a grace period are over.

    With `flush_at_exit` the replica is taken off the page when the process ends in an orderly way,
    as after scaling down; leave it off where ending is an outage that people should see.

    No method raises: what goes wrong is logged as a warning, once for each cause until a report
    succeeds again. Wrong arguments leave a reporter that does nothing but say so in the log.
    """

    def __init__(  # noqa: PLR0917 - the order every reporter of the families has
        self,
        url: str,
        token: str,
        service: str,
        node: str,
        replica: str,
        interval_s: float = 30,
        *,
        flush_at_exit: bool = False,
        ca_file: str | None = None,
        timeout_s: float = 10.0,
    ) -> None:
        self._replica = replica
        self._timeout_s = timeout_s
        self._flush_at_exit = flush_at_exit
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._flushes = False
        self._thread: threading.Thread | None = None
        self._process_id = os.getpid()
        self._causes: set[str] = set()
        self._wire: Wire | None = None
        self._interval_s = 30.0
        try:
            self._interval_s = _interval(interval_s)
            self._wire = Wire(
                url=url,
                token=token,
                service=service,
                node=node,
                ca_file=ca_file,
                timeout_s=timeout_s,
            )
        except Exception as error:  # noqa: BLE001 - a wrong option must not end the application
            self._warn(f"this reporter does nothing: {error}")

    def start(self) -> Reporter:
        """Begin to report, at once and then every interval. Does nothing when it runs already."""
        with self._lock:
            if self._wire is None or self._is_running():
                return self
            self._ending, self._flushes = threading.Event(), False
            self._process_id = os.getpid()
            self._thread = threading.Thread(
                target=self._run, args=(self._ending,), name="candor-reporter", daemon=True
            )
            try:
                self._thread.start()
            except RuntimeError as error:  # no threads left, or the interpreter is ending
                self._thread = None
                self._warn(f"no thread to report from: {error}")
                return self
        atexit.register(self._at_exit)
        return self

    def stop(self, flush: bool = True) -> None:
        """End the reports and, with `flush`, take the replica off the page.

        Returns within the timeout of one request whatever the page does.
        """
        atexit.unregister(self._at_exit)
        thread = self._thread
        if thread is None or not self._is_running():
            if flush:
                self._flush()
            return
        self._flushes = flush
        self._ending.set()
        if thread is not threading.current_thread():
            # The thread flushes, so that a page which never finishes its answer holds up nobody.
            thread.join(self._timeout_s + 1)
        self._thread = None

    def report_once(self) -> bool:
        """Send one report from this thread; whether the page took it."""
        return self._report() is None

    def __enter__(self) -> Reporter:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _is_running(self) -> bool:
        # A fork copies this object, but not the thread.
        is_ours = self._process_id == os.getpid()
        return is_ours and self._thread is not None and self._thread.is_alive()

    def _at_exit(self) -> None:
        # The child of a fork must not take its parent off the page.
        if self._process_id == os.getpid():
            self.stop(flush=self._flush_at_exit)

    def _run(self, ending: threading.Event) -> None:
        while True:
            failure = self._report()
            if ending.wait(self._pause_s(failure)):
                break
        if self._flushes:
            self._flush()

    def _pause_s(self, failure: NotReported | None) -> float:
        if failure is None:
            return self._interval_s
        asked_s = min(failure.retry_after_s or 0.0, _LONGEST_WAIT_S)
        return max(self._interval_s / 2, asked_s)

    def _report(self) -> NotReported | None:
        """One report; what went wrong, or None."""
        if self._wire is None:
            return NotReported("no usable address")
        try:
            self._wire.report(
                replica=self._replica,
                interval_s=math.ceil(self._interval_s),
                cpu=load.cpu_ratio(),
                ram=load.ram_ratio(),
            )
        except NotReported as failure:
            self._warn(f"not reported: {failure.cause}")
            return failure
        except Exception as error:  # noqa: BLE001 - nothing may reach the application
            self._warn(f"not reported: {type(error).__name__}: {error}")
            return NotReported(str(error))
        if self._causes:
            self._causes.clear()
            logger.info("reports are accepted again")
        return None

    def _flush(self) -> None:
        if self._wire is None:
            return
        try:
            self._wire.flush(replica=self._replica)
        except NotReported as failure:
            self._warn(f"not taken off the page: {failure.cause}")
        except Exception as error:  # noqa: BLE001 - nothing may reach the application
            self._warn(f"not taken off the page: {type(error).__name__}: {error}")

    def _warn(self, cause: str) -> None:
        """Say it once; again only after a report has succeeded."""
        if cause not in self._causes:
            self._causes.add(cause)
            logger.warning("%s", cause)


def _interval(value: float) -> float:
    interval_s = float(value)
    if not (math.isfinite(interval_s) and interval_s > 0):
        raise ValueError("the interval must be a number of seconds above 0")
    return interval_s
