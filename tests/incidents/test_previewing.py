"""What would be said, in every form it leaves in."""

from datetime import datetime, timedelta

import pytest
from pytest_django.fixtures import Settings

from components import catalogue
from components.status import Status
from incidents import previewing
from incidents.lifecycle import Impact, State
from incidents.models import Incident
from incidents.previewing import Said
from tests import build

pytestmark = pytest.mark.django_db

TITLE = "Card payments failing for some customers in the EU"
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _acme(settings: Settings) -> None:
    catalogue.change_page(page=catalogue.page(), name="Acme")
    settings.CANDOR_ORIGIN = "https://status.acme.example"


def said(now: datetime, **fields: object) -> Said:
    values: dict[str, object] = {
        "title": TITLE,
        "text": "Some *card* payments fail.",
        "state": State.INVESTIGATING,
        "impact": Impact.MAJOR,
        "chosen": {},
        "started_at": now - 27 * MINUTE,
        "next_update_by": now + 20 * MINUTE,
        "public_id": "0123456789bc",
    }
    return Said(**values | fields)  # type: ignore[arg-type]


def test_a_new_incident_is_previewed_as_page_mail_and_text_message(now: datetime) -> None:
    checkout = build.component(name="Checkout")

    preview = previewing.build(said=said(now, chosen={checkout.id: None}), incident=None, now=now)

    assert preview.html == "<p>Some <em>card</em> payments fail.</p>"
    assert preview.code == "pa"
    assert preview.samples.subject == f"[Acme] Investigating: {TITLE}"
    blocks = preview.samples.mail.split("\n\n")
    assert blocks[0].startswith("INVESTIGATING")
    assert TITLE in blocks[0]
    assert blocks[0].endswith("Started 14:05 UTC.")
    assert blocks[1:5] == [
        "Some *card* payments fail.",
        "Affected\n- Checkout: Partial outage",
        "Next update by 14:52 UTC.",
        "Follow: https://status.acme.example/incidents/0123456789bc",
    ]
    assert preview.samples.sms == (
        f"Acme: {TITLE}. Investigating. Next update by 14:52 UTC. "
        "status.acme.example/i/0123456789bc Reply STOP to end"
    )
    assert (preview.samples.sms_length, preview.samples.sms_parts) == (
        len(preview.samples.sms),
        1,
    )
    assert preview.samples.chat_title == f"Investigating: {TITLE}"
    assert "◆ Checkout: Partial outage" in preview.samples.chat
    assert [(one.name, one.after) for one in preview.changes] == [
        ("Checkout", Status.PARTIAL_OUTAGE)
    ]


def test_a_long_title_is_cut_and_the_link_never(now: datetime) -> None:
    preview = previewing.build(said=said(now, title="Trouble " * 25), incident=None, now=now)
    assert preview.samples.sms_parts == 1
    assert "Trouble..." in preview.samples.sms
    assert "status.acme.example/i/0123456789bc" in preview.samples.sms


@pytest.mark.req("I11")
def test_text_messages_are_for_the_beginning_and_the_end(now: datetime) -> None:
    incident = build.incident(now=now - 79 * MINUTE, title=TITLE)

    def sms(state: State) -> str:
        wanted = said(now, state=state, started_at=incident.started_at)
        return previewing.build(said=wanted, incident=incident, now=now).samples.sms

    assert sms(State.IDENTIFIED) == ""
    assert sms(State.RESOLVED) == (
        f"Acme: Resolved after 1 h 19 min: {TITLE}. status.acme.example/i/{incident.public_id}"
    )
    Incident.objects.update(state=State.RESOLVED)
    incident.refresh_from_db()
    assert "Investigating" in sms(State.INVESTIGATING)  # re-opening counts as a beginning


@pytest.mark.req("J5", "AMB-15")
def test_without_components_or_impact_nothing_looks_broken(now: datetime) -> None:
    preview = previewing.build(said=said(now, impact=Impact.NONE), incident=None, now=now)
    assert preview.code == "mt"
    assert preview.names_nobody
    assert preview.told is not None
    assert preview.told.total == 0
    assert "Affected" not in preview.samples.mail


def test_a_promise_is_not_part_of_the_end(now: datetime) -> None:
    incident = build.incident(now=now)
    preview = previewing.build(said=said(now, state=State.RESOLVED), incident=incident, now=now)
    assert preview.next_update_by is None
    assert "Next update" not in preview.samples.mail + preview.samples.sms
