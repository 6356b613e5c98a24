"""What a composer forecasts is what posting sends, and its samples are the messages."""

from collections import Counter
from datetime import datetime, timedelta

import pytest
from django.apps import apps
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from components.status import Status
from incidents import maintenance as work
from incidents import maintenance_previewing, previewing, publishing
from incidents.lifecycle import CHOSEN_BY_HAND, Impact, State
from incidents.models import Incident
from incidents.previewing import Preview, Said
from incidents.windows import State as Step
from subscribers import fanout
from subscribers.models import Integration
from tests import build

Delivery = apps.get_model("notifications", "Delivery")
NOW = build.LONG_AGO + timedelta(days=1)
OPEN = [state for state in CHOSEN_BY_HAND if state.is_open]

PEOPLE = st.lists(
    st.tuples(
        st.sampled_from(["email", "sms", "webhook", "webpush"]),
        st.sampled_from(["active", "active", "waiting", "paused"]),
        st.sets(st.integers(0, 2)),
        st.sampled_from([False, False, True]),  # follows this incident only
    ),
    max_size=10,
)
STEPS = st.lists(st.tuples(st.sampled_from(CHOSEN_BY_HAND), st.sets(st.integers(0, 2))), max_size=3)


def _previewed(incident: Incident | None, *, now: datetime, **fields: object) -> Preview:
    values: dict[str, object] = {
        "title": incident.title if incident else "Trouble",
        "text": "We look at it.",
        "impact": Impact.MAJOR,
        "started_at": incident.started_at if incident else now,
        "next_update_by": None,
        "public_id": incident.public_id if incident else "0123456789bc",
    }
    said = Said(**values | fields)  # type: ignore[arg-type]
    return previewing.build(said=said, incident=incident, now=now)


def _forecast(preview: Preview) -> dict[str, int]:
    assert preview.told is not None
    found = preview.told.forecast
    return {part.channel: part.told for part in found.parts if part.told}


def _sent(key: str, now: datetime) -> dict[str, int]:
    fanout.expand(now=now)
    return dict(Counter(Delivery.objects.filter(dedupe_key=key).values_list("channel", flat=True)))


class ComposerIsSent(TestCase):
    @given(
        people=PEOPLE, first=st.sampled_from(OPEN), touched=st.sets(st.integers(0, 2)), steps=STEPS
    )
    @settings(max_examples=settings().max_examples // 4, deadline=None)
    def test_each_step_reaches_exactly_those_whom_the_composer_counted(
        self,
        people: list[tuple[str, str, set[int], bool]],
        first: State,
        touched: set[int],
        steps: list[tuple[State, set[int]]],
    ) -> None:
        parts = [build.component() for _ in range(3)]
        for number, (channel, state, chosen, follows) in enumerate(people):
            build.subscriber(
                channel=channel,
                address=f"p{number}@example.com",
                state=state,
                wants_all=not (chosen or follows),
                components=[parts[at] for at in chosen] if not follows else [],
                follows="incident:0123456789bc" if follows else "",
            )
        chosen_now: dict[int, Status | None] = {parts[at].id: None for at in touched}
        counted = _forecast(_previewed(None, now=NOW, state=first, chosen=chosen_now))
        report = publishing.Report(
            title="Trouble", text="x", state=first, impact=Impact.MAJOR, components=chosen_now
        )
        incident = publishing.open_incident(
            report=report, notify=True, now=NOW, public_id="0123456789bc"
        )
        key = f"update:{incident.updates.get().public_id}"
        # Nobody can follow what is not public yet: these are whom the property adds on purpose.
        followers = Counter(one[0] for one in people if one[3] and one[1] == "active")
        assert dict(Counter(_sent(key, NOW)) - followers) == counted

        for number, (state, again) in enumerate(steps, start=1):
            at = NOW + timedelta(minutes=number)
            incident.refresh_from_db()
            chosen_now = {parts[place].id: None for place in again}
            counted = _forecast(_previewed(incident, now=at, state=state, chosen=chosen_now))
            update = publishing.post_update(
                incident=incident,
                state=state,
                text="More.",
                impact=Impact.MAJOR,
                components=chosen_now,
                notify=True,
                now=at,
            )
            assert _sent(f"update:{update.public_id}", at) == counted


@pytest.mark.django_db
@pytest.mark.parametrize("state", [State.IDENTIFIED, State.RESOLVED])
def test_the_samples_are_the_messages_that_are_sent(now: datetime, state: State) -> None:
    build.subscriber()
    build.subscriber(channel="sms", address="+15550100")
    build.subscriber(channel="slack", address="#status", secrets={"url": "https://hooks.slack.com"})
    component = build.component(name="Checkout")
    incident = build.incident(components={component: None}, now=now - timedelta(minutes=79))
    chosen = {component.id: None}
    samples = _previewed(incident, now=now, state=state, chosen=chosen, text="More.").samples
    update = publishing.post_update(
        incident=incident,
        state=state,
        text="More.",
        impact=Impact.MAJOR,
        components=chosen,
        notify=True,
        now=now,
    )
    fanout.expand(now=now)

    sent = {
        row.channel: row.content
        for row in Delivery.objects.filter(dedupe_key=f"update:{update.public_id}")
    }
    assert samples.subject == sent["email"]["subject"]
    head = samples.mail.split("--")[0].strip()
    assert head.count("\n") > 5
    assert sent["email"]["text"].strip().startswith(head)
    assert (samples.chat_title, samples.chat) == (
        sent["slack"]["subject"],
        sent["slack"]["text"].strip(),
    )
    assert samples.sms == (sent["sms"]["text"].strip() if "sms" in sent else "")
    assert ("sms" in sent) is (state is State.RESOLVED)


@pytest.mark.django_db
@pytest.mark.req("Q3")
def test_the_integrations_of_the_page_are_named(now: datetime) -> None:
    Integration.objects.create(kind="slack", is_enabled=True)
    Integration.objects.create(kind="x", is_enabled=False)
    preview = _previewed(None, now=now, state=State.INVESTIGATING, chosen={})
    assert preview.told is not None
    assert preview.told.forecast.page_titles == ["Slack"]


@pytest.mark.django_db
@pytest.mark.req("K3", "O4")
@pytest.mark.parametrize(
    "state", [Step.SCHEDULED, Step.IN_PROGRESS, Step.CANCELLED, Step.VERIFICATION, Step.COMPLETED]
)
def test_a_step_of_a_maintenance_reaches_whom_its_form_counted_with_its_samples(
    now: datetime, state: Step
) -> None:
    component, other = build.component(name="Checkout"), build.component()
    row = build.maintenance(now=now, components=[component], notify=False)
    build.subscriber(components=[component])
    build.subscriber(components=[other])
    build.subscriber(channel="sms", address="+15550100")
    build.subscriber(channel="slack", address="#status", follows=f"maintenance:{row.public_id}")
    if state in {Step.VERIFICATION, Step.COMPLETED}:
        work.post_update(maintenance=row, state=Step.IN_PROGRESS, notify=False, now=now)
        row.refresh_from_db()

    step = maintenance_previewing.of_step(
        row=row, state=state, text="We go on.", is_told=True, now=now
    )
    update = work.post_update(maintenance=row, state=state, text="We go on.", notify=True, now=now)

    key = f"entry:{update.public_id}"
    assert step.told is not None
    parts = step.told.forecast.parts
    assert {part.channel: part.told for part in parts if part.told} == _sent(key, now)
    sent = {row.channel: row.content for row in Delivery.objects.filter(dedupe_key=key)}
    assert step.samples.subject == sent["email"]["subject"]
    assert sent["email"]["text"].strip().startswith(step.samples.mail.split("--")[0].strip())
    assert step.samples.chat == sent["slack"]["text"].strip()
    assert step.samples.sms == (sent["sms"]["text"].strip() if "sms" in sent else "")
