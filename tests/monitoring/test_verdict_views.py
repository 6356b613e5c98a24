"""The console's screen for a back-test, and the sentence beside an ailing replica."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from monitoring import recording
from monitoring.models import Location, Node, Replica
from tests import build
from tests.monitoring.observing import answered, refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def console(client: Client) -> Client:
    client.force_login(build.operator())
    return client


@pytest.fixture
def flapped() -> Replica:
    """A replica that died once, for one check, an hour ago."""
    replica = build.replica(node=build.node(interval_s=60))
    started = timezone.now() - timedelta(hours=1)
    for minute in range(5):
        at = started + timedelta(minutes=minute)
        made = refused if minute == 2 else answered
        recording.record(observations=[made(replica, at)], now=at)
    return replica


def test_without_a_location_the_screen_says_so_instead_of_a_label_over_nothing(
    console: Client, flapped: Replica
) -> None:
    address = reverse("admin:node_verdict", args=[flapped.node_id])
    assert "None yet." in console.get(address).content.decode()
    Location.objects.create(name="Paris", slug="paris")
    text = console.get(address).content.decode()
    assert "Paris" in text
    assert "None yet." not in text


def test_the_screen_starts_with_the_live_settings(console: Client, flapped: Replica) -> None:
    answer = console.get(reverse("admin:node_backtest", args=[flapped.node_id]))
    assert answer.status_code == 200
    assert 'name="dead_after_s" value="10.0"' in answer.content.decode()
    assert "What would have been" not in answer.content.decode()


def test_it_compares_what_was_with_what_would_have_been(console: Client, flapped: Replica) -> None:
    asked: dict[str, int | str] = {
        "days": 1,
        "sick_after_s": 5,
        "dead_after_s": 10,
        "bad_checks": 2,
        "good_checks": 1,
        "quorum": "",
    }
    answer = console.get(reverse("admin:node_backtest", args=[flapped.node_id]), asked)
    text = answer.content.decode()
    assert "5 checks since" in text
    assert "Alerts: 2 then, 0 with these settings." in text


def test_settings_that_cannot_be_are_refused(console: Client, flapped: Replica) -> None:
    asked = {"days": 1, "sick_after_s": 9, "dead_after_s": 2, "bad_checks": 0, "good_checks": 1}
    answer = console.get(reverse("admin:node_backtest", args=[flapped.node_id]), asked)
    assert answer.status_code == 422


def test_strangers_see_nothing(client: Client, flapped: Replica) -> None:
    answer = client.get(reverse("admin:node_backtest", args=[flapped.node_id]))
    assert answer.status_code in {302, 403}


def test_the_monitors_screen_says_why_a_replica_is_dead(console: Client, flapped: Replica) -> None:
    recording.record(observations=[refused(flapped, timezone.now())], now=timezone.now())
    text = console.get(f"{reverse('admin:monitors')}?open={flapped.node_id}").content.decode()
    assert "Dead: the last check had no answer after 3 attempts." in text


def test_damping_and_places_are_set_on_a_screen_of_their_own(
    console: Client, flapped: Replica
) -> None:
    address = reverse("admin:node_verdict", args=[flapped.node_id])
    assert console.get(address).status_code == 200
    asked: dict[str, int | str] = {
        "bad_checks": 3,
        "good_checks": 2,
        "is_polled_centrally": "on",
        "new_location": "São Paulo",
        "quorum": 2,
    }
    assert console.post(address, asked).status_code == 302
    node = Node.objects.get(id=flapped.node_id)
    assert (node.bad_checks, node.good_checks, node.quorum) == (3, 2, 2)
    assert list(node.locations.values_list("slug", flat=True)) == ["sao-paulo"]


def test_a_polled_node_that_nobody_would_check_is_refused(
    console: Client, flapped: Replica
) -> None:
    address = reverse("admin:node_verdict", args=[flapped.node_id])
    answer = console.post(address, {"bad_checks": 1, "good_checks": 1})
    assert answer.status_code == 422
    assert "Nobody would check it." in answer.content.decode()
    assert Node.objects.get(id=flapped.node_id).is_polled_centrally
