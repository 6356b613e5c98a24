"""The monitors screen of nodes that are not polled: their own fields, and remarks in words."""

from datetime import datetime, timedelta

import pytest
from django.test import Client

from accounts.models import User
from monitoring import remarks
from monitoring.models import Mode, Node, Replica, SilenceRule
from tests import build

pytestmark = pytest.mark.django_db
POLLED = ["interval_s", "retries", "sick_after_s", "dead_after_s"]


def screen(client: Client, node: Node) -> str:
    return client.get(f"/admin/monitors/?open={node.pk}").content.decode()


@pytest.mark.req("D1", "D4", "D5", "D6", "D7")
@pytest.mark.parametrize(
    ("mode", "shown", "hidden"),
    [
        (Mode.POLL, POLLED, ["silent_after_s", "cpu_sick_above", "ram_sick_above"]),
        (Mode.PUSH, ["silent_after_s", "cpu_sick_above", "ram_sick_above"], POLLED),
        (Mode.LOCAL, [*POLLED, "silent_after_s"], ["cpu_sick_above", "ram_sick_above"]),
    ],
)
def test_the_quick_panel_shows_the_fields_of_the_mode(
    client: Client, operator: User, mode: Mode, shown: list[str], hidden: list[str]
) -> None:
    page = screen(client, build.node(mode=mode))
    assert [name for name in shown if f'name="{name}"' not in page] == []
    assert [name for name in hidden if f'name="{name}"' in page] == []
    assert ("Add a replica" in page) is (mode is not Mode.PUSH)


@pytest.mark.req("D5", "D6", "D8")
def test_the_quick_panel_of_a_push_node_saves_its_limits(client: Client, operator: User) -> None:
    node = build.node(mode=Mode.PUSH, interval_s=45)
    client.post(
        f"/admin/monitors/nodes/{node.pk}/judging/",
        {"silent_after_s": "", "cpu_sick_above": "0.5", "ram_sick_above": "0.75"},
    )
    node.refresh_from_db()
    assert (node.silent_after_s, node.cpu_sick_above, node.ram_sick_above) == (None, 0.5, 0.75)
    assert node.interval_s == 45


@pytest.mark.req("AMB-2")
def test_a_limit_that_is_too_short_is_said_on_the_screen_and_on_the_node(
    client: Client, operator: User
) -> None:
    node = build.node(mode=Mode.PUSH, silent_after_s=30, silence_rule=SilenceRule.LAST_REPORT)
    build.replica(node=node, address="10.0.0.5", announced_interval_s=30)
    sentence = (
        "“Dead after silence” is 30 s, but a report is announced every 30 s only: a replica will be "
        "called dead between two reports. Set a longer time."
    )
    assert sentence in screen(client, node)
    assert sentence in client.get(f"/admin/monitors/nodes/{node.pk}/").content.decode()

    Node.objects.update(silent_after_s=31)
    assert sentence not in screen(client, node)


@pytest.mark.req("E2")
def test_a_full_node_is_said(now: datetime) -> None:
    (said,) = remarks.of_node(build.node(mode=Mode.PUSH, full_at=now), [])
    assert said == "Full: reports of new replicas are refused beyond 200."


def test_flapping_is_said_until_it_was_calm_for_ten_minutes(
    client: Client, operator: User, now: datetime
) -> None:
    node = build.node()
    build.replica(node=node, flapped_at=now, last_outcome_at=now + timedelta(minutes=9))
    page = screen(client, node)
    assert ">flapping</span>" in page
    assert "Flapping: a death and a recovery are told once in 10 minutes at the most." in page

    Replica.objects.update(last_outcome_at=now + timedelta(minutes=10))
    assert "lapping" not in screen(client, node)
