from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from notifications import tasks
from notifications.models import Delivery, State
from tests.notifications import post

pytestmark = pytest.mark.django_db


def test_drain_sends_what_is_due_now() -> None:
    row = post.put(now=timezone.now())
    post.put(now=timezone.now() + timedelta(hours=1))

    tasks.drain_due_deliveries()

    assert len(mail.outbox) == 1
    assert post.fresh(row).state == State.SENT


def test_prune_forgets_what_ended_long_ago() -> None:
    post.put(now=timezone.now() - timedelta(days=91))
    post.become(State.SENT)
    kept = post.put(now=timezone.now())

    tasks.prune_deliveries()

    assert list(Delivery.objects.values_list("id", flat=True)) == [kept.id]
