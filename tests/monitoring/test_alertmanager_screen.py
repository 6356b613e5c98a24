"""The console's "Alertmanager" screens."""

from datetime import datetime

import pytest
from django.test import Client

from monitoring import outside_alerts
from monitoring.models import AlertRule
from tests import build

pytestmark = [pytest.mark.django_db, pytest.mark.req("P6")]

SCREEN = "/admin/alertmanager/"


@pytest.fixture
def console(client: Client) -> Client:
    client.force_login(build.operator())
    return client


def test_a_rule_is_added_changed_moved_and_removed(console: Client) -> None:
    shop = build.component(slug="shop", name="Shop")
    typed = {
        "labels": 'severity="critical"\n\nteam = web',
        "component": shop.pk,
        "effect": "status",
    }
    assert console.post(SCREEN, typed).status_code == 302
    assert console.post(SCREEN, {"labels": "a=*", "effect": "draft"}).status_code == 302
    first, second = AlertRule.objects.order_by("position")
    assert first.labels == {"severity": "critical", "team": "web"}
    assert "severity=critical, team=web" in console.get(SCREEN).content.decode()

    at = f"{SCREEN}rules/{second.pk}/"
    assert "a=*" in console.get(at).content.decode()
    assert console.post(at, {"labels": "a=b", "effect": "draft"}).status_code == 302
    console.post(f"{at}move/", {"up": "1"})
    assert [rule.labels for rule in AlertRule.objects.order_by("position")] == [
        {"a": "b"},
        first.labels,
    ]
    assert console.get(f"{at}remove/").status_code == 200
    console.post(f"{at}remove/")
    assert list(AlertRule.objects.values_list("pk", flat=True)) == [first.pk]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"labels": "severity", "effect": "draft"}, "is not a label"),
        ({"labels": "\n", "effect": "draft"}, "required"),
        ({"labels": "a=b", "effect": "draft", "status": "operational"}, "Select a valid choice"),
        ({"labels": f"{'a' * 101}=b", "effect": "draft"}, "too long"),
        ({"labels": "\n".join(f"a{n}=b" for n in range(21)), "effect": "draft"}, "too many"),
    ],
)
def test_what_is_no_rule_is_said_at_the_form(
    console: Client, typed: dict[str, str], sentence: str
) -> None:
    refused = console.post(SCREEN, typed)

    assert refused.status_code == 422
    assert sentence in refused.content.decode()
    assert not AlertRule.objects.exists()


def test_alerts_that_fire_are_listed_with_what_they_mean(console: Client, now: datetime) -> None:
    outside_alerts.receive(
        told=[
            outside_alerts.Told(
                fingerprint="aa",
                labels={"alertname": "<b>Disk</b>"},
                summary="full",
                is_firing=True,
                starts_at=now,
            )
        ],
        now=datetime.now(now.tzinfo),
    )

    text = console.get(SCREEN).content.decode()

    assert "&lt;b&gt;Disk&lt;/b&gt;" in text
    assert "no rule fits its labels" in text


def test_only_owners_see_them(client: Client) -> None:
    client.force_login(build.operator(is_superuser=False, role="responder"))
    assert client.get(SCREEN).status_code == 403
