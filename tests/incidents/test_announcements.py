"""Announcements: on the page at once, by their own times, and gone when retracted."""

from datetime import datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from components import catalogue, pages
from components.models import PageKind, StatusChange
from incidents import announcements
from incidents.models import Announcement, AnnouncementState

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def current(now: datetime) -> list[str]:
    return [row.title for row in Announcement.objects.current(now=now)]


@pytest.mark.req("H1", "H2", "H3")
def test_an_announcement_counts_at_once_and_touches_no_status(now: datetime) -> None:
    before = catalogue.page().revision

    announcements.publish(title=" Late ", text=" Replies take longer. ", now=now)

    row = Announcement.objects.get()
    assert (row.title, row.text, row.starts_at, row.ends_at) == (
        "Late",
        "Replies take longer.",
        now,
        None,
    )
    assert current(now) == ["Late"]
    assert catalogue.page().revision == before + 1
    assert not StatusChange.objects.exists()


def test_start_is_included_and_end_is_not(now: datetime) -> None:
    announcements.publish(
        title="Planned", text="x", now=now, starts_at=now + HOUR, ends_at=now + 2 * HOUR
    )

    assert current(now + HOUR - timedelta.resolution) == []
    assert current(now + HOUR) == ["Planned"]
    assert current(now + 2 * HOUR - timedelta.resolution) == ["Planned"]
    assert current(now + 2 * HOUR) == []


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": "  "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"text": ""}, "text"),
        ({"text": "x" * 5001}, "text"),
        ({"ends_at": timedelta()}, "ends_at"),
        ({"starts_at": -2 * HOUR, "ends_at": -HOUR}, "ends_at"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_saved(
    now: datetime, wrong: dict[str, object], field: str
) -> None:
    fields = {"title": "Late", "text": "x"} | {
        name: now + value if isinstance(value, timedelta) else value
        for name, value in wrong.items()
    }

    with pytest.raises(ValidationError) as refused:
        announcements.publish(**fields, now=now)  # type: ignore[arg-type]

    assert list(refused.value.message_dict) == [field]
    assert not Announcement.objects.exists()


def test_an_old_announcement_can_be_corrected_without_touching_its_end(now: datetime) -> None:
    row = announcements.publish(title="Late", text="x", now=now, ends_at=now + HOUR)

    announcements.change(
        announcement=row,
        title="Late replies",
        text="y",
        starts_at=None,
        ends_at=row.ends_at,
        now=now + 2 * HOUR,
    )

    row.refresh_from_db()
    assert (row.title, row.text, row.starts_at) == ("Late replies", "y", now)


def test_retracting_takes_it_away_once(now: datetime) -> None:
    row = announcements.publish(title="Late", text="x", now=now)
    before = catalogue.page().revision
    again = Announcement.objects.get()

    assert announcements.retract(announcement=row)
    assert catalogue.page().revision == before + 1
    assert not announcements.retract(announcement=again)
    assert current(now) == []


def test_each_announcement_says_where_it_stands(now: datetime) -> None:
    for hours, ends in ((-5, -4), (-3, None), (-2, None), (-1, None), (1, None)):
        Announcement.objects.create(
            title=f"{hours}",
            text="x",
            created_at=now,
            starts_at=now + hours * HOUR,
            ends_at=None if ends is None else now + ends * HOUR,
        )
    shown = {row.pk for row in Announcement.objects.shown(now=now)}

    assert {row.title: row.state(now=now, shown=shown) for row in Announcement.objects.all()} == {
        "-5": AnnouncementState.OVER,
        "-3": AnnouncementState.DISPLACED,
        "-2": AnnouncementState.SHOWN,
        "-1": AnnouncementState.SHOWN,
        "1": AnnouncementState.PLANNED,
    }


@pytest.mark.req("A12")
def test_an_announcement_is_on_every_page_or_on_the_chosen_ones(now: datetime) -> None:
    eu = pages.add(kind=PageKind.SUB, name="EU", slug="eu", now=now)
    row = announcements.publish(title="Late", text="x", now=now)
    assert not row.pages.exists()
    rest = {"title": "Late", "text": "x", "starts_at": None, "ends_at": None, "now": now}
    announcements.change(announcement=row, pages=[eu], **rest)  # type: ignore[arg-type]  # by name
    assert list(row.pages.all()) == [eu]
    announcements.change(announcement=row, **rest)  # type: ignore[arg-type]  # by name
    assert list(row.pages.all()) == [eu]  # None keeps them
    announcements.change(announcement=row, pages=[], **rest)  # type: ignore[arg-type]  # by name
    assert not row.pages.exists()
    assert current(now) == ["Late"]


@pytest.mark.req("R3")
def test_what_was_for_one_customer_is_not_for_everybody_when_their_page_goes(now: datetime) -> None:
    initech = pages.add(kind=PageKind.CUSTOMER, name="Initech", slug="initech", now=now)
    announcements.publish(title="Only Initech", text="x", now=now, pages=[initech])
    assert current(now) == ["Only Initech"]
    pages.remove(page=initech)
    assert current(now) == []
    assert announcements.shown_somewhere(now=now) == set()
    assert Announcement.objects.exists()  # operators still see it


def test_each_page_has_room_for_two_of_its_own(now: datetime) -> None:
    eu = pages.add(kind=PageKind.SUB, name="EU", slug="eu", now=now)
    rows = {
        title: announcements.publish(
            title=title, text="x", now=now, starts_at=now - hours * HOUR, pages=on
        )
        for title, hours, on in [
            ("everywhere 1", 1, []),
            ("eu 1", 2, [eu]),
            ("eu 2", 3, [eu]),
            ("everywhere 2", 4, []),
            ("everywhere 3", 5, []),
        ]
    }
    shown = announcements.shown_somewhere(now=now)
    assert {title for title, row in rows.items() if row.pk in shown} == {
        "everywhere 1",
        "everywhere 2",
        "eu 1",
    }
