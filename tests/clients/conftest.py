"""Fixtures of the clients: a page to report to, and private authorities."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.clients.page import FakePage


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
