"""A back-up that was brought back sends nothing by itself."""

from datetime import datetime, timedelta

import pytest
from django.apps import apps
from django.core.management import call_command
from pytest_django import Settings

from notifications import delivering, outbox
from subscribers import fanout, restoring
from subscribers.models import Broadcast
from tests import build
from tests.notifications import post, sinks

Delivery = apps.get_model("notifications", "Delivery")


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("H5", "G-22")
def test_after_a_restore_nothing_leaves_until_an_operator_says_so(
    now: datetime, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    api = build.component()
    for _ in range(2):
        build.subscriber()
    build.incident(components={api: None}, now=now)
    fanout.expand(now=now)
    build.incident(components={api: None}, now=now)  # announced, not expanded yet

    call_command("hold_deliveries")

    assert "Held 4 messages" in capsys.readouterr().out
    later = now + timedelta(hours=1)
    with sinks.sink() as sink:
        post.use_smtp(settings, sink.port)
        fanout.expand(now=later)
        delivering.drain(now=later)
        assert sink.received == []
        ids = list(Delivery.objects.values_list("id", flat=True))
        assert outbox.try_again(ids=ids, now=later) == 4
        delivering.drain(now=later)
        assert len(sink.received) == 4


@pytest.mark.django_db
@pytest.mark.req("H5")
def test_what_cannot_be_expanded_after_a_restore_is_cancelled(now: datetime) -> None:
    build.subscriber()
    for content in ({}, {"title": "Of no version that we know"}):
        build.incident(components={build.component(): None}, now=now)
        if content:
            Broadcast.objects.filter(pk=Broadcast.objects.latest("id").pk).update(content=content)

    assert restoring.hold(now=now) == 1

    assert [row.cancelled_at for row in Broadcast.objects.order_by("id")] == [None, now]
