"""The console's screen "API tokens": make one, see it once, revoke it; whose one sees."""

import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import AccessToken, AuditEntry, User
from accounts.roles import Role
from tests import build
from tests.accounts.signing import confirm, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.req("P2", "F1")]
LIST, NEW = "/admin/api-tokens/", "/admin/api-tokens/new/"
FORM = {"label": "deploy", "lasts": "90", "scopes": ["components:read", "incidents:write"]}


def _browser(user: User, *, is_fresh: bool = True) -> Client:
    browser = Client()
    sign_in(browser, user.username)
    if is_fresh:
        confirm(browser)
    return browser


def _secret(answer: Any) -> str:
    found = re.search(r'id="new-token">(can_[\w-]+)<', answer.content.decode())
    assert found, answer.content
    return found[1]


@pytest.mark.parametrize("role", list(Role))
def test_every_member_makes_tokens_which_work_at_once_and_are_shown_once(role: Role) -> None:
    browser = _browser(build.operator(role=role))
    answer = browser.post(NEW, FORM)
    secret = _secret(answer)
    assert "no-store" in answer.headers["Cache-Control"]
    assert AccessToken.objects.get().scopes == ["components:read", "incidents:write"]
    assert secret not in browser.get(LIST).content.decode()
    headers = {"authorization": f"Bearer {secret}"}
    assert Client().get("/api/manage/v1/components", headers=headers).status_code == 200
    assert Client().get("/api/manage/v1/groups", headers=headers).status_code == 403
    entry = AuditEntry.objects.latest("id")
    assert (entry.object_repr, secret in str(entry.changes)) == ("deploy", False)


def test_a_token_is_made_by_somebody_freshly_signed_in_alone() -> None:
    browser = _browser(build.operator(), is_fresh=False)
    answer = browser.post(NEW, FORM)
    assert answer.status_code == 302
    assert "/again/" in answer.headers["Location"]
    assert NEW in answer.headers["Location"].replace("%2F", "/")
    assert not AccessToken.objects.exists()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"scopes": []}, "Choose at least one scope."),
        ({"scopes": ["moon:write"]}, "moon:write"),
        ({"label": ""}, "This field is required."),
        ({"lasts": "7"}, "7 is not one of the available choices"),
    ],
)
def test_a_form_that_is_not_filled_in_makes_none(fields: dict[str, Any], sentence: str) -> None:
    answer = _browser(build.operator()).post(NEW, FORM | fields)
    assert (answer.status_code, sentence in answer.content.decode()) == (422, True)
    assert not AccessToken.objects.exists()


def test_what_was_ticked_stays_ticked_beside_an_error() -> None:
    answer = _browser(build.operator()).post(NEW, FORM | {"label": ""})
    assert 'value="incidents:write" checked' in answer.content.decode()
    assert 'value="incidents:read" checked' not in answer.content.decode()


def test_everybody_sees_and_revokes_their_own_and_owners_those_of_all() -> None:
    viewer, owner = build.operator(role=Role.VIEWER), build.operator()
    _browser(viewer).post(NEW, FORM | {"label": "viewers"})
    _browser(owner).post(NEW, FORM | {"label": "owners", "lasts": "never"})
    hers, his = AccessToken.objects.order_by("id")
    assert his.expires_at is None
    assert "owners" not in _browser(viewer).get(LIST).content.decode()
    assert _browser(viewer).post(f"{LIST}{his.pk}/revoke/").status_code == 404
    both = _browser(owner).get(LIST).content.decode()
    assert "viewers" in both
    assert viewer.username in both
    assert _browser(owner).post(f"{LIST}{hers.pk}/revoke/").status_code == 302
    assert _browser(viewer).post(f"{LIST}{hers.pk}/revoke/").status_code == 302
    hers.refresh_from_db()
    assert hers.revoked_at


def test_an_account_without_a_role_has_no_tokens() -> None:
    browser = _browser(build.operator(role=""))
    assert browser.get(LIST).status_code == 403
    assert browser.post(NEW, FORM).status_code == 403
