"""Several operators do the same at once: needs real connections."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import repeat

import pytest
from django.db import connection

from components.models import StatusClaim
from incidents import public_ids, publishing
from incidents.holding import IncidentGone
from incidents.lifecycle import Impact, State
from incidents.models import Incident, IncidentUpdate
from incidents.publishing import Report, SomebodyPosted
from tests import build

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def outcomes(act: Callable[[], object]) -> list[str]:
    """What six people who do the same at the same moment are told."""

    def one(_number: int) -> str:
        try:
            act()
        except (IncidentGone, SomebodyPosted) as refused:
            return type(refused).__name__
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(6) as pool:
        return sorted(pool.map(one, repeat(0, 6)))


@pytest.mark.req("I3")
def test_publish_pressed_six_times_makes_one_incident(now: datetime) -> None:
    component = build.component()
    name = public_ids.make()
    report = Report(title="Once", impact=Impact.MAJOR, components={component.id: None})

    told = outcomes(
        lambda: publishing.open_incident(report=report, notify=True, now=now, public_id=name)
    )

    assert told == ["IncidentGone"] * 5 + ["done"]
    assert Incident.objects.get().is_open
    assert IncidentUpdate.objects.count() == 1
    assert StatusClaim.objects.count() == 1


@pytest.mark.req("I10")
def test_of_six_who_saw_the_same_update_one_posts_the_next(now: datetime) -> None:
    incident = build.incident(now=now)
    seen = incident.updates.get().pk

    told = outcomes(
        lambda: publishing.post_update(
            incident=incident,
            state=State.IDENTIFIED,
            text="Mine.",
            notify=True,
            now=now,
            seen_update_id=seen,
        )
    )

    assert told == ["SomebodyPosted"] * 5 + ["done"]
    assert incident.updates.count() == 2
