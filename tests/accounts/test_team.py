"""The team: roles, who leaves, who is asked again; nobody raises their own rights (A15, F2)."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts import inviting, team
from accounts.models import User
from accounts.roles import Role
from accounts.team import MemberState, NotAllowed
from tests import build
from tests.accounts.signing import confirm, is_inside, sign_in
from tests.counting import statements

pytestmark = pytest.mark.django_db
TEAM = "/admin/team/"


@pytest.fixture
def boss(client: Client) -> User:
    """An Owner who has just said the password again."""
    user = build.operator(username="boss")
    sign_in(client, "boss")
    confirm(client)
    return user


def role_of(user: User) -> str:
    return User.objects.get(pk=user.pk).role


@pytest.mark.req("A12", "A15")
def test_the_screen_shows_everybody_with_role_factor_and_when_seen(
    client: Client, boss: User, now: datetime
) -> None:
    grace = build.operator(
        username="grace", email="grace@acme.example", role=Role.VIEWER, last_seen_at=now
    )
    Authenticator.objects.create(user=grace, type=Authenticator.Type.TOTP, data={"secret": ""})
    build.operator(username="gone", is_active=False, role=Role.RESPONDER)
    inviting.invite(email="new@acme.example", role=Role.RESPONDER, by=boss, now=now)
    roster = {each.name or each.email: each for each in team.roster()}
    assert list(roster) == ["boss", "grace", "new@acme.example", "gone"]
    assert roster["grace"].has_second_factor
    assert not roster["boss"].has_second_factor
    assert roster["grace"].last_seen_at == now
    assert [each.state for each in roster.values()] == [
        MemberState.ACTIVE,
        MemberState.ACTIVE,
        MemberState.INVITED,
        MemberState.DEACTIVATED,
    ]
    page = client.get(TEAM).content.decode()
    for word in ("grace@acme.example", "Viewer", "new@acme.example", "deactivated"):
        assert word in page


def test_the_screen_costs_the_same_for_many(client: Client, boss: User) -> None:
    counts = []
    for _ in range(2):
        with statements() as run:
            client.get(TEAM)
        counts.append(len(run))
        for _ in range(10):
            build.operator(role=Role.VIEWER)
    assert counts[0] == counts[1]


@pytest.mark.req("A15")
def test_an_owner_changes_a_role_and_the_member_is_signed_out(client: Client, boss: User) -> None:
    member = build.operator(username="grace", role=Role.VIEWER)
    elsewhere = Client()
    sign_in(elsewhere, "grace")
    answer = client.post(f"{TEAM}{member.pk}/", {"role": "responder"})
    assert answer.status_code == 302
    assert role_of(member) == Role.RESPONDER
    assert not is_inside(elsewhere)


@pytest.mark.req("A15", "C6")
def test_a_member_who_left_is_switched_off_and_comes_back_without_the_old_session(
    client: Client, boss: User
) -> None:
    member = build.operator(username="grace", role=Role.VIEWER)
    elsewhere = Client()
    sign_in(elsewhere, "grace")
    client.post(f"{TEAM}{member.pk}/state/", {"active": "no"})
    assert not is_inside(elsewhere)
    assert sign_in(Client(), "grace") == 200
    client.post(f"{TEAM}{member.pk}/state/", {"active": "yes"})
    assert not is_inside(elsewhere)
    assert sign_in(elsewhere, "grace") == 302
    assert is_inside(elsewhere)


@pytest.mark.req("F2")
@pytest.mark.parametrize("path", ["", "state/", "factor/"])
def test_nobody_changes_themselves_so_that_the_last_owner_stays(
    client: Client, boss: User, path: str
) -> None:
    Authenticator.objects.create(user=boss, type=Authenticator.Type.TOTP, data={"secret": ""})
    client.post(f"{TEAM}{boss.pk}/{path}", {"role": "viewer", "active": "no"})
    left = User.objects.get(pk=boss.pk)
    assert (left.role, left.is_active) == (Role.OWNER, True)
    assert Authenticator.objects.exists()


@pytest.mark.req("F2")
@pytest.mark.parametrize(
    ("name", "posted"),
    [
        ("member_edit", {"role": "viewer"}),
        ("member_state", {"active": "no"}),
        ("member_factor", {}),
        ("member_invite", {"email": "x@acme.example", "role": "owner"}),
    ],
)
def test_a_stolen_session_alone_changes_nothing(
    client: Client, name: str, posted: dict[str, str]
) -> None:
    build.operator(username="boss")
    member = build.operator(role=Role.RESPONDER)
    sign_in(client, "boss")
    args = [] if name == "member_invite" else [member.pk]
    answer = client.post(reverse(f"admin:{name}", args=args), posted)
    assert answer.headers["Location"].startswith("/admin/security/again/password/")
    left = User.objects.get(pk=member.pk)
    assert (left.role, left.is_active) == (Role.RESPONDER, True)
    assert [each.state for each in team.roster()] == [MemberState.ACTIVE] * 2


@pytest.mark.req("F2")
@pytest.mark.parametrize("role", ["", Role.RESPONDER, Role.VIEWER])
def test_only_owners_see_or_change_the_team(client: Client, role: str) -> None:
    helper, member = build.operator(role=role), build.operator(role=Role.VIEWER)
    client.force_login(helper)
    for path in ("", "invite/", f"{member.pk}/", f"{helper.pk}/"):
        assert client.get(f"{TEAM}{path}").status_code == 403
        assert client.post(f"{TEAM}{path}", {"role": "owner"}).status_code in {403, 405}
    assert role_of(helper) == role
    assert role_of(member) == Role.VIEWER


@pytest.mark.req("F2")
def test_no_other_column_can_be_written_through_any_form(client: Client, boss: User) -> None:
    member = build.operator(username="grace", role=Role.VIEWER)
    columns = [
        field.name
        for field in User._meta.get_fields()
        if field.concrete and field.name not in {"role", "session_stamp"}
    ]
    before = User.objects.filter(pk=member.pk).values(*columns).get()
    posted = dict.fromkeys(columns, "1") | {"id": str(boss.pk), "role": "responder"}
    client.post(f"{TEAM}{member.pk}/", posted)
    client.post(f"{TEAM}{member.pk}/factor/", posted)
    assert role_of(member) == Role.RESPONDER
    assert User.objects.filter(pk=member.pk).values(*columns).get() == before
    own = User.objects.filter(pk=boss.pk).values("username", "email", "is_active").get()
    for path in ("/admin/password_change/", "/admin/security/", "/admin/security/app/connect/"):
        client.post(path, dict.fromkeys(columns, "1") | {"role": "viewer"})
    assert User.objects.filter(pk=boss.pk).values("username", "email", "is_active").get() == own
    assert role_of(boss) == Role.OWNER


@pytest.mark.parametrize("role", ["", "superuser", "OWNER"])
def test_a_role_that_is_none_is_refused(client: Client, boss: User, role: str) -> None:
    member = build.operator(role=Role.VIEWER)
    assert client.post(f"{TEAM}{member.pk}/", {"role": role}).status_code == 422
    assert role_of(member) == Role.VIEWER


@pytest.mark.req("F2")
@pytest.mark.django_db(transaction=True)
def test_two_owners_who_demote_each_other_leave_one() -> None:
    pair = [build.operator(username=f"owner{number}") for number in range(2)]
    start = threading.Barrier(2)

    def demote(number: int) -> bool:
        start.wait()
        try:
            team.change_role(member=pair[1 - number], role=Role.VIEWER, by=pair[number])
        except NotAllowed:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(demote, range(2))) == [False, True]
    assert User.objects.filter(role=Role.OWNER).count() == 1


def test_an_owner_helps_somebody_who_lost_the_phone(client: Client, boss: User) -> None:
    member = build.operator(username="grace", role=Role.VIEWER)
    Authenticator.objects.create(user=member, type=Authenticator.Type.TOTP, data={"secret": ""})
    assert sign_in(Client(), "grace") == 302
    assert "Remove the second factor" in client.get(f"{TEAM}{member.pk}/").content.decode()
    client.post(f"{TEAM}{member.pk}/factor/")
    stranger = Client()
    sign_in(stranger, "grace")
    assert is_inside(stranger)


def test_the_last_owner_is_helped_by_a_command(boss: User) -> None:
    Authenticator.objects.create(user=boss, type=Authenticator.Type.TOTP, data={"secret": ""})
    call_command("remove_second_factor", "boss")
    assert not Authenticator.objects.exists()
    with pytest.raises(CommandError, match="no account"):
        call_command("remove_second_factor", "nobody")


def test_an_account_without_staff_rights_sees_nothing(client: Client) -> None:
    client.force_login(build.operator(is_staff=False, role=""))
    assert client.get("/admin/").status_code == 302
    assert client.get("/admin/monitors/").status_code == 302
