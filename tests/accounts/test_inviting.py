"""Invitations: a link that works once, for seven days, and stands nowhere but in the letter (A15)."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts import inviting
from accounts.inviting import InvitationGone
from accounts.models import AuditEntry, Invitation, User
from accounts.roles import Role
from notifications.models import Delivery, State
from tests import build
from tests.accounts.signing import confirm, is_inside, sign_in
from tests.notifications import post

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough secret"
FIELDS = {"username": "grace", "password": PASSWORD, "repeated": PASSWORD}


def letters() -> list[Delivery]:
    return list(Delivery.objects.filter(dedupe_key__startswith="invitation:").order_by("id"))


def token_in(letter: Delivery) -> str:
    found = re.search(r"/join/([\w-]+)/", letter.message["text"])
    assert found
    return found[1]


def invite(now: datetime, **fields: str) -> str:
    """Invite grace as a Responder; the token of the link."""
    values = {"email": "grace@acme.example", "role": Role.RESPONDER} | fields
    inviting.invite(email=values["email"], role=Role(values["role"]), by=build.operator(), now=now)
    return token_in(letters()[-1])


@pytest.mark.req("A15")
def test_an_invited_person_chooses_name_and_password_and_is_in(client: Client) -> None:
    url = f"/join/{invite(timezone.now())}/"
    assert "grace@acme.example" in client.get(url).content.decode()
    assert client.post(url, FIELDS).headers["Location"] == "/admin/"
    assert is_inside(client)
    user = User.objects.get(username="grace")
    assert (user.role, user.email, user.is_staff) == (Role.RESPONDER, "grace@acme.example", True)
    assert Client().post(url, FIELDS | {"username": "mallory"}).status_code == 404


def test_looking_uses_nothing_up(client: Client) -> None:
    url = f"/join/{invite(timezone.now())}/"
    for _ in range(3):
        answer = client.get(url)
        client.head(url)
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["Referrer-Policy"] == "strict-origin"
    assert client.post(url, FIELDS).status_code == 302


@pytest.mark.req("F2")
def test_what_the_invited_person_posts_beside_name_and_password_counts_for_nothing(
    client: Client,
) -> None:
    url = f"/join/{invite(timezone.now(), role='viewer')}/"
    more = {"role": "owner", "is_superuser": "on", "email": "boss@acme.example", "id": "1"}
    client.post(url, FIELDS | more)
    user = User.objects.get(username="grace")
    assert (user.role, user.is_superuser, user.email) == ("viewer", False, "grace@acme.example")


def test_errors_stand_at_their_fields_and_the_link_still_works(client: Client) -> None:
    build.operator(username="taken")
    url = f"/join/{invite(timezone.now())}/"
    for wrong in ({"username": "taken"}, {"password": "short", "repeated": "short"}):
        answer = client.post(url, FIELDS | wrong)
        assert answer.status_code == 422
        assert PASSWORD not in answer.content.decode()
    assert client.post(url, FIELDS).status_code == 302


def test_a_link_works_for_seven_days(now: datetime) -> None:
    token = invite(now)
    assert inviting.find(token=token, now=now + timedelta(days=6, hours=23))
    with pytest.raises(InvitationGone):
        inviting.find(token=token, now=now + timedelta(days=7))
    with pytest.raises(InvitationGone):
        accept(token, now + timedelta(days=7))


def accept(token: str, now: datetime, username: str = "grace") -> User:
    return inviting.accept(token=token, username=username, password=PASSWORD, now=now)


def test_a_new_link_replaces_the_old_one_and_its_letter(now: datetime) -> None:
    old = invite(now)
    invitation, boss = Invitation.objects.get(), build.operator()
    inviting.send_again(invitation=invitation, by=boss, now=now + timedelta(days=5))
    first, second = letters()
    assert (first.state, second.state) == (State.CANCELLED, State.PENDING)
    with pytest.raises(InvitationGone):
        accept(old, now)
    assert accept(token_in(second), now + timedelta(days=11)).pk


def test_a_withdrawn_invitation_lets_nobody_in_and_its_letter_stays(now: datetime) -> None:
    token, invitation = invite(now), Invitation.objects.get()
    inviting.revoke(invitation=invitation, now=now)
    assert [letter.state for letter in letters()] == [State.CANCELLED]
    for gone in (
        lambda: accept(token, now),
        lambda: inviting.revoke(invitation=invitation, now=now),
        lambda: inviting.send_again(invitation=invitation, by=build.operator(), now=now),
    ):
        with pytest.raises(InvitationGone):
            gone()
    assert invite(now), "the same address may be invited again"


@pytest.mark.req("F13")
def test_the_link_stands_in_the_letter_only_and_there_until_it_is_sent(now: datetime) -> None:
    token = invite(now)
    (letter,) = letters()
    assert letter.is_sensitive
    assert token not in str(list(Invitation.objects.values()))
    assert token not in str(list(AuditEntry.objects.values()))
    assert token not in letter.dedupe_key
    post.drain(now=now)
    (letter,) = letters()
    assert letter.state == State.SENT
    assert token not in str(letter.message)


@pytest.mark.parametrize("email", ["GRACE@acme.example", "grace@ACME.example"])
def test_an_address_is_invited_once_and_never_beside_its_member(now: datetime, email: str) -> None:
    token = invite(now)
    with pytest.raises(ValidationError, match="invited already"):
        invite(now, email=email)
    accept(token, now)
    with pytest.raises(ValidationError, match="in the team already"):
        invite(now, email=email)
    assert len(letters()) == 1


@pytest.mark.parametrize("email", ["", "nowhere", "a@b\r\nBcc: c@d.example"])
def test_an_address_that_is_none_is_refused(now: datetime, email: str) -> None:
    with pytest.raises(ValidationError):
        invite(now, email=email)
    assert not letters()


@pytest.mark.req("A15")
def test_the_console_invites_sends_again_and_withdraws(client: Client) -> None:
    build.operator(username="boss")
    sign_in(client, "boss")
    confirm(client)
    posted = {"email": "grace@acme.example", "role": "viewer"}
    assert client.post("/admin/team/invite/", posted).status_code == 302
    assert client.post("/admin/team/invite/", posted).status_code == 422
    row = Invitation.objects.get()
    client.post(f"/admin/team/invitations/{row.pk}/again/")
    assert len(letters()) == 2
    client.post(f"/admin/team/invitations/{row.pk}/revoke/")
    assert not Invitation.objects.open().exists()
    page = client.post(f"/admin/team/invitations/{row.pk}/again/", follow=True).content.decode()
    assert "accepted or withdrawn meanwhile" in page


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_exactly_one_uses_the_link(now: datetime) -> None:
    token, start = invite(now), threading.Barrier(8)

    def run(number: int) -> bool:
        start.wait()
        try:
            accept(token, now, username=f"grace{number}")
        except InvitationGone:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(run, range(8))) == 1
    assert User.objects.filter(username__startswith="grace").count() == 1
