"""Team members in the console: add, change, switch off; nobody raises their own rights."""

import pytest
from django.test import Client

from accounts.models import AuditEntry, User
from tests import build

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(client: Client) -> User:
    user = build.operator(username="boss")
    client.force_login(user)
    return user


def fields_of(user: User, **changed: str) -> dict[str, str]:
    """The change form of a user as a browser posts it; an empty text leaves a box unticked."""
    posted = {"username": user.username, "is_active": "on", "is_staff": "on", "role": "owner"}
    return {name: value for name, value in (posted | changed).items() if value}


@pytest.mark.req("A15")
def test_an_administrator_adds_a_team_member_who_can_sign_in(client: Client, boss: User) -> None:
    password = "another long secret"
    client.post(
        "/admin/accounts/user/add/",
        {
            "username": "grace",
            "email": "grace@acme.example",
            "password1": password,
            "password2": password,
            "is_staff": "on",
            "role": "owner",
        },
    )
    assert Client().login(username="grace", password=password)
    assert AuditEntry.objects.filter(actor=boss, object_repr="grace").exists()


@pytest.mark.req("A15")
def test_a_member_who_left_is_switched_off_and_loses_the_session(
    client: Client, boss: User
) -> None:
    leaver = build.operator(username="leaver")
    elsewhere = Client()
    elsewhere.force_login(leaver)
    assert elsewhere.get("/admin/").status_code == 200
    client.post(f"/admin/accounts/user/{leaver.pk}/change/", fields_of(leaver, is_active=""))
    assert elsewhere.get("/admin/").status_code == 302


@pytest.mark.parametrize("box", ["is_active", "is_staff", "role"])
def test_the_last_administrator_cannot_lock_everybody_out(
    client: Client, boss: User, box: str
) -> None:
    url = f"/admin/accounts/user/{boss.pk}/change/"
    response = client.post(url, fields_of(boss, **{box: ""}))
    assert "last Owner" in response.content.decode()
    build.operator(username="second")
    assert client.post(url, fields_of(boss, **{box: ""})).status_code == 302


def test_an_account_with_a_past_is_not_deleted_with_its_audit_log(
    client: Client, boss: User
) -> None:
    member = build.operator()
    url = f"/admin/accounts/user/{member.pk}/delete/"
    assert client.get(url).status_code == 200
    other = Client()
    other.force_login(member)
    other.post("/admin/components/componentgroup/add/", {"name": "Web", "position": "0"})
    assert client.post(url, {"post": "yes"}).status_code == 403
    assert (
        client.post(f"/admin/accounts/user/{boss.pk}/delete/", {"post": "yes"}).status_code == 403
    )


def test_who_may_change_users_cannot_make_administrators(client: Client, boss: User) -> None:
    helper = build.operator(username="helper", role="responder")
    client.force_login(helper)
    client.post(f"/admin/accounts/user/{helper.pk}/change/", fields_of(helper))
    assert not User.objects.get(pk=helper.pk).is_superuser
    for what in ("change", "password", "delete"):
        response = client.post(f"/admin/accounts/user/{boss.pk}/{what}/", fields_of(boss))
        assert response.status_code in {302, 403}
    assert User.objects.filter(pk=boss.pk, username="boss").exists()


def test_a_customer_without_staff_rights_sees_nothing(client: Client) -> None:
    client.force_login(build.operator(is_staff=False, role=""))
    assert client.get("/admin/").status_code == 302
    assert client.get("/admin/monitors/").status_code == 302
