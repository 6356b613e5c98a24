"""Signing in: locked after failures, a second step, sessions that end (C6, F11)."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from axes.models import AccessAttempt
from django.test import Client
from django.utils import timezone

from accounts import second_step, sessions, tasks
from accounts.models import SecondStep, User
from accounts.roles import Role
from tests import build
from tests.accounts.signing import PASSWORD, code, confirm, connect_app, is_inside, sign_in

pytestmark = pytest.mark.django_db
STEP = "/admin/security/second-step/"


@pytest.fixture
def ada(client: Client) -> User:
    """Signed in with a password alone."""
    user = build.operator(username="ada")
    assert sign_in(client, "ada") == 302
    return user


def test_the_sign_in_page_leads_on_to_where_somebody_wanted_to_go(client: Client) -> None:
    build.operator(username="ada")
    page = client.get("/admin/monitors/", follow=True).content.decode()
    assert 'id="id_username"' in page
    assert 'id="id_password"' in page
    fields = {"username": "ada", "password": PASSWORD, "next": "/admin/monitors/"}
    assert client.post("/admin/login/", fields).headers["Location"] == "/admin/monitors/"
    assert client.get("/admin/login/").headers["Location"] == "/admin/"


def test_a_foreign_address_is_not_gone_on_to(client: Client) -> None:
    build.operator(username="ada")
    fields = {"username": "ada", "password": PASSWORD, "next": "https://evil.example/"}
    assert client.post("/admin/login/", fields).headers["Location"] == "/admin/"


@pytest.mark.parametrize(
    "path",
    ["signup/", "password/reset/", "email/", "social/signup/", "login/code/", "confirm-email/"],
)
def test_nothing_else_of_the_library_is_there(client: Client, path: str) -> None:
    for prefix in ("/", "/accounts/", "/admin/", "/admin/security/"):
        assert client.get(f"{prefix}{path}").status_code in {404, 302}
        assert "/admin/login/" in client.get(f"{prefix}{path}").headers.get(
            "Location", "/admin/login/"
        )


@pytest.mark.req("F11")
def test_after_five_wrong_passwords_the_right_one_is_refused_and_the_page_says_how_long(
    client: Client,
) -> None:
    build.operator(username="ada")
    codes = [sign_in(client, "ada", "wrong") for _ in range(5)]
    assert codes == [200, 200, 200, 200, 429]
    answer = client.post("/admin/login/", {"username": "ada", "password": PASSWORD})
    assert answer.status_code == 429
    assert "Wait 15 minutes" in answer.content.decode()
    assert not is_inside(client)


def test_a_lock_is_for_one_address_so_that_nobody_locks_out_a_colleague(client: Client) -> None:
    build.operator(username="ada")
    for _ in range(6):
        sign_in(client, "ada", "wrong", REMOTE_ADDR="192.0.2.1")
    assert sign_in(client, "ada", REMOTE_ADDR="192.0.2.1") == 429
    assert sign_in(client, "ada", REMOTE_ADDR="192.0.2.2") == 302
    assert is_inside(client)


def test_a_forged_address_does_not_lift_the_lock(client: Client) -> None:
    build.operator(username="ada")
    for number in range(5):
        sign_in(client, "ada", "wrong", HTTP_X_FORWARDED_FOR=f"203.0.113.{number}")
    assert sign_in(client, "ada", HTTP_X_FORWARDED_FOR="203.0.113.99") == 429


# ---- the second step ----------------------------------------------------------------------------


def test_a_factor_is_connected_only_after_saying_the_password_again(
    client: Client, ada: User
) -> None:
    answer = client.get("/admin/security/app/connect/")
    assert answer.headers["Location"].startswith("/admin/security/again/password/")
    assert confirm(client, "wrong") == 422
    assert client.get("/admin/security/app/connect/").status_code == 302
    assert confirm(client) == 302
    assert client.get("/admin/security/app/connect/").status_code == 200


@pytest.mark.req("F11")
def test_with_an_app_the_password_alone_opens_nothing(client: Client, ada: User) -> None:
    secret = connect_app(client)
    stranger = Client()
    answer = stranger.post("/admin/login/", {"username": "ada", "password": PASSWORD})
    assert answer.headers["Location"] == STEP
    assert not is_inside(stranger)
    for path in ("", "app/connect/", "codes/", "passkeys/add/"):
        assert "login" in stranger.get(f"/admin/security/{path}").headers["Location"]
    assert stranger.post(STEP, {"code": code(secret)}).status_code == 302
    assert is_inside(stranger)


@pytest.mark.req("F11")
def test_a_code_works_once(client: Client, ada: User) -> None:
    secret = connect_app(client)
    typed = code(secret)
    first, second = Client(), Client()
    sign_in(first, "ada")
    sign_in(second, "ada")
    first.post(STEP, {"code": typed})
    assert is_inside(first)
    refused = second.post(STEP, {"code": typed})
    assert refused.status_code == 422
    assert "used already" in refused.content.decode()
    assert second.post(STEP, {"code": code(secret, steps=-1)}).status_code == 422, "and none before"
    assert second.post(STEP, {"code": code(secret, steps=1)}).status_code == 302


@pytest.mark.req("F11")
def test_five_guesses_are_evaluated_and_no_more_on_every_route(
    client: Client, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = connect_app(client)
    stranger = Client()
    sign_in(stranger, "ada")
    for _ in range(20):
        assert stranger.post(STEP, {"code": "000000"}).status_code == 422
    right = stranger.post(STEP, {"code": code(secret)})
    assert "Too many tries" in right.content.decode()
    assert not is_inside(stranger)
    again = client.post("/admin/security/again/code/", {"code": code(secret)})
    assert "Too many tries" in again.content.decode(), "one count for all routes"
    assert SecondStep.objects.get(user=ada).tries == second_step.TRIES
    later = timezone.now() + second_step.WINDOW
    monkeypatch.setattr(second_step, "_now", lambda: later)
    assert stranger.post(STEP, {"code": code(secret)}).status_code == 302


@pytest.mark.req("F11")
def test_tries_are_taken_by_a_conditional_update(now: datetime) -> None:
    user = build.operator()
    for _ in range(second_step.TRIES):
        second_step.take_a_try(user=user, now=now)
    with pytest.raises(second_step.TooManyTries) as refused:
        second_step.take_a_try(user=user, now=now + timedelta(minutes=5))
    assert refused.value.wait == timedelta(minutes=10)
    second_step.take_a_try(user=user, now=now + second_step.WINDOW)


@pytest.mark.req("F11")
def test_the_password_asked_again_is_limited_too(client: Client, ada: User) -> None:
    for _ in range(second_step.TRIES):
        confirm(client, "wrong")
    assert confirm(client) == 422


@pytest.mark.req("F11")
def test_a_stolen_session_cannot_guess_the_old_password(client: Client, ada: User) -> None:
    new = "another long secret"

    def change(old: str) -> int:
        fields = {"old_password": old, "new_password1": new, "new_password2": new}
        return client.post("/admin/password_change/", fields).status_code

    assert [change("wrong") for _ in range(second_step.TRIES)] == [200] * second_step.TRIES
    assert change(PASSWORD) == 200
    SecondStep.objects.update(tries=0)
    assert change(PASSWORD) == 302
    assert is_inside(client)
    assert sign_in(Client(), "ada", new) == 302


def recovery_codes(client: Client) -> list[str]:
    page = client.get("/admin/security/codes/").content.decode()
    return re.findall(r"<li><code>([^<]+)</code>", page)


@pytest.mark.req("F11")
def test_recovery_codes_are_shown_once_work_once_and_are_stored_sealed(
    client: Client, ada: User
) -> None:
    connect_app(client)
    codes = recovery_codes(client)
    assert len(codes) == 10
    assert recovery_codes(client) == []
    stored = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert not any(each in stored for each in codes)
    for expected in (302, 422):
        stranger = Client()
        sign_in(stranger, "ada")
        assert stranger.post(STEP, {"code": codes[0]}).status_code == expected


def test_the_secret_of_an_app_is_stored_sealed(client: Client, ada: User) -> None:
    secret = connect_app(client)
    data = Authenticator.objects.get(type=Authenticator.Type.TOTP).data
    assert secret not in str(data)


def test_with_a_factor_the_password_no_longer_counts_as_asking_again(
    client: Client, ada: User
) -> None:
    secret = connect_app(client)
    stranger = Client()
    sign_in(stranger, "ada")
    stranger.post(STEP, {"code": code(secret)})
    answer = stranger.get("/admin/security/again/password/")
    assert answer.headers["Location"].startswith("/admin/security/again/code/")
    stranger.post("/admin/security/again/password/", {"password": PASSWORD})
    assert stranger.get("/admin/security/app/disconnect/").status_code == 302
    stranger.post("/admin/security/again/code/", {"code": code(secret, steps=1)})
    assert stranger.get("/admin/security/app/disconnect/").status_code == 200
    stranger.post("/admin/security/app/disconnect/")
    assert not Authenticator.objects.exists(), "the recovery codes go with the last factor"


@pytest.mark.req("F11")
@pytest.mark.parametrize("credential", ["{}", "[]", '"x"', '{"id": "a", "response": {}}', "junk"])
def test_a_passkey_that_was_made_up_is_refused(client: Client, ada: User, credential: str) -> None:
    connect_app(client)
    stranger = Client()
    sign_in(stranger, "ada")
    assert stranger.post(STEP, {"credential": credential}).status_code in {200, 422}
    assert not is_inside(stranger)


@pytest.mark.req("F11")
def test_a_challenge_is_answered_within_five_minutes(
    client: Client, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect_app(client)
    stranger = Client()
    sign_in(stranger, "ada")
    stranger.get(STEP)
    for minutes, said in ((4, "cannot be read"), (6, "took too long")):
        at = timezone.now() + timedelta(minutes=minutes)
        monkeypatch.setattr(second_step, "_now", lambda at=at: at)
        posted = {"credential": '{"id": "a", "type": "public-key", "response": {}}'}
        form = stranger.post(STEP, posted).context["webauthn_form"]
        assert said in str(form.errors), form.errors
        monkeypatch.undo()
        stranger.get(STEP)


# ---- sessions -----------------------------------------------------------------------------------


def change_password(user: User, _own: Client) -> None:
    user.set_password("another long secret")
    user.save(update_fields=["password"])


def change_role(user: User, _own: Client) -> None:
    user.role = Role.VIEWER
    user.save(update_fields=["role"])


def switch_off(user: User, _own: Client) -> None:
    user.is_active = False
    user.save(update_fields=["is_active"])


def log_out_everywhere(_user: User, own: Client) -> None:
    own.post("/admin/security/log-out-everywhere/")


def log_out(_user: User, own: Client) -> None:
    own.post("/admin/logout/")


@pytest.mark.req("C6")
@pytest.mark.parametrize("event", [change_password, change_role, switch_off, log_out_everywhere])
def test_a_stolen_session_ends_with(
    client: Client, ada: User, event: Callable[[User, Client], None]
) -> None:
    thief = Client()
    sign_in(thief, "ada")
    assert is_inside(thief)
    event(ada, client)
    assert not is_inside(thief)


@pytest.mark.req("C6")
def test_a_cookie_that_was_copied_ends_with_logging_out(client: Client, ada: User) -> None:
    thief = Client()
    thief.cookies = client.cookies.copy()  # type: ignore[assignment]
    assert is_inside(thief)
    log_out(ada, client)
    assert not is_inside(thief)


def test_ones_own_session_goes_on(client: Client, ada: User) -> None:
    log_out_everywhere(ada, client)
    assert is_inside(client)


@pytest.mark.req("C6")
@pytest.mark.django_db(transaction=True)
def test_a_new_factor_ends_all_sessions_but_the_one_that_added_it(client: Client) -> None:
    build.operator(username="ada")
    thief = Client()
    for each in (client, thief):
        sign_in(each, "ada")
    connect_app(client)
    assert is_inside(client)
    assert not is_inside(thief)


class At:
    """The clock of the middleware, set to some time after now."""

    def __init__(self, **after: float) -> None:
        self.moment = datetime.now(UTC) + timedelta(**after)

    def now(self) -> datetime:
        return self.moment


@pytest.mark.req("C6")
@pytest.mark.parametrize(
    ("seen", "inside"),
    [
        ([{"hours": 7.9}], True),
        ([{"hours": 8.1}], False),
        ([{"hours": hours} for hours in range(7, 24 * 7, 7)], True),
        ([{"hours": hours} for hours in range(7, 24 * 7 + 8, 7)], False),
    ],
)
def test_a_session_ends_after_8_idle_hours_and_after_7_days(
    client: Client, ada: User, monkeypatch: pytest.MonkeyPatch, seen: list[Any], inside: bool
) -> None:
    is_inside(client)
    for after in seen:
        monkeypatch.setattr("statuspage.middleware.timezone", At(**after))
        client.get("/admin/jsi18n/")  # any request counts, and this one is cheap
    assert is_inside(client) == inside


def test_pieces_that_fetch_themselves_keep_nobody_signed_in(
    client: Client, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_inside(client)
    monkeypatch.setattr("statuspage.middleware.timezone", At(hours=7))
    client.get("/admin/monitors/live/", headers={"HX-Request": "true"})
    monkeypatch.setattr("statuspage.middleware.timezone", At(hours=9))
    assert not is_inside(client)


def test_last_seen_is_written_once_in_five_minutes(now: datetime) -> None:
    user, session = build.operator(), dict[str, Any]()
    for minutes, expected in ((0, 0), (4, 0), (5, 5), (9, 5), (11, 11)):
        sessions.note_seen(session, user=user, now=now + timedelta(minutes=minutes))
        user.refresh_from_db()
        assert user.last_seen_at == now + timedelta(minutes=expected)


def test_sessions_and_failures_that_are_over_are_deleted(client: Client, ada: User) -> None:
    sign_in(Client(), "somebody", "wrong")
    tasks.forget_what_is_over()
    assert is_inside(client)
    assert AccessAttempt.objects.count() == 1
    gone = sessions.forget_what_is_over(now=timezone.now() + timedelta(days=8))
    assert gone == 2
    assert not is_inside(client)
