"""The console's announcement screens, through HTTP."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from accounts.models import AuditEntry
from components import pages
from components.models import PageKind
from incidents import announcements
from incidents.models import Announcement
from tests import build

pytestmark = pytest.mark.django_db

LIST = "/admin/announcements/"


@pytest.fixture
def operator(client: Client) -> Client:
    client.force_login(build.operator())
    return client


def test_an_operator_posts_edits_and_retracts(operator: Client) -> None:
    empty = operator.get(LIST)
    assert "None yet." in empty.content.decode()

    answer = operator.post(f"{LIST}add/", {"title": "Late", "text": "**Soon**", "ends_at": ""})
    assert answer.headers["Location"] == LIST
    row = Announcement.objects.get()
    listed = operator.get(LIST).content.decode()
    assert "Late" in listed
    assert "Shown" in listed

    edited = f"{LIST}{row.pk}/"
    assert "<strong>Soon</strong>" in operator.get(edited).content.decode()
    operator.post(
        edited, {"title": "Later", "text": "x", "starts_at": "2026-01-02T03:04", "ends_at": ""}
    )
    row.refresh_from_db()
    assert (row.title, row.starts_at) == ("Later", datetime(2026, 1, 2, 3, 4, tzinfo=UTC))

    assert "Retract “Later”?" in operator.get(f"{edited}retract/").content.decode()
    assert Announcement.objects.exists()
    operator.post(f"{edited}retract/")
    assert not Announcement.objects.exists()
    assert AuditEntry.objects.filter(content_type__model="announcement").count() == 3


def test_correcting_a_word_keeps_the_times_to_the_second(operator: Client) -> None:
    start = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    row = announcements.publish(
        title="Late", text="x", now=start, ends_at=start + timedelta(hours=1)
    )

    answer = operator.post(
        f"{LIST}{row.pk}/",
        {
            "title": "Later",
            "text": "x",
            "starts_at": "2026-01-02T03:04",
            "ends_at": "2026-01-02T04:04",
        },
    )

    assert answer.status_code == 302
    row.refresh_from_db()
    assert (row.title, row.starts_at, row.ends_at) == ("Later", start, start + timedelta(hours=1))


def test_a_refused_form_keeps_what_was_written(operator: Client) -> None:
    answer = operator.post(f"{LIST}add/", {"title": "", "text": "Kept"})

    assert answer.status_code == 422
    assert "Kept" in answer.content.decode()
    assert not Announcement.objects.exists()


def test_the_preview_is_safe_and_saves_nothing(operator: Client) -> None:
    answer = operator.post(
        f"{LIST}preview/",
        {"title": "<b>x</b>", "text": "*hi* <img src=x onerror=alert(1)>"},
        headers={"HX-Request": "true"},
    )

    text = answer.content.decode()
    assert "&lt;b&gt;x&lt;/b&gt;" in text
    assert "<em>hi</em>" in text
    assert "<img" not in text
    assert "<html" not in text
    assert not Announcement.objects.exists()


@pytest.mark.parametrize("path", ["", "add/", "1/", "1/retract/", "preview/"])
def test_without_permission_nothing_is_shown(client: Client, path: str, now: datetime) -> None:
    announcements.publish(title="Late", text="x", now=now)
    client.force_login(build.operator(is_superuser=False))

    assert client.post(f"{LIST}{path}").status_code in {403, 405}
    assert client.get(f"{LIST}{path}").status_code in {403, 405}
    assert Announcement.objects.count() == 1


def test_an_announcement_is_posted_to_chosen_pages(operator: Client) -> None:
    assert "Only on" not in operator.get(f"{LIST}add/").content.decode()
    start = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    eu = pages.add(kind=PageKind.SUB, name="EU", slug="eu", now=start)
    us = pages.add(kind=PageKind.SUB, name="US", slug="us", now=start)
    assert "Only on" in operator.get(f"{LIST}add/").content.decode()
    wrong = operator.post(f"{LIST}add/", {"title": "Late", "text": "x", "pages": ["4711"]})
    assert wrong.status_code == 422
    assert "One of the pages is gone" in wrong.content.decode()
    fields = {"title": "Late", "text": "x", "pages": [str(eu.pk)]}
    preview = operator.post(f"{LIST}preview/", fields).content.decode()
    assert "EU" in preview
    assert "US" not in preview
    assert "Status, EU, US" in operator.post(f"{LIST}preview/", {"text": "x"}).content.decode()
    assert operator.post(f"{LIST}add/", fields).status_code == 302
    row = Announcement.objects.get()
    assert list(row.pages.all()) == [eu]
    listed = operator.get(LIST).content.decode()
    assert '<td class="wrap" data-l="Shown on">EU</td>' in listed
    pages.retire(page=eu, now=start)
    form = operator.get(f"{LIST}{row.pk}/").content.decode()
    assert f'value="{eu.pk}"' in form  # or saving would show it everywhere
    operator.post(f"{LIST}{row.pk}/", fields | {"pages": [str(us.pk)]})
    assert list(row.pages.all()) == [us]
