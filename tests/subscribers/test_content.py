"""What each kind of channel says of an event: the words, the form, and what stays unsaid."""

from datetime import datetime, timedelta

import pytest

from components.status import Status
from subscribers import content
from subscribers.content import Content
from subscribers.models import Broadcast
from tests import build

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
FORMS = ("mail", "sms", "post", "native", "statuspage")


def told() -> Content:
    """What was announced last."""
    return Content.from_json(Broadcast.objects.latest("id").content)


def everything(said: Content) -> str:
    messages = [content.rendered(said, form=form) for form in FORMS]
    return "".join(f"{one.subject}{one.text}{one.html}{one.payload}" for one in messages)


def test_a_hidden_component_is_named_on_no_channel(now: datetime) -> None:
    shown = build.component(name="Shown")
    hidden = build.component(name="Canary", is_visible=False)

    build.incident(components={shown: None, hidden: Status.MAJOR_OUTAGE}, now=now)
    of_incident = told()
    build.maintenance(now=now, components=[shown, hidden])

    for said in (of_incident, told()):
        assert "Shown" in everything(said)
        assert "Canary" not in everything(said)
