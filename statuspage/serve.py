"""One web process: granian on the listening socket that the supervisor holds.

The supervisor keeps the socket open for as long as it lives, so that visitors who come while every
web process is being restarted wait in its queue instead of being refused.
"""

import os
import socket
import sys
from typing import Any

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.net import SocketHolder
from granian.server import Server

SOCKET_FD = "CANDOR_SOCKET_FD"
BACKLOG = 1024
# More than `public_pages.bulkhead` lets into Django: the rest answers from files, whatever hangs.
THREADS = 32


class InheritedSocketServer(Server):  # type: ignore[misc] # skipped: see pyproject.toml
    """granian that listens on an inherited socket.

    granian 2 can share a socket between its own workers, but has no option for one that it was
    given; this replaces the method that makes it. A story test kills web processes to prove it.
    """

    def __init__(self, *, fd: int, **options: Any) -> None:
        super().__init__(**options)
        self._inherited_fd = fd

    def _init_shared_socket(self) -> None:
        self._ssp = None
        self._sfd = self._inherited_fd
        self._shd = SocketHolder(self._sfd, False, BACKLOG)
        self._sso = socket.socket(fileno=os.dup(self._sfd))
        self._sso.set_inheritable(True)


def main() -> None:
    host, _, port = sys.argv[1].rpartition(":")
    InheritedSocketServer(
        fd=int(os.environ[SOCKET_FD]),
        target="statuspage.wsgi:application",
        address=host,
        port=int(port),
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=THREADS,
        backpressure=64,
        websockets=False,
        log_level=LogLevels.error,  # it warns of 32 threads on every start; the supervisor tells of ends
        workers_kill_timeout=2,
        process_name="statuspage.serve",
    ).serve()


if __name__ == "__main__":
    main()
