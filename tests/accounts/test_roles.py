"""What each role may do: the rule, and every address of the console asked as each role (F1)."""

import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.urls import URLPattern, URLResolver

from accounts import roles
from accounts.roles import Role
from tests import build

# What a signed-in person does for themselves, whatever the role.
OWN = {"index", "logout", "password_change", "password_change_done", "jsi18n", "login"}
# Django's own, which lead nowhere or on: the page of an app, the row behind an old address.
ELSEWHERE = {"app_list", "view_on_site"}
# What a Responder does to things that only Owners configure.
RESPONDS = {"statuses", "status", "replica_test", "node_alerts"}
# Screens of which only Owners see anything.
CLOSED = re.compile(r"^(token|team_|channel_|hook_|push_|invitation|member|accounts_)")


def patterns() -> Iterator[tuple[str, Any, str]]:
    """Every address of the console site: route, view behind the console's own wrapper, name."""

    def walk(entries: list[Any], prefix: str) -> Iterator[tuple[str, Any, str]]:
        for entry in entries:
            route = prefix + str(entry.pattern)
            if isinstance(entry, URLResolver):
                yield from walk(entry.url_patterns, route)
            elif isinstance(entry, URLPattern):
                yield route, entry.callback, entry.name or ""

    yield from walk(admin.site.get_urls(), "")


def address(route: str) -> str:
    """An address that the route matches; ids of rows that are not there."""
    route = re.sub(r"<int:\w+>", "4711", route)
    route = re.sub(r"<(slug:|str:|path:|)\w+>", "4711", route)
    return f"/admin/{route}"


def screens() -> list[tuple[str, str, str]]:
    """(name, address, module of the view) of all that is more than a service to oneself."""
    return sorted(
        {
            (name, address(route), str(getattr(view, "__module__", "")))
            for route, view, name in patterns()
            if name not in OWN | ELSEWHERE and "(?P" not in route
        }
    )


SCREENS = screens()


@pytest.fixture(autouse=True)
def unlogged(caplog: pytest.LogCaptureFixture) -> None:
    """A thousand refusals are a thousand warnings, each with its traceback."""
    caplog.set_level(logging.ERROR, "django.request")


def signed_in(role: str) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(build.operator(role=role))
    return client


def answers(client: Client, url: str) -> set[int]:
    return {client.get(url).status_code, client.post(url).status_code}


@pytest.mark.req("F1", "A15")
@pytest.mark.django_db
def test_every_screen_refuses_an_account_without_a_role() -> None:
    """So every view has declared its permission: one that forgot it would let this account in."""
    client = signed_in("")
    for name, url, _module in SCREENS:
        codes = answers(client, url)
        if not name:
            assert codes == {302}, (url, codes)  # the old address of a row leads to its form
            continue
        if name.endswith("_history") and codes <= {302, 403}:
            continue  # Django says first that there is no such row
        assert codes <= {403, 405}, (name, url, codes)
        assert 403 in codes, (name, url, codes)


@pytest.mark.req("F1")
@pytest.mark.django_db
def test_the_addresses_that_lead_elsewhere_lead_nobody_past_a_refusal() -> None:
    component = build.component()
    kind = ContentType.objects.get_for_model(component).pk
    for role in ("", *Role):
        client = signed_in(role)
        assert client.get("/admin/components/").status_code == 404
        assert client.get(f"/admin/r/{kind}/{component.pk}/").status_code == 404
        assert client.get("/admin/nowhere/").status_code == 404


@pytest.mark.req("F1")
@pytest.mark.django_db
def test_a_viewer_writes_nothing_and_sees_nothing_of_team_tokens_and_channels() -> None:
    client = signed_in(Role.VIEWER)
    for name, url, _module in SCREENS:
        if CLOSED.match(name):
            assert answers(client, url) <= {403, 405, 302}, (name, url)
        elif not re.search(r"preview|backtest|_changelist$|autocomplete", name):
            # Looking has no POST; a list takes one, for actions, and offers none without rights.
            assert client.post(url).status_code in {302, 403, 404, 405}, (name, url)


@pytest.mark.req("F1")
@pytest.mark.django_db
def test_a_responder_works_with_events_and_statuses_and_configures_nothing() -> None:
    client = signed_in(Role.RESPONDER)
    for name, url, module in SCREENS:
        if CLOSED.match(name):
            assert answers(client, url) <= {403, 405, 302}, (name, url)
        elif name in RESPONDS or module.startswith("incidents."):
            assert 403 not in answers(client, url), (name, url)
        elif re.search(r"(_add|_edit|_remove|_move|_try|_judging|_delete)$", name):
            assert client.post(url).status_code in {403, 302}, (name, url)


@pytest.mark.req("F1")
@pytest.mark.django_db
def test_an_owner_is_refused_only_what_nobody_may_do() -> None:
    client = signed_in(Role.OWNER)
    histories = re.compile(
        r"(statuschange|healthchange|delivery|page|logentry|auditentry)_(add|change|delete)$"
    )
    for name, url, _module in SCREENS:
        if name == "autocomplete" or histories.search(name):
            continue
        assert client.get(url).status_code != 403, (name, url)


@pytest.mark.req("F1")
@pytest.mark.parametrize(
    ("permission", "allowed"),
    [
        ("incidents.add_incident", "owner responder"),
        ("incidents.delete_postmortem", "owner responder"),
        ("incidents.view_whatever_comes", "owner responder viewer"),
        ("components.set_status", "owner responder"),
        ("monitoring.mute_node", "owner responder"),
        ("monitoring.test_address", "owner responder"),
        ("components.change_component", "owner"),
        ("monitoring.change_node", "owner"),
        ("monitoring.view_node", "owner responder viewer"),
        ("monitoring.view_token", "owner"),
        ("monitoring.view_alertchannel", "owner"),
        ("accounts.view_user", "owner"),
        ("accounts.change_user", "owner"),
        ("accounts.view_auditentry", "owner"),
        ("accounts.change_auditentry", ""),
        ("accounts.delete_auditentry", ""),
        ("subscribers.view_subscriber", "owner responder"),
        ("subscribers.view_suppression", "owner responder"),
        ("catalog.view_entry", "owner responder"),
        ("catalog.change_entry", "owner"),
        ("catalog.change_pagesource", "owner"),
        ("notifications.view_delivery", "owner responder"),
        ("notifications.view_progress", "owner responder viewer"),
        ("subscribers.change_subscriber", "owner"),
        ("subscribers.export_subscriber", "owner"),
        ("subscribers.view_integration", "owner"),
        ("newapp.view_thing", "owner"),
        ("nonsense", "owner"),
        ("", "owner"),
    ],
)
def test_the_table(permission: str, allowed: str) -> None:
    for role in ("", *Role):
        assert roles.allows(role, permission) == (role in allowed.split()), role


@pytest.mark.req("F1")
@pytest.mark.django_db
def test_a_member_who_was_switched_off_may_nothing() -> None:
    user = build.operator(is_active=False)
    assert not user.has_perm("incidents.view_incident")
    assert not user.has_module_perms("incidents")
