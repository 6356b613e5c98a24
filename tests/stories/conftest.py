"""A running product that stories share: each start costs eight seconds of work."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stories.world import Product

_SHARED: list[Product] = []


def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Stop the shared product after the last story of this worker that wants it: it costs a tenth of
    a core for as long as it runs."""
    if "shared_product" in getattr(item, "fixturenames", ()) and (
        "shared_product" not in getattr(nextitem, "fixturenames", ())
    ):
        while _SHARED:
            _SHARED.pop().stop()


@pytest.fixture(scope="session")
def shared_product(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Iterator[Product]:
    """A running product on SQLite; leave it running, and expect what other stories left there. The
    tests that want it follow each other on one worker.

    For the stories of one xdist_group.
    """
    folder = tmp_path_factory.mktemp("shared") / "data"
    shutil.copytree(prepared, folder)
    product = Product(folder, {})
    product.start()
    _SHARED.append(product)
    yield product
    product.stop()
