"""One web process for all that is asked over sockets: its start costs three seconds of work."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.contracts.served import FLOODED, Served, served

CONFIG = """\
components:
  - name: Landing
    slug: landing
    nodes:
      - {name: Web, slug: web, mode: push}
      - {name: Polled, slug: polled, replicas: ["tcp://127.0.0.1:9"]}
  - name: Inside
    slug: inside
    nodes:
      - name: Database
        slug: db
        mode: local
        replicas:
          - "tcp://127.0.0.1:5432"
          - "dns://example.com"
          - "https://[fd00::1]:8443/x?y=1"
          - "icmp://10.0.0.9"
  - name: Flood
    slug: flood
    nodes:
""" + "".join(f"      - {{name: N{n}, slug: n{n}, mode: push}}\n" for n in range(FLOODED))
# With `bin/manage` each of these would be a process, which loads Django.
SET_UP = """
from django.core.management import call_command
from django.utils import timezone
from monitoring import tokens
from monitoring.models import TokenKind
call_command("apply", "-")
for kind in (TokenKind.REPORTER, TokenKind.MANAGER):
    print(tokens.create(kind=kind, now=timezone.now())[1])
"""


@pytest.fixture(scope="session")
def _set_up(
    tmp_path_factory: pytest.TempPathFactory, prepared: Path
) -> Iterator[tuple[Served, Sequence[str]]]:
    folder = tmp_path_factory.mktemp("served") / "data"
    shutil.copytree(prepared, folder)
    with served(folder) as running:
        yield running, running.manage("shell", "--no-imports", "-c", SET_UP, text=CONFIG).split()


@pytest.fixture(scope="session")
def world(_set_up: tuple[Served, Sequence[str]]) -> Served:
    """The running web process; expect what other tests reported."""
    return _set_up[0]


@pytest.fixture(scope="session")
def token(_set_up: tuple[Served, Sequence[str]]) -> str:
    """The secret of a reporter."""
    return _set_up[1][-2]


@pytest.fixture(scope="session")
def manager(_set_up: tuple[Served, Sequence[str]]) -> str:
    return _set_up[1][-1]
