"""Fixtures of the clients: a page to report to, private authorities, and the installed packages."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.clients.page import FakePage

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def page() -> Iterator[FakePage]:
    fake = FakePage()
    fake.start()
    yield fake
    fake.stop()


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def authority_file(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that pip installed both packages into, from a copy of the checkout."""
    copy = tmp_path_factory.mktemp("checkout")
    ignored = shutil.ignore_patterns("__pycache__", "build", "*.egg-info")
    for name in ("clients", "probing"):
        shutil.copytree(ROOT / name, copy / name, ignore=ignored)
    target = tmp_path_factory.mktemp("installed")
    packages = ["./clients/candor-local", "./clients/candor-reporter"]
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", target, *packages],
        cwd=copy,
        check=True,
    )
    return target
