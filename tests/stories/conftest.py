"""A running product that stories share: each start costs eight seconds of work."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stories.world import Product


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
