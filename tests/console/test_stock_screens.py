"""Stock admin screens in the console: every save goes through an operation, histories are read-only."""

from datetime import datetime

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.models import User
from components import catalogue
from components.models import Component, ComponentGroup, StatusChange
from monitoring.models import HealthChange
from tests import build

pytestmark = pytest.mark.django_db


@pytest.mark.req("A12", "B6")
def test_a_component_added_here_has_a_history_too(client: Client, operator: User) -> None:
    before = catalogue.page().revision
    client.post(
        "/admin/components/component/add/",
        {"name": "Website", "slug": "website", "position": "3", "is_visible": "on"},
    )
    component = Component.objects.get()
    assert StatusChange.objects.filter(component=component).count() == 1
    assert catalogue.page().revision > before


def test_saving_a_component_never_takes_back_its_status(client: Client, operator: User) -> None:
    component = build.component()
    Component.objects.filter(pk=component.pk).update(status="major_outage")
    before = catalogue.page().revision
    client.post(
        f"/admin/components/component/{component.pk}/change/",
        {"name": "New", "slug": component.slug, "position": "0", "is_visible": "on"},
    )
    component.refresh_from_db()
    assert (component.name, component.status) == ("New", "major_outage")
    assert catalogue.page().revision > before


def test_positions_are_edited_in_the_list(client: Client, operator: User) -> None:
    group = build.group()
    before = catalogue.page().revision
    client.post(
        "/admin/components/componentgroup/",
        {
            "form-TOTAL_FORMS": "1",
            "form-INITIAL_FORMS": "1",
            "form-0-id": str(group.pk),
            "form-0-position": "7",
            "_save": "Save",
        },
    )
    group.refresh_from_db()
    assert group.position == 7
    assert catalogue.page().revision > before


def test_deleting_says_what_is_lost_and_tells_the_publishers(
    client: Client, operator: User
) -> None:
    group = build.group(name="Web")
    component = build.component(group=group)
    for row, sentence in [
        (group, "Its component stays"),
        (component, "everything measured of them are deleted"),
    ]:
        url = reverse(f"admin:components_{row._meta.model_name}_delete", args=[row.pk])
        assert sentence in client.get(url).content.decode()
        before = catalogue.page().revision
        assert client.post(url, {"post": "yes"}).status_code == 302
        assert catalogue.page().revision > before
    assert not ComponentGroup.objects.exists()
    assert not Component.objects.exists()


def test_histories_are_looked_at_and_never_written(
    client: Client, operator: User, now: datetime
) -> None:
    replica = build.replica()
    HealthChange.objects.create(
        replica=replica, previous="healthy", health="dead", at=now, recorded_at=now
    )
    for name, word in [
        ("components_statuschange", "Operational"),
        ("monitoring_healthchange", "Dead"),
    ]:
        assert word in client.get(reverse(f"admin:{name}_changelist")).content.decode()
        assert client.post(reverse(f"admin:{name}_add")).status_code == 403
        row = StatusChange.objects.get() if "status" in name else HealthChange.objects.get()
        url = reverse(f"admin:{name}_delete", args=[row.pk])
        assert client.post(url, {"post": "yes"}).status_code == 403
        url = reverse(f"admin:{name}_change", args=[row.pk])
        assert client.post(url, {"note": "forged"}).status_code == 403


def test_nothing_is_deleted_in_bulk(client: Client, operator: User) -> None:
    component = build.component()
    client.post(
        "/admin/components/component/",
        {"action": "delete_selected", "_selected_action": str(component.pk), "post": "yes"},
    )
    assert Component.objects.exists()


@pytest.mark.req("A12")
def test_every_menu_entry_leads_to_a_screen(client: Client, operator: User) -> None:
    context = client.get("/admin/").context
    links = [link for _heading, links in context["menu"] for link in links]
    labels = {str(link.label) for link in links}
    assert {"Dashboard", "Incidents", "Templates", "Monitored services", "Team"} <= labels
    for link in links:
        response = client.get(link.url, follow=True)
        assert response.status_code == 200
        assert 'aria-current="page"' in response.content.decode(), link.url


def test_every_registered_screen_opens(client: Client, operator: User) -> None:
    build.replica()
    for model, screen in admin.site._registry.items():
        if screen.has_view_permission(_Asker(operator)):  # type: ignore[arg-type]  # a request's user
            name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
            assert client.get(reverse(name), follow=True).status_code == 200


class _Asker:
    """As much of a request as a permission check looks at."""

    def __init__(self, user: User) -> None:
        self.user = user


def test_secrets_have_no_stock_screen() -> None:
    registered = {model._meta.label for model in admin.site._registry}
    assert "monitoring.Node" not in registered
    assert "accounts.SetUp" not in registered
    assert apps.is_installed("monitoring")


def test_the_policy_allows_no_inline_script_and_no_frame(client: Client, operator: User) -> None:
    build.replica()
    for url in ("/admin/", "/admin/monitors/", "/admin/components/component/", "/admin/alerts/"):
        response = client.get(url)
        policy = response.headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        page = response.content.decode()
        assert "<script>" not in page
        assert " style=" not in page
        assert " onclick=" not in page


@pytest.mark.req("A11")
def test_posts_need_a_token_of_our_own_site(operator: User) -> None:
    component = build.component()
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(operator)
    for origin in (None, "null", "https://evil.example"):
        headers = {"Origin": origin} if origin else {}
        response = strict.post(f"/admin/monitors/services/{component.pk}/remove/", headers=headers)
        assert response.status_code == 403
    assert Component.objects.exists()
