"""The screens of the truth watchdog: what it found, its limits, and what monitors draft."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.roles import Role
from monitoring.models import DraftPolicy, Finding, TruthSettings
from tests import build

pytestmark = pytest.mark.django_db


def finding(now: datetime, **fields: object) -> Finding:
    values = {"kind": "unsaid", "subject": "component:1", "sentence": "Search has been dead."}
    return Finding.objects.create(**(values | {"found_at": now} | fields))


def shown(client: Client) -> str:
    return client.get(reverse("admin:truth")).content.decode()


def test_a_page_that_tells_the_truth_says_so(client: Client, operator: User) -> None:
    assert "What the page says fits what is measured." in shown(client)


def test_a_finding_is_acknowledged_by_a_responder_and_names_them(
    client: Client, now: datetime
) -> None:
    client.force_login(build.operator(username="grace", role=Role.RESPONDER, is_superuser=False))
    row = finding(now)
    assert "Search has been dead." in shown(client)

    client.post(reverse("admin:finding_acknowledge", args=[row.pk]), {"next": "/admin/truth/"})

    page = shown(client)
    assert "grace takes care of it." in page
    assert reverse("admin:finding_acknowledge", args=[row.pk]) not in page


def test_acknowledging_leads_nowhere_outside(client: Client, operator: User, now: datetime) -> None:
    url = reverse("admin:finding_acknowledge", args=[finding(now).pk])
    answer = client.post(url, {"next": "https://evil.example/"})
    assert answer["Location"] == reverse("admin:truth")


def test_what_is_put_right_is_not_shown(client: Client, operator: User, now: datetime) -> None:
    finding(now, cleared_at=now + timedelta(minutes=1))
    assert "Search has been dead." not in shown(client)


def test_limits_are_saved_and_a_bad_one_is_named(client: Client, operator: User) -> None:
    url = reverse("admin:truth_settings")
    limits = dict.fromkeys(
        ("draft_after_s", "unsaid_after_s", "green_after_s", "silent_after_s"), "600"
    ) | {"overrun_after_s": "300", "held_after_s": "86400", "tells": "on"}

    refused = client.post(url, limits | {"unsaid_after_s": "5"})
    assert refused.status_code == 422
    assert "greater than or equal to 30" in refused.content.decode()
    assert not TruthSettings.objects.exists()

    assert client.post(url, limits).status_code == 302
    row = TruthSettings.objects.get()
    assert (row.draft_after_s, row.drafts, row.tells) == (600, False, True)
    assert "Monitors draft no incidents." in shown(client)


def test_a_policy_is_saved_for_its_component(client: Client, operator: User) -> None:
    component = build.component(name="Search")
    build.replica(node=build.node(component=component))
    url = reverse("admin:draft_policy", args=[component.pk])

    refused = client.post(url, {"publishes": "on"})
    assert "It can publish only what it may draft." in refused.content.decode()

    client.post(url, {"drafts": "on", "publishes": "on", "draft_after_s": "120"})
    policy = DraftPolicy.objects.get()
    assert (policy.publishes, policy.draft_after_s) == (True, 120)
    assert "Publishes an incident" in shown(client)


def test_only_an_owner_sets_limits(client: Client) -> None:
    client.force_login(build.operator(username="grace", role=Role.RESPONDER, is_superuser=False))
    assert client.get(reverse("admin:truth_settings")).status_code == 403
    assert "Change limits" not in shown(client)
