from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from notifications.messages import Message
from notifications.models import Delivery, State
from tests import build
from tests.notifications import post

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 19, 14, 32, tzinfo=UTC)
LIST = "admin:notifications_delivery_changelist"
SECRET = Message(subject="Code 4711", text="https://status.example.com/enter/TOKEN")


@pytest.fixture
def console(client: Client) -> Client:
    client.force_login(build.operator())
    return client


def _page(console: Client, row: Delivery) -> str:
    address = reverse("admin:notifications_delivery_change", args=[row.id])
    answer = console.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_operator_sees_deliveries_and_what_became_of_them(console: Client) -> None:
    row = post.put(now=NOW)
    post.become(State.FAILED, last_error="550 no such user")

    listed = console.get(reverse(LIST)).content.decode()
    shown = _page(console, row)

    for page in (listed, shown):
        assert "ops@example.com" in page
        assert "Website is dead" in page
        assert "550 no such user" in page
        assert "failed" in page
    assert "It does not answer." in shown


def test_content_of_a_sensitive_delivery_is_not_shown(console: Client) -> None:
    row = post.put(now=NOW, is_sensitive=True, message=SECRET)

    for page in (console.get(reverse(LIST)).content.decode(), _page(console, row)):
        assert "4711" not in page
        assert "TOKEN" not in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"state": "failed"}, ["b@example.com"]),
        ({"state": "no such"}, ["a@example.com", "b@example.com"]),
        ({"channel": "email"}, ["a@example.com", "b@example.com"]),
        ({"channel": "sms"}, []),
        ({"q": "b@example"}, ["b@example.com"]),
        ({"q": "update:1"}, ["a@example.com"]),
    ],
)
def test_operator_can_narrow_the_list(
    console: Client, query: dict[str, str], found: list[str]
) -> None:
    post.put(now=NOW, address="a@example.com", dedupe_key="update:1")
    row = post.put(now=NOW, address="b@example.com", dedupe_key="update:2")
    post.become(State.FAILED, row)

    listed = console.get(reverse(LIST), query).content.decode()

    assert [one for one in ("a@example.com", "b@example.com") if one in listed] == found


def test_trying_again_queues_what_failed_and_says_what_it_left(console: Client) -> None:
    rows = [post.put(now=NOW) for _ in range(2)]
    post.become(State.FAILED, rows[0])
    post.become(State.SENT, rows[1])

    answer = console.post(
        reverse(LIST),
        {"action": "try_again", "_selected_action": [row.id for row in rows]},
        follow=True,
    )

    assert post.fresh(rows[0]).state == State.PENDING
    assert post.fresh(rows[0]).queued_at > NOW
    assert post.fresh(rows[1]).state == State.SENT
    page = answer.content.decode()
    assert "1 delivery is queued again." in page
    assert "1 delivery was left alone" in page


def test_who_may_only_look_cannot_try_again(client: Client) -> None:
    client.force_login(build.operator(role=Role.RESPONDER))
    row = post.put(now=NOW)
    post.become(State.FAILED)

    client.post(reverse(LIST), {"action": "try_again", "_selected_action": [row.id]})

    assert client.get(reverse(LIST)).status_code == 200
    assert post.fresh(row).state == State.FAILED


def test_nobody_adds_changes_or_deletes_a_delivery(console: Client) -> None:
    row = post.put(now=NOW)
    change = reverse("admin:notifications_delivery_change", args=[row.id])

    assert console.get(reverse("admin:notifications_delivery_add")).status_code == 403
    assert console.post(change, {"state": "sent"}).status_code == 403
    delete = reverse("admin:notifications_delivery_delete", args=[row.id])
    assert console.post(delete, {"post": "yes"}).status_code == 403
    assert post.fresh(row).state == State.PENDING


@pytest.mark.req("F1")
def test_a_viewer_sees_how_far_messages_are_and_no_address(client: Client) -> None:
    build.component()
    row = post.put(now=timezone.now())
    post.become(State.FAILED, last_error="550 no such user ops@example.com")
    client.force_login(build.operator(role=Role.VIEWER))

    assert client.get("/admin/messages/").status_code == 200
    for address in (reverse(LIST), f"{reverse(LIST)}?q=ops", f"{reverse(LIST)}{row.id}/change/"):
        assert client.get(address).status_code == 403
    dashboard = client.get("/admin/").content.decode()
    assert "ops@example.com" not in dashboard
    assert reverse(LIST) not in dashboard
    client.force_login(build.operator(role=Role.RESPONDER))
    assert "ops@example.com" in client.get("/admin/").content.decode()
    assert "ops@example.com" in client.get(reverse(LIST)).content.decode()
