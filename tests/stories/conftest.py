"""A running product that stories share: each start costs three seconds of work."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stories.world import Mailbox, Product

_STOPS = pytest.StashKey[bool]()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Let the shared product stop when this worker's next test does not want it: it costs a tenth of
    a core for as long as it runs."""
    if "shared_product" in getattr(item, "fixturenames", ()) and (
        "shared_product" not in getattr(nextitem, "fixturenames", ())
    ):
        item.stash[_STOPS] = True


@pytest.fixture(scope="session")
def shared_mailbox() -> Iterator[Mailbox]:
    """Where the mails of the shared product go."""
    mailbox = Mailbox()
    mailbox.start()
    yield mailbox
    mailbox.stop()


@pytest.fixture(scope="session")
def _shared(
    tmp_path_factory: pytest.TempPathFactory, prepared: Path, shared_mailbox: Mailbox
) -> Iterator[Product]:
    folder = tmp_path_factory.mktemp("shared") / "data"
    shutil.copytree(prepared, folder)
    product = Product(folder, {"EMAIL_URL": shared_mailbox.url})
    yield product
    product.stop()


@pytest.fixture
def shared_product(_shared: Product, request: pytest.FixtureRequest) -> Iterator[Product]:
    """A running product on SQLite; leave it running, and expect what other stories left there.

    For the stories of one xdist_group. They mostly follow each other on one worker; it is started
    again for one that comes after a stop.
    """
    if not _shared.is_running:
        _shared.start()
    yield _shared
    if request.node.stash.get(_STOPS, False):
        _shared.stop()
