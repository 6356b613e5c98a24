"""Two beats look at once: needs two real connections."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.apps import apps
from django.db import connection, transaction

from incidents.models import Incident
from monitoring import drafting, inventory, recording, watchdog
from monitoring.models import AlertChannel, Ballot, Finding, Location, Replica
from monitoring.polling import Observation
from tests import build
from tests.monitoring import observing

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def test_two_beats_draft_one_incident_and_tell_one_finding(now: datetime) -> None:
    AlertChannel.objects.create(kind="email", recipients=["ops@example.com"])
    replica = build.replica(node=build.node(bad_checks=1))
    recording.record(observations=[observing.refused(replica, now)], now=now)
    later = now + timedelta(minutes=20)

    def run(look: object) -> None:
        try:
            look(now=later)  # type: ignore[operator]
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(run, [drafting.draft] * 3 + [watchdog.look] * 3))

    assert Incident.objects.count() == 1
    assert Finding.objects.count() == 1
    deliveries = apps.get_model("notifications", "Delivery").objects
    assert deliveries.filter(dedupe_key__startswith="truth:").count() == 1


def test_an_address_is_changed_while_its_check_is_recorded(now: datetime) -> None:
    """Both take the replica first and then its votes, or one of them would be given up."""
    replica = build.replica()
    replica.node.locations.add(Location.objects.create(name="Paris", slug="paris"))
    outcome = observing.refused(replica, now).outcome
    recording.record(observations=[Observation(replica.id, outcome, now, place="paris")], now=now)

    def change() -> None:
        try:
            row = Replica.objects.select_related("node").get(pk=replica.pk)
            inventory.change_replica(replica=row, address="tcp://127.0.0.1:2", now=now)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Replica.objects.select_for_update().get(pk=replica.pk)  # as recording does
            changed = pool.submit(change)
            while not _is_waiting():
                assert not changed.done(), "it did not wait for the replica"
            Ballot.objects.filter(replica=replica).update(health="dead")
        changed.result(30)

    assert not Ballot.objects.exists()
    assert Replica.objects.get().address == "tcp://127.0.0.1:2"


def _is_waiting() -> bool:
    """Whether a connection of this database waits for a lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_stat_clear_snapshot()"
        )  # else a transaction sees what it first saw
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])
