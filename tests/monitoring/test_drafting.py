"""Monitors draft incidents; a person, or a component's policy, publishes them."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from components import claims, pages
from components.models import Component, PageKind
from components.status import Source, Status
from incidents import publishing
from incidents.lifecycle import Impact, State
from incidents.models import EventTemplate, Incident
from incidents.publishing import Report
from monitoring import drafting, recording
from monitoring.models import DraftPolicy, Replica, TruthSettings
from tests import build
from tests.monitoring.observing import answered, refused

pytestmark = pytest.mark.django_db

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def service(name: str, count: int = 1, **fields: Any) -> list[Replica]:
    node = build.node(component=build.component(name=name, **fields), bad_checks=1, good_checks=1)
    return [build.replica(node=node) for _ in range(count)]


def dead(*replicas: Replica, at: datetime) -> None:
    recording.record(observations=[refused(replica, at) for replica in replicas], now=at)


def healthy(*replicas: Replica, at: datetime) -> None:
    recording.record(observations=[answered(replica, at) for replica in replicas], now=at)


@pytest.fixture
def policies() -> TruthSettings:
    return TruthSettings.objects.create(draft_after_s=180)


@pytest.mark.usefixtures("policies")
def test_what_is_dead_for_longer_than_the_limit_becomes_a_draft_that_nobody_sees(
    now: datetime,
) -> None:
    first, second = service("Checkout", 2)
    healthy(first, second, at=now - MINUTE)
    dead(first, at=now)

    assert drafting.draft(now=now + 179 * SECOND) == []
    (draft,) = drafting.draft(now=now + 180 * SECOND)

    assert draft.is_draft
    assert draft.origin == "monitor"
    assert draft.title == "Checkout does not answer"
    assert (draft.state, draft.impact) == (State.INVESTIGATING, Impact.MAJOR)  # 1 of 2: partial
    assert draft.started_at == now
    (line,) = draft.evidence
    assert line["component"] == "Checkout"
    assert line["replica"] == first.address
    assert line["sentence"]
    assert not Incident.objects.public().exists()
    assert drafting.draft(now=now + 200 * SECOND) == []  # it is drafted once


@pytest.mark.usefixtures("policies")
def test_one_click_publishes_the_draft_with_its_back_dated_start(now: datetime) -> None:
    (replica,) = service("Checkout")
    dead(replica, at=now)
    (draft,) = drafting.draft(now=now + 5 * MINUTE)

    incident = publishing.publish_draft(incident=draft, now=now + 6 * MINUTE)

    assert (incident.started_at, incident.impact) == (now, Impact.CRITICAL)
    assert incident.evidence == draft.evidence
    assert list(Incident.objects.open()) == [incident]


@pytest.mark.usefixtures("policies")
def test_what_dies_of_the_same_cause_is_one_draft_and_what_follows_joins_it(now: datetime) -> None:
    (checkout,), (search,), (mail,) = service("Checkout"), service("Search"), service("Mail", 1)
    dead(checkout, search, at=now)
    dead(mail, at=now + MINUTE)

    (draft,) = drafting.draft(now=now + 3 * MINUTE)
    assert draft.title == "Checkout and Search do not answer"
    assert drafting.draft(now=now + 4 * MINUTE) == []

    draft.refresh_from_db()
    names = set(draft.affected.values_list("component__name", flat=True))
    assert names == {"Checkout", "Search", "Mail"}
    assert [line["component"] for line in draft.evidence] == ["Checkout", "Search", "Mail"]


@pytest.mark.usefixtures("policies")
@pytest.mark.parametrize("reason", ["open incident", "held by hand", "maintenance", "hidden"])
def test_nothing_is_drafted_where_somebody_has_spoken_already(now: datetime, reason: str) -> None:
    (replica,) = service("Checkout", is_visible=reason != "hidden")
    component = replica.node.component
    if reason == "open incident":
        report = Report(title="Known", components={component.pk: None})
        publishing.open_incident(report=report, notify=False, now=now)
    elif reason == "held by hand":
        claims.hold_by_hand(component=component, held=Status.OPERATIONAL, now=now)
    elif reason == "maintenance":
        claims.set_claim(
            component=component,
            source=Source.MAINTENANCE,
            reference="x",
            claimed=Status.UNDER_MAINTENANCE,
            now=now,
        )
    dead(replica, at=now)

    assert drafting.draft(now=now + 10 * MINUTE) == []


@pytest.mark.usefixtures("policies")
def test_a_policy_publishes_by_itself_from_its_template_and_resolves_by_itself(
    now: datetime,
) -> None:
    (replica,) = service("Checkout")
    (other,) = service("Search")
    template = EventTemplate.objects.create(
        name="Checkout",
        title="{component} fails",
        text="{components}: we are looking into it.",
        created_at=now,
    )
    DraftPolicy.objects.create(
        component=replica.node.component,
        draft_after_s=60,
        publishes=True,
        resolves=True,
        template=template,
    )
    dead(replica, other, at=now)

    (incident,) = drafting.draft(now=now + MINUTE)

    assert (incident.is_open, incident.title) == (True, "Checkout fails")
    update = incident.updates.get()
    assert (update.text, update.notifies, update.author_name) == (
        "Checkout: we are looking into it.",
        True,
        "Monitors",
    )
    (draft,) = drafting.draft(now=now + 3 * MINUTE)  # the other one waits for a person
    assert draft.is_draft
    assert draft.title == "Search does not answer"

    healthy(replica, at=now + 9 * MINUTE)
    drafting.note_recovery(now=now + 9 * MINUTE + SECOND)

    incident.refresh_from_db()
    assert incident.state == State.RESOLVED
    last = incident.updates.order_by("-id")[0]
    assert last.text == "All checks pass again since 14:41 UTC, after 9 min."


@pytest.mark.usefixtures("policies")
def test_recovery_proposes_the_resolving_text_and_a_relapse_takes_it_back(now: datetime) -> None:
    (replica,) = service("Checkout")
    dead(replica, at=now)
    (draft,) = drafting.draft(now=now + 3 * MINUTE)
    incident = publishing.publish_draft(incident=draft, now=now + 4 * MINUTE)
    assert drafting.note_recovery(now=now + 5 * MINUTE) == []

    healthy(replica, at=now + 6 * MINUTE)
    assert drafting.note_recovery(now=now + 7 * MINUTE) == [incident]
    incident.refresh_from_db()
    assert incident.is_open
    assert incident.recovered_at == now + 6 * MINUTE
    assert incident.proposed_text == "All checks pass again since 14:38 UTC, after 6 min."
    assert drafting.note_recovery(now=now + 8 * MINUTE) == []

    dead(replica, at=now + 9 * MINUTE)
    drafting.note_recovery(now=now + 10 * MINUTE)
    relapsed = Incident.objects.get()
    assert (relapsed.recovered_at, relapsed.proposed_text) == (None, "")


def test_drafting_can_be_switched_off(now: datetime) -> None:
    TruthSettings.objects.create(drafts=False)
    (replica,) = service("Checkout")
    dead(replica, at=now)

    assert drafting.draft(now=now + 60 * MINUTE) == []
    assert Component.objects.get().status == Status.MAJOR_OUTAGE


class Shown:
    """Two services of customers, each on the page of one alone, and two on the main page."""

    def __init__(self, now: datetime) -> None:
        self.acme, self.beta = (
            service(f"Store of {name}", only_where_chosen=True)[0] for name in ("Acme", "Beta")
        )
        self.checkout, self.search = service("Checkout")[0], service("Search")[0]
        for replica, name in ((self.acme, "acme"), (self.beta, "beta")):
            component = replica.node.component
            build.page(
                kind=PageKind.CUSTOMER, name=name, slug=name, components=[component], now=now
            )

    @property
    def every(self) -> tuple[Replica, ...]:
        return (self.acme, self.beta, self.checkout, self.search)


def names_by_title() -> dict[str, set[str]]:
    return {
        row.title: set(row.affected.values_list("component__name", flat=True))
        for row in Incident.objects.all()
    }


@pytest.mark.usefixtures("policies")
@pytest.mark.parametrize("publishes", [True, False])
@pytest.mark.req("R3")
def test_what_different_pages_show_is_never_told_in_one_incident(
    now: datetime, *, publishes: bool
) -> None:
    shown = Shown(now)
    for replica in shown.every:
        DraftPolicy.objects.create(component=replica.node.component, publishes=publishes)
    healthy(*shown.every, at=now - MINUTE)
    dead(*shown.every, at=now)

    made = drafting.draft(now=now + 5 * MINUTE)

    assert [row.is_draft for row in made] == [not publishes] * 3
    assert names_by_title() == {
        "Store of Acme does not answer": {"Store of Acme"},
        "Store of Beta does not answer": {"Store of Beta"},
        "Checkout and Search do not answer": {"Checkout", "Search"},
    }


@pytest.mark.usefixtures("policies")
@pytest.mark.req("R3")
def test_what_follows_joins_a_draft_of_the_same_pages_alone(
    now: datetime, django_assert_max_num_queries: Any
) -> None:
    shown = Shown(now)
    dead(shown.acme, shown.checkout, at=now)
    drafting.draft(now=now + 3 * MINUTE)
    dead(shown.beta, shown.search, at=now + 3 * MINUTE)

    with django_assert_max_num_queries(60):
        made = drafting.draft(now=now + 6 * MINUTE)

    assert [row.title for row in made] == ["Store of Beta does not answer"]
    assert names_by_title() == {
        "Store of Acme does not answer": {"Store of Acme"},
        "Store of Beta does not answer": {"Store of Beta"},
        "Checkout does not answer": {"Checkout", "Search"},
    }


@pytest.mark.usefixtures("policies")
@pytest.mark.parametrize("are_retired", [False, True])
def test_services_that_no_page_shows_yet_or_now_are_told_one_by_one(
    now: datetime, *, are_retired: bool
) -> None:
    replicas = [service(name, only_where_chosen=True)[0] for name in ("Acme", "Beta")]
    for replica in replicas if are_retired else ():
        component = replica.node.component
        page = build.page(components=[component], slug=component.name.lower(), now=now)
        pages.retire(page=page, now=now)
    dead(*replicas, at=now)

    drafting.draft(now=now + 3 * MINUTE)

    assert names_by_title() == {
        "Acme does not answer": {"Acme"},
        "Beta does not answer": {"Beta"},
    }
