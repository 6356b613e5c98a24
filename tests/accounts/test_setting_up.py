"""The first administrator: exactly one, through the newest link, and never again."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from accounts import setting_up
from accounts.models import AuditEntry, SetUp, User
from tests import build
from tests.accounts.signing import sign_in

PASSWORD = "a long enough secret"


def complete(token: str, now: datetime, **fields: str) -> User:
    values = {"username": "ada", "email": "ada@acme.example", "password": PASSWORD} | fields
    return setting_up.complete(token=token, now=now, **values)


def at_once(number: int, work: Callable[[int], object]) -> list[object]:
    """Run the work in threads that start together; what each returned or raised."""
    start = threading.Barrier(number)

    def run(index: int) -> object:
        start.wait()
        try:
            return work(index)
        except Exception as error:  # noqa: BLE001 - the test looks at it
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(run, range(number)))


@pytest.mark.django_db
def test_the_link_makes_an_administrator_who_can_sign_in(now: datetime) -> None:
    token = setting_up.ensure_link(now=now)
    assert token is not None
    user = complete(token, now)
    assert user.is_staff
    assert user.is_superuser
    assert user.check_password(PASSWORD)
    assert sign_in(Client(), "ada", PASSWORD) == 302
    assert not setting_up.is_open()
    made = AuditEntry.objects.filter(object_pk=str(user.pk)).earliest("id")
    assert made.actor_name == "set-up link"


@pytest.mark.django_db
def test_only_the_digest_of_the_token_is_stored(now: datetime) -> None:
    token = setting_up.ensure_link(now=now)
    row = SetUp.objects.get()
    assert token
    assert token not in row.token_digest
    assert len(row.token_digest) == 64


@pytest.mark.django_db
def test_a_new_link_replaces_the_old_one(now: datetime) -> None:
    old = setting_up.ensure_link(now=now)
    new = setting_up.ensure_link(now=now)
    assert old
    assert new
    with pytest.raises(setting_up.SetUpTokenWrong):
        complete(old, now)
    assert complete(new, now).pk


@pytest.mark.django_db
@pytest.mark.parametrize("token", ["", "wrong", "é"])
def test_a_wrong_token_makes_nobody(now: datetime, token: str) -> None:
    setting_up.ensure_link(now=now)
    with pytest.raises(setting_up.SetUpTokenWrong):
        complete(token, now)
    assert not User.objects.exists()


@pytest.mark.django_db
def test_no_token_works_before_a_link_was_made(now: datetime) -> None:
    with pytest.raises(setting_up.SetUpTokenWrong):
        complete("", now)


@pytest.mark.django_db
def test_what_is_wrong_is_said_by_field_and_the_link_still_works(now: datetime) -> None:
    token = setting_up.ensure_link(now=now) or ""
    with pytest.raises(ValidationError) as refused:
        complete(token, now, username="a b\x00", email="nowhere", password="short")
    assert set(refused.value.message_dict) == {"username", "email", "password"}
    assert not User.objects.exists()
    assert complete(token, now).pk


@pytest.mark.req("A14")
@pytest.mark.django_db
def test_set_up_stays_closed_when_every_account_is_deleted(now: datetime) -> None:
    token = setting_up.ensure_link(now=now) or ""
    complete(token, now)
    User.objects.all().delete()
    assert setting_up.ensure_link(now=now) is None
    assert not setting_up.is_open()
    with pytest.raises(setting_up.SetUpClosed):
        complete(token, now)


@pytest.mark.django_db
def test_an_account_made_in_any_other_way_closes_set_up_too(now: datetime) -> None:
    token = setting_up.ensure_link(now=now) or ""
    build.operator()
    User.objects.all().delete()
    with pytest.raises(setting_up.SetUpClosed):
        complete(token, now)


@pytest.mark.django_db
def test_the_command_createsuperuser_closes_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", username="ada", email="ada@acme.example", interactive=False)
    assert SetUp.objects.get().completed_at is not None


@pytest.mark.django_db
def test_accounts_of_a_restored_dump_close_set_up(now: datetime) -> None:
    User.objects.bulk_create([User(username="ada")])
    assert not setting_up.is_open()
    assert setting_up.ensure_link(now=now) is None
    User.objects.all().delete()
    assert not setting_up.is_open()


@pytest.mark.django_db
def test_the_command_prints_a_link_until_set_up_is_over(
    now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("setup_link")
    token = capsys.readouterr().out.strip().removesuffix("/").rpartition("/")[2]
    complete(token, now)
    with pytest.raises(CommandError, match="complete"):
        call_command("setup_link")


@pytest.mark.req("A14")
@pytest.mark.django_db(transaction=True)
def test_of_twenty_posts_at_once_exactly_one_makes_an_administrator(now: datetime) -> None:
    token = setting_up.ensure_link(now=now) or ""

    def post(index: int) -> int:
        fields = {"username": f"op{index}", "password": PASSWORD, "repeated": PASSWORD}
        return Client().post(f"/setup/{token}/", fields).status_code

    codes = at_once(20, post)
    assert sorted(codes, key=str) == [302] + [403] * 19
    assert User.objects.count() == 1


@pytest.mark.req("A14")
@pytest.mark.django_db(transaction=True)
def test_a_link_in_use_and_a_command_line_account_never_both_win_the_set_up(now: datetime) -> None:
    token = setting_up.ensure_link(now=now) or ""
    results = at_once(
        2, lambda index: complete(token, now) if index else build.operator(username="cli")
    )
    assert User.objects.filter(username="cli").exists()
    if not isinstance(results[1], setting_up.SetUpClosed):
        assert User.objects.count() == 2  # the link came first, and the command line may add more
    assert not setting_up.is_open()
