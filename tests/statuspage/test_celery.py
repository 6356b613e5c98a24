"""What the workers make of a broker that refuses."""

from collections.abc import Iterator

import pytest
import redis
from kombu import Connection

from statuspage.celery import app
from tests import servers


@pytest.fixture
def full_redis() -> Iterator[str]:
    """A Redis that has reached its limit, and takes nothing more."""
    with servers.redis() as url:
        with redis.Redis.from_url(url) as client:
            client.config_set("maxmemory", "1")
        yield url


@pytest.mark.req("F-09")
def test_a_worker_outlives_a_redis_that_is_full(full_redis: str) -> None:
    """Its sweeper sends what is due meanwhile; Celery ends a worker for what it does not retry."""
    with Connection(full_redis) as connection:
        lost = connection.recoverable_connection_errors
        refused = connection.recoverable_channel_errors
        with pytest.raises(Exception, match="maxmemory") as caught:
            connection.SimpleQueue("upkeep").put({})

    assert isinstance(caught.value, (*lost, *refused))
    assert isinstance(caught.value, lost) or app.conf.broker_channel_error_retry
