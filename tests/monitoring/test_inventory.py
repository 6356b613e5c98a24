from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from components.models import Page
from monitoring import inventory, recording
from monitoring.models import Location, Node, Replica
from monitoring.polling import Observation
from tests import build
from tests.monitoring.observing import answered, refused

pytestmark = pytest.mark.django_db


@pytest.mark.req("B1", "B4")
def test_a_new_replica_is_due_at_once_and_marks_the_page_dirty(now: datetime) -> None:
    node = inventory.add_node(
        component=build.component(), name="web", slug="web", now=now, interval_s=30
    )
    before = Page.objects.get().revision
    replica = inventory.add_replica(node=node, address=" tcp://127.0.0.1:5432 ", now=now)
    assert (replica.address, replica.next_probe_at) == ("tcp://127.0.0.1:5432", now)
    assert Page.objects.get().revision > before


@pytest.mark.req("B5")
@pytest.mark.parametrize(
    "address",
    [
        "https://example.com/",
        "http://127.0.0.1:8080/api",
        "tcp://db:5432",
        "icmp://127.0.0.1",
        "dns://example.com?type=A",
    ],
)
def test_every_kind_of_target_is_accepted(now: datetime, address: str) -> None:
    assert inventory.add_replica(node=build.node(), address=address, now=now).pk


@pytest.mark.parametrize(
    ("address", "hint"),
    [
        ("tcp://db.example.com", "port"),
        ("ftp://example.com/", "ftp"),
        ("", ""),
        ("example.com", ""),
        ("https://user:secret@example.com/", ""),
        ("https://exa\x00mple.com/", ""),
        ("https://" + "a" * 10_000 + ".com/", ""),
    ],
)
def test_a_bad_address_is_refused_with_a_sentence_and_nothing_is_saved(
    now: datetime, address: str, hint: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        inventory.add_replica(node=build.node(), address=address, now=now)
    (message,) = refused.value.message_dict["address"]
    assert hint in message
    assert not Replica.objects.exists()


PRIVATE = [
    "http://127.0.0.1/",
    "http://localhost/",
    "http://localhost./",
    "http://[::1]/",
    "http://10.0.0.1/",
    "http://169.254.169.254/latest/",
    "http://[::ffff:127.0.0.1]/",
    "tcp://192.168.1.1:22",
    "icmp://100.64.0.1",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://0/",
    "http://[fd00:ec2::254]/",
    "http://[64:ff9b::a9fe:a9fe]/",
]


@pytest.mark.parametrize(
    "address",
    ["http://169.254.169.254/", "http://224.0.0.1/", "dns://example.com?server=169.254.169.254"],
)
def test_what_is_no_service_is_refused_although_private_targets_are_allowed(
    now: datetime, address: str
) -> None:
    with pytest.raises(ValidationError):
        inventory.add_replica(node=build.node(), address=address, now=now)


def test_two_spellings_of_one_target_are_one_replica(now: datetime) -> None:
    node = build.node()
    inventory.add_replica(node=node, address="https://example.com", now=now)
    with pytest.raises(ValidationError):
        inventory.add_replica(node=node, address="HTTPS://Example.com:443/", now=now)


@pytest.mark.parametrize("address", [*PRIVATE, "dns://example.com?server=127.0.0.1"])
def test_private_addresses_need_the_operator_s_setting(
    now: datetime, settings: Any, address: str
) -> None:
    settings.ALLOW_PRIVATE_TARGETS = False
    with pytest.raises(ValidationError):
        inventory.add_replica(node=build.node(), address=address, now=now)
    assert not Replica.objects.exists()


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"interval_s": 0}, "interval_s"),
        ({"retries": 99}, "retries"),
        ({"sick_after_s": 9.0, "dead_after_s": 3.0}, "__all__"),
        ({"http_status_min": 500, "http_status_max": 200}, "__all__"),
        ({"http_body_regex": "(unclosed"}, "http_body_regex"),
        ({"mode": "telepathy"}, "mode"),
        ({"name": "x" * 10_000}, "name"),
        ({"slug": "not a slug"}, "slug"),
    ],
)
def test_a_bad_option_is_refused_by_field_and_nothing_is_saved(
    now: datetime, options: dict[str, Any], field: str
) -> None:
    fields: dict[str, Any] = {"name": "web", "slug": "web"} | options
    with pytest.raises(ValidationError) as refused:
        inventory.add_node(component=build.component(), now=now, **fields)
    assert field in refused.value.message_dict
    assert not Node.objects.exists()


@pytest.mark.req("D8")
def test_a_changed_node_is_checked_at_once(now: datetime) -> None:
    replica = inventory.add_replica(
        node=build.node(interval_s=3600), address="tcp://127.0.0.1:1", now=now
    )
    Replica.objects.update(next_probe_at=now + timedelta(hours=1))
    inventory.change_node(node=replica.node, now=now + timedelta(seconds=5), interval_s=10)
    replica.refresh_from_db()
    assert replica.next_probe_at == now + timedelta(seconds=5)


def test_headers_are_sealed_in_the_database_and_kept_when_not_given(now: datetime) -> None:
    node = inventory.add_node(
        component=build.component(),
        name="web",
        slug="web",
        now=now,
        http_headers={"Authorization": "Bearer canary"},
    )
    inventory.change_node(node=node, now=now, interval_s=10, http_headers=None)
    stored = Node.objects.get()
    assert "canary" not in stored.http_headers_sealed
    assert stored.http_options.headers == {"Authorization": "Bearer canary"}


def test_another_address_forgets_what_was_seen_of_the_old_one(now: datetime) -> None:
    replica = build.replica(
        health="dead", last_outcome_at=now, checks_in_health=7, reason="refused"
    )
    inventory.change_replica(replica=replica, address="tcp://127.0.0.1:2", now=now)
    replica.refresh_from_db()
    assert (replica.health, replica.last_outcome_at, replica.reason) == (None, None, "")
    assert replica.is_waiting


@pytest.mark.req("E1")
def test_neither_a_streak_nor_a_vote_about_the_old_address_counts_for_another(
    now: datetime,
) -> None:
    damped = build.replica(node=build.node(bad_checks=2))
    voted = build.replica(node=build.node())
    voted.node.locations.add(Location.objects.create(name="Paris", slug="paris"))
    from_paris = Observation(voted.id, refused(voted, now).outcome, now, place="paris")
    recording.record(observations=[refused(damped, now), from_paris], now=now)
    for replica in (damped, voted):
        replica.refresh_from_db()
        inventory.change_replica(replica=replica, address="tcp://127.0.0.1:2", now=now)
    later = now + timedelta(seconds=1)

    recording.record(observations=[refused(damped, later), answered(voted, later)], now=later)

    damped.refresh_from_db()
    voted.refresh_from_db()
    assert (damped.health, damped.streak) == (None, 1)
    assert voted.health == "healthy"


@pytest.mark.req("C3", "C4")
def test_a_node_that_is_reported_is_not_polled_and_one_set_back_is(now: datetime) -> None:
    replica = build.replica(next_probe_at=now)
    inventory.change_node(node=replica.node, mode="local", now=now)
    replica.refresh_from_db()
    assert replica.next_probe_at is None

    Replica.objects.update(silent_at=now)
    inventory.change_node(node=replica.node, mode="poll", now=now)
    polled = Replica.objects.get()
    assert (polled.next_probe_at, polled.silent_at) == (now, None)


@pytest.mark.req("C3")
def test_replicas_of_a_push_node_cannot_be_added_by_hand(now: datetime) -> None:
    node = build.node(mode="push")
    with pytest.raises(ValidationError, match="first report"):
        inventory.add_replica(node=node, address="tcp://127.0.0.1:22", now=now)
