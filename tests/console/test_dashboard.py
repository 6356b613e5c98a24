"""The dashboard: what is measured beside what visitors are told, and the select that decides."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, User
from components import by_hand, catalogue
from components.models import Component
from components.status import Status
from incidents import publishing
from incidents.lifecycle import State
from incidents.publishing import Report
from monitoring import verdicts
from notifications import outbox
from notifications.messages import Message
from statuspage import dashboard
from tests import build, counting

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def measured(component: Component, *healths: str | None, since: datetime) -> None:
    """Give the component a node with replicas of these healths."""
    node = build.node(component=component)
    for health in healths:
        build.replica(
            node=node, health=health, health_since=since, last_outcome_at=since, fresh_until=None
        )
    verdicts.refresh(component_ids=[component.pk], now=since)


def shown(component: Component) -> Status:
    return Component.objects.get(pk=component.pk).shown_status


@pytest.mark.req("A14", "AMB-19")
def test_picking_a_status_is_what_visitors_see_with_no_further_step(
    client: Client, operator: User
) -> None:
    component = build.component(name="Search")
    measured(component, "healthy", since=timezone.now())
    before = catalogue.page().revision
    response = client.post(
        f"/admin/statuses/{component.pk}/",
        {f"status-{component.pk}": "major_outage"},
        headers=HTMX,
    )
    answer = response.content.decode()
    assert "Saved " in answer
    assert "<strong>Major outage</strong>" in answer  # the bar on top is swapped with the row
    assert shown(component) == Status.MAJOR_OUTAGE
    assert catalogue.page().revision > before
    assert AuditEntry.objects.filter(actor=operator).latest("id").object_repr == "Search"


@pytest.mark.req("AMB-19")
def test_automatic_lets_the_probes_speak_again(client: Client, operator: User) -> None:
    component = build.component()
    measured(component, "healthy", "dead", since=timezone.now())
    url, name = f"/admin/statuses/{component.pk}/", f"status-{component.pk}"
    client.post(url, {name: "operational"}, headers=HTMX)
    assert shown(component) == Status.OPERATIONAL
    client.post(url, {name: "automatic"}, headers=HTMX)
    assert shown(component) == Status.PARTIAL_OUTAGE


@pytest.mark.parametrize("value", ["unknown", "green", "", "automatic"])
def test_a_choice_that_is_not_offered_is_refused_and_nothing_changes(
    client: Client, operator: User, value: str
) -> None:
    component = build.component()  # without nodes, so without "Automatic"
    response = client.post(
        f"/admin/statuses/{component.pk}/", {f"status-{component.pk}": value}, headers=HTMX
    )
    assert response.status_code == 422
    assert "not offered" in response.content.decode()
    assert not AuditEntry.objects.exclude(actor=None).exists()


@pytest.mark.req("A14")
def test_without_javascript_one_save_takes_all_selects(client: Client, operator: User) -> None:
    changed, kept = build.component(), build.component()
    response = client.post(
        "/admin/statuses/",
        {
            f"status-{changed.pk}": "degraded_performance",
            f"was-{changed.pk}": "operational",
            f"status-{kept.pk}": "operational",
            f"was-{kept.pk}": "operational",
        },
        follow=True,
    )
    assert "1 service saved." in response.content.decode()
    assert shown(changed) == Status.DEGRADED_PERFORMANCE
    assert not Component.objects.get(pk=kept.pk).is_manual


def test_a_page_that_was_open_for_long_takes_nothing_back(
    client: Client, operator: User, now: datetime
) -> None:
    component, other = build.component(), build.component()
    by_hand.choose(choices={component.pk: Status.MAJOR_OUTAGE}, now=now, by="somebody else")
    client.post(
        "/admin/statuses/",
        {
            f"status-{component.pk}": "operational",
            f"was-{component.pk}": "operational",  # what the old page showed
            f"status-{other.pk}": "partial_outage",
            f"was-{other.pk}": "operational",
        },
    )
    assert shown(component) == Status.MAJOR_OUTAGE
    assert shown(other) == Status.PARTIAL_OUTAGE


def test_operational_without_nodes_leaves_nothing_held(client: Client, operator: User) -> None:
    component = build.component()
    url, name = f"/admin/statuses/{component.pk}/", f"status-{component.pk}"
    client.post(url, {name: "major_outage"}, headers=HTMX)
    client.post(url, {name: "operational"}, headers=HTMX)
    # Nodes that are added later speak for it: linkage is on by default (AMB-19).
    assert not Component.objects.get(pk=component.pk).is_manual


@pytest.mark.parametrize(
    ("healths", "held", "warning"),
    [
        (["sick"], Status.OPERATIONAL, "Probes have called Search sick for 18 min"),
        (
            ["dead", "healthy"],
            Status.OPERATIONAL,
            "called 1 of 2 replicas of Search dead for 18 min",
        ),
        (["healthy"], Status.MAJOR_OUTAGE, "Probes have called Search healthy for 18 min"),
        (["healthy"], Status.OPERATIONAL, ""),
        (["sick"], Status.DEGRADED_PERFORMANCE, ""),
        (["dead"], Status.UNDER_MAINTENANCE, ""),
        ([None], Status.OPERATIONAL, ""),
        ([], Status.MAJOR_OUTAGE, ""),
    ],
)
def test_probes_that_disagree_with_a_held_status_are_heard(
    now: datetime, healths: list[str | None], held: Status, warning: str
) -> None:
    component = build.component(name="Search")
    measured(component, *healths, since=now - timedelta(minutes=18))
    by_hand.choose(choices={component.pk: held}, now=now, by="ada")
    component.refresh_from_db()
    row, _answer = dashboard.read_row(component=component, now=now)
    assert warning in row.warning
    assert bool(row.warning) == bool(warning)


def test_the_select_offers_automatic_only_to_what_is_measured(now: datetime) -> None:
    by_probes, by_person = build.component(), build.component()
    measured(by_probes, "healthy", since=now)
    rows = {row.id: row for row in dashboard.read(now=now, names_customers=True).rows}
    assert rows[by_probes.pk].choices[0].value == "automatic"
    assert (rows[by_probes.pk].value, rows[by_probes.pk].set_by) == ("automatic", "Probes")
    assert "automatic" not in [choice.value for choice in rows[by_person.pk].choices]
    assert rows[by_person.pk].set_by == "By hand"
    assert rows[by_person.pk].measured.word == "No probe"


def test_the_answer_is_the_worst_of_what_visitors_can_see(now: datetime) -> None:
    good, bad, hidden = build.component(), build.component(), build.component(is_visible=False)
    held = {bad.pk: Status.PARTIAL_OUTAGE, hidden.pk: Status.MAJOR_OUTAGE}
    by_hand.choose(choices=held, now=now, by="ada")
    answer = dashboard.read(now=now, names_customers=True).answer
    assert (answer.word, answer.since) == ("Partial outage", now)
    assert good.pk


def test_an_empty_console_shows_the_three_steps(client: Client, operator: User) -> None:
    page = client.get("/admin/").content.decode()
    assert "Three steps" in page
    for url in ("/admin/monitors/services/add/", "/admin/alerts/", "/admin/team/"):
        assert f'href="{url}"' in page


def test_mails_that_did_not_leave_are_counted(client: Client, operator: User) -> None:
    build.component()
    message = Message(subject="Dead", text="It is dead.")
    outbox.put(
        channel="email",
        address="ops@acme.example",
        message=message,
        dedupe_key="x",
        now=timezone.now(),
    )
    page = client.get("/admin/").content.decode()
    assert "<dt>Waiting</dt><dd>1</dd>" in page


def test_twice_the_services_cost_the_same_queries(now: datetime) -> None:
    counts = []
    for _ in range(2):
        for _ in range(5):
            measured(build.component(group=build.group()), "healthy", "dead", since=now)
        with counting.statements() as run:
            dashboard.read(now=now, names_customers=True)
        counts.append(len(run))
    assert counts[0] == counts[1]


def test_who_may_only_look_cannot_change_a_status(client: Client) -> None:
    component = build.component()
    client.force_login(build.operator(is_superuser=False))
    assert client.get("/admin/").status_code == 200
    for url in ("/admin/statuses/", f"/admin/statuses/{component.pk}/"):
        assert client.post(url, {f"status-{component.pk}": "major_outage"}).status_code == 403
    assert shown(component) == Status.OPERATIONAL


def test_a_session_that_ended_leads_htmx_to_the_sign_in_page(client: Client, db: None) -> None:
    component = build.component()
    response = client.post(
        f"/admin/statuses/{component.pk}/",
        {f"status-{component.pk}": "major_outage"},
        headers=HTMX,
        follow=True,
    )
    assert response.headers["HX-Redirect"].startswith("/admin/login/")
    assert shown(component) == Status.OPERATIONAL


@pytest.mark.req("A13")
def test_open_and_scheduled_events_stand_with_their_next_update(
    client: Client, operator: User
) -> None:
    component = build.component(name="Checkout")
    assert "Nothing open, nothing scheduled." in client.get("/admin/").content.decode()
    now = timezone.now()
    minute = timedelta(minutes=1)
    kept = build.incident(
        title="Payments fail",
        components={component: None},
        now=now - 40 * minute,
        next_update_by=now + 20 * minute + timedelta(seconds=30),
    )
    build.incident(
        title="Search is slow",
        now=now - 60 * minute,
        next_update_by=now - 12 * minute - timedelta(seconds=5),
    )
    build.maintenance(title="Database upgrade", now=now)

    text = client.get("/admin/").content.decode()

    assert "in 20 min" in text
    assert "12 min overdue" in text
    assert 'data-s="ma"' in text
    assert text.index("Payments fail") < text.index("Database upgrade")
    assert f"/admin/incidents/{kept.public_id}/update/" in text
    assert "Report incident" in text
    assert "Nobody has subscribed yet." in text
    assert "Incident: Partial outage, " in text  # who set what visitors see of Checkout
    assert '2<span class="vh"> open</span>' in text
    assert 'data-l="Starts"' not in text, "on a phone it would say Starts starts"


@pytest.mark.req("A13")
def test_a_resolved_incident_and_a_draft_are_not_on_the_dashboard(
    client: Client, operator: User
) -> None:
    build.component()
    over = build.incident(title="It is over")
    publishing.post_update(
        incident=over, state=State.RESOLVED, text="x", notify=False, now=timezone.now()
    )
    publishing.save_draft(report=Report(title="A thought"), notify=True, now=timezone.now())

    text = client.get("/admin/").content.decode()

    assert "Nothing open, nothing scheduled." in text
    events = text.partition('id="ev"')[2].partition("</section>")[0]
    assert "It is over" not in events
    assert "A thought" not in events
