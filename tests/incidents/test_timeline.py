"""Correcting what was said."""

from datetime import datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from components import catalogue
from incidents import publishing, timeline
from incidents.models import Incident, IncidentUpdate
from incidents.timeline import UpdateGone
from tests import build

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.mark.req("I10")
def test_a_corrected_update_says_so_and_keeps_its_time_and_author(now: datetime) -> None:
    incident = build.incident(now=now, text="Wrng", author_name="Ada")
    entry = incident.updates.get()
    before = catalogue.page().revision

    timeline.correct(update=entry, text="**Right**", author=None, now=now + MINUTE)

    entry.refresh_from_db()
    assert (entry.text, entry.html) == ("**Right**", "<p><strong>Right</strong></p>")
    assert (entry.at, entry.corrected_at, entry.author_name) == (now, now + MINUTE, "Ada")
    assert Incident.objects.get().page_revision == catalogue.page().revision > before
    assert IncidentUpdate.objects.count() == 1


def test_the_same_text_again_is_no_correction(now: datetime) -> None:
    entry = build.incident(now=now, text="Right").updates.get()
    before = catalogue.page().revision

    timeline.correct(update=entry, text=" Right\r\n", author=None, now=now + MINUTE)

    entry.refresh_from_db()
    assert entry.corrected_at is None
    assert catalogue.page().revision == before


def test_a_correction_cannot_empty_an_update_nor_reach_a_deleted_one(now: datetime) -> None:
    incident = build.incident(now=now)
    entry = incident.updates.get()

    with pytest.raises(ValidationError):
        timeline.correct(update=entry, text=" ", author=None, now=now)
    publishing.delete_incident(incident=incident, now=now)
    with pytest.raises(UpdateGone):
        timeline.correct(update=entry, text="x", author=None, now=now)
