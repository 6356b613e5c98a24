"""Connections to a PostgreSQL that hangs, or that a dead link leads to."""

import gc
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import OperationalError
from django.db.utils import ConnectionHandler

from statuspage import env

GENEROUS_S = 30.0


@pytest.fixture
def hanging() -> Iterator[socket.socket]:
    """A server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(GENEROUS_S)
        yield server


@pytest.fixture
def nobody_collects() -> Iterator[None]:
    """What is in a cycle stays, as it does for many minutes in a process with much in memory."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.req("F-12")
@pytest.mark.django_db
def test_a_try_that_ran_out_of_time_leaves_no_socket_behind(
    hanging: socket.socket, nobody_collects: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = hanging.getsockname()[1]
    monkeypatch.setenv("DB", f"postgres://candor@127.0.0.1:{port}/candor?connect_timeout=2")
    connections = ConnectionHandler({"default": env.database("DB", sqlite_path=Path("unused"))})

    with pytest.raises(OperationalError, match="timeout"):
        connections["default"].ensure_connection()

    accepted, _ = hanging.accept()
    with accepted:
        accepted.settimeout(GENEROUS_S)
        while accepted.recv(1024):  # what it was asked, and then the end
            pass
