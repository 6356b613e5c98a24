"""What each kind of channel says of an event: the words, the form, and what stays unsaid."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from components.models import Page
from components.status import Status
from incidents import maintenance, maintenance_changes, maintenance_plans, publishing, windows
from incidents.lifecycle import State
from incidents.models import Maintenance
from subscribers import content, told_facts
from subscribers.chart import Stage
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


def _work(state: windows.State, row: Maintenance, now: datetime, text: str = "") -> Content:
    maintenance.post_update(maintenance=row, state=state, text=text, notify=True, now=now)
    return told()


@pytest.mark.req("O7")
def test_subjects_say_what_happened_when_and_how_long_it_took(now: datetime) -> None:
    def subject() -> str:
        return content.as_mail(told()).subject.partition("] ")[2]

    incident = build.incident(title="Payments fail", now=now)
    found = [subject()]
    for state, minutes in ((State.IDENTIFIED, 10), (State.RESOLVED, 79)):
        publishing.post_update(
            incident=incident,
            state=state,
            text="Now.",
            notify=True,
            now=now + minutes * timedelta(minutes=1),
        )
        found.append(subject())
    row = build.maintenance(now=now, title="Disk swap")
    found.append(subject())
    plan = maintenance_plans.of(row)
    moved = replace(plan, wall_start=plan.wall_start + 24 * HOUR)
    maintenance_changes.change(maintenance=row, plan=moved, notify=True, now=now)
    found.append(subject())
    for step in (windows.State.IN_PROGRESS, windows.State.COMPLETED):
        _work(step, row, now + 26 * HOUR)
        found.append(subject())

    assert found == [
        "Investigating: Payments fail",
        "Identified: Payments fail",
        "Resolved: Payments fail (1 h 19 min)",
        "Scheduled: Disk swap, Thu 19 Nov 15:32 UTC",
        "Moved: Disk swap, Fri 20 Nov 15:32 UTC",
        "Starting now: Disk swap",
        "Completed: Disk swap",
    ]


def test_a_mail_is_drawn_like_the_worst_it_tells_and_previews_its_text(now: datetime) -> None:
    checkout, search = build.component(name="Checkout"), build.component(name="Search")
    build.incident(
        components={checkout: Status.PARTIAL_OUTAGE, search: Status.DEGRADED_PERFORMANCE},
        text="We look at **it** & more.",
        now=now,
    )

    mail = content.as_mail(told())

    assert "◆&nbsp;Investigating · Partial outage" in mail.html
    assert "◆&nbsp;Checkout: Partial outage" in mail.html
    assert "▲&nbsp;Search: Degraded performance" in mail.html
    assert 'class="pa" style="' in mail.html
    assert 'mso-hide:all">We look at it &amp; more.</div>' in mail.html
    assert "INVESTIGATING - Partial outage" in mail.text


def test_work_ahead_names_its_components_and_claims_no_status(now: datetime) -> None:
    row = build.maintenance(now=now, components=[build.component(name="Checkout")])
    plan = told()
    _work(windows.State.IN_PROGRESS, row, now + HOUR)

    assert "◧&nbsp;Checkout</span>" in content.as_mail(plan).html
    assert "- Checkout\n" in content.as_mail(plan).text
    assert "◧ Checkout" in content.as_post(plan).text
    assert "◧&nbsp;Checkout: Under maintenance</span>" in content.as_mail(told()).html


@pytest.mark.parametrize("stage", list(Stage))
def test_webhooks_have_types_that_were_promised(stage: Stage) -> None:
    first = stage.partition("_")[0]
    said = Content(
        kind={"postmortem": "incident", "status": "component"}.get(first, first),
        public_id="1",
        update_id="2",
        page_name="Acme",
        title="x",
        word="x",
        state="cancelled",
        stage=stage,
        path="/",
        at="2026-11-19T14:32:00+00:00",
        when="",
    )

    kind, _, word = content.as_native(said).payload["type"].partition(".")

    assert (
        word
        in {
            "component": {"status_changed"},
            "incident": {"created", "updated", "resolved", "postmortem"},
            "maintenance": {
                *("scheduled", "updated", "started", "verifying", "completed", "cancelled"),
            },
        }[kind]
    )


def test_statuspage_s_receivers_get_their_words_times_and_markup(now: datetime) -> None:
    component = build.component(name="Checkout")
    row = build.maintenance(now=now, components=[component])
    _work(windows.State.IN_PROGRESS, row, now + HOUR)
    verifying = _work(windows.State.VERIFICATION, row, now + HOUR, "One <b>\nTwo")

    known = told_facts.read(page_id=Page.objects.get().pk)
    payload = content.as_statuspage(replace(verifying, known=known)).payload

    assert payload["meta"]["generated_at"] == "2026-11-19T15:32:00.000Z"
    incident = payload["incident"]
    assert (incident["status"], incident["impact"]) == ("verifying", "maintenance")
    assert incident["scheduled_for"] == "2026-11-19T15:32:00.000Z"
    assert incident["resolved_at"] is None
    newest = incident["incident_updates"][0]
    assert (newest["status"], newest["body"]) == ("verifying", "One &lt;b&gt;<br />Two")
    (touched,) = incident["components"]
    assert (touched["id"], touched["status"]) == (component.public_id, "under_maintenance")
    assert payload["page"] == {
        "id": Page.objects.get().public_id,
        "status_indicator": "maintenance",
        "status_description": "Service Under Maintenance",
    }
    leaving = "https://status.example.com/subscriptions/leave/x"
    own = content.as_statuspage(verifying).filled({"leave_url": leaving})
    assert own.payload["meta"]["unsubscribe"] == leaving

    cancelled = _work(windows.State.CANCELLED, row, now + HOUR)
    assert content.as_statuspage(cancelled).payload["incident"]["status"] == "completed"
    assert content.as_native(cancelled).payload["type"] == "maintenance.cancelled"
