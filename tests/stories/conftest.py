"""A data folder that is ready, and a running product that stories share: each start costs eight seconds
of work, mostly by migrations."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import sharing
from tests.stories.world import Product


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder as `bin/up` leaves it after the first start; copy it."""
    return sharing.once(tmp_path_factory, "prepared", _prepare)


def _prepare(folder: Path) -> None:
    done = Product(folder, {}).manage("prepare")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def shared_product(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Iterator[Product]:
    """A running product on SQLite; leave it running, and expect what other stories left there.

    For the stories of one xdist_group.
    """
    folder = tmp_path_factory.mktemp("shared") / "data"
    shutil.copytree(prepared, folder)
    product = Product(folder, {})
    product.start()
    yield product
    product.stop()
