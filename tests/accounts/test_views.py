"""The page behind the set-up link."""

import pytest
from django.test import Client
from django.utils import timezone

from accounts import setting_up
from accounts.models import User
from tests import build

FIELDS = {
    "username": "ada",
    "email": "ada@acme.example",
    "password": "a long enough secret",
    "repeated": "a long enough secret",
}


@pytest.fixture
def url(db: None) -> str:
    return f"/setup/{setting_up.ensure_link(now=timezone.now())}/"


def test_the_page_is_kept_nowhere_and_its_address_is_told_to_nobody(
    client: Client, url: str
) -> None:
    response = client.get(url)
    assert response.status_code == 200
    assert "no-store" in response.headers["Cache-Control"]
    assert response.headers["Referrer-Policy"] == "strict-origin"
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]


def test_posting_makes_the_account_and_signs_it_in(client: Client, url: str) -> None:
    response = client.post(url, FIELDS)
    assert response.headers["Location"] == "/admin/pages/set-up/"
    assert client.get("/admin/").status_code == 200
    assert User.objects.get().is_superuser


def test_looking_makes_nothing(client: Client, url: str) -> None:
    client.get(url)
    client.head(url)
    assert not User.objects.exists()
    assert client.post(url, FIELDS).status_code == 302


def test_errors_stand_at_their_fields_and_the_input_is_kept(client: Client, url: str) -> None:
    response = client.post(url, FIELDS | {"email": "nowhere", "repeated": "something else"})
    assert response.status_code == 422
    page = response.content.decode()
    assert "<title>Error:" in page
    assert 'value="ada"' in page
    assert "The two passwords differ." in page
    assert FIELDS["password"] not in page


def test_a_wrong_link_says_where_the_right_one_is(client: Client, url: str) -> None:
    response = client.get("/setup/wrong/")
    assert response.status_code == 404
    assert "bin/manage setup_link" in response.content.decode()
    assert client.post("/setup/wrong/", FIELDS).status_code == 404


def test_a_used_link_leads_to_the_sign_in_page(client: Client, url: str) -> None:
    build.operator()
    for response in (client.get(url), client.post(url, FIELDS)):
        assert response.status_code == 403
        assert "/admin/login/" in response.content.decode()


def test_a_post_from_another_site_is_refused(url: str) -> None:
    strict = Client(enforce_csrf_checks=True)
    for origin in ("https://evil.example", "null"):
        assert strict.post(url, FIELDS, headers={"Origin": origin}).status_code == 403
    assert not User.objects.exists()


def test_the_sign_in_page_says_what_to_do_while_there_is_no_account(
    client: Client, url: str
) -> None:
    assert "bin/manage setup_link" in client.get("/admin/login/").content.decode()
    build.operator()
    assert "bin/manage setup_link" not in client.get("/admin/login/").content.decode()
