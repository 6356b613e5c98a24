"""The console's incident screens, through HTTP."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from components import claims
from components.claims import Claim
from components.models import Component
from components.status import Source, Status
from incidents import publishing
from incidents.lifecycle import Impact, State
from incidents.models import EventTemplate, Incident, IncidentUpdate, WithdrawnEvent
from incidents.publishing import Report
from tests import build, counting

pytestmark = pytest.mark.django_db

LIST = "/admin/incidents/"
REPORT = f"{LIST}report/"
HTMX = {"HX-Request": "true"}
MINUTE = timedelta(minutes=1)


def measure(component: Component, status: Status) -> None:
    """Let the monitors say this of a component, since ten minutes."""
    at = timezone.now() - 10 * MINUTE
    claim = Claim(component_id=component.id, status=status, at=at)
    claims.set_claims(source=Source.MONITOR, reference="monitors", claims=[claim], now=at)


def shown(component: Component) -> Status:
    return Component.objects.get(pk=component.pk).shown_status


def typed(**fields: object) -> dict[str, object]:
    return {
        "do": "publish",
        "title": "Payments fail",
        "state": "investigating",
        "impact": "major",
        "text": "We are **looking**.",
    } | fields


@pytest.mark.req("I1", "I3", "I5", "A12")
def test_an_operator_reports_an_incident(client: Client, operator: User) -> None:
    component = build.component(name="Checkout")

    answer = client.post(REPORT, typed(components=[component.id], notify="on"))

    incident = Incident.objects.get()
    assert answer.headers["Location"] == f"{LIST}{incident.public_id}/"
    assert shown(component) == Status.PARTIAL_OUTAGE
    entry = incident.updates.get()
    assert (entry.author, entry.author_name, entry.notifies) == (operator, "Ada Lovelace", True)
    text = client.get(answer.headers["Location"]).content.decode()
    assert "<strong>looking</strong>" in text
    assert "Ada Lovelace" in text
    assert "Payments fail" in client.get(LIST).content.decode()


@pytest.mark.req("I1")
@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"title": ""}, "Write a title."),
        ({"impact": ""}, "Choose an impact."),
        ({"state": ""}, "Choose a state."),
        ({"state": "resolved"}, "Select a valid choice"),
        ({"started_at": "2126-01-01T00:00"}, "plan a maintenance"),
        ({"next_update_by": "2016-01-01T00:00"}, "promise a later one"),
        ({"started_at": "yesterday"}, "Enter a valid date/time."),
    ],
)
def test_what_is_missing_or_wrong_is_said_at_its_field_and_the_text_is_kept(
    client: Client, operator: User, wrong: dict[str, object], says: str
) -> None:
    component = build.component()

    answer = client.post(
        REPORT, typed(**{"components": [component.id], "text": "Kept <b>"} | wrong)
    )

    text = answer.content.decode()
    assert answer.status_code == 422
    assert says in text
    assert "Kept &lt;b&gt;" in text
    assert f'id="c-{component.id}" checked' in text
    assert "Error:" in text
    assert not Incident.objects.exists()


def test_a_status_that_is_not_offered_is_refused(client: Client, operator: User) -> None:
    component = build.component()
    wrong = typed(components=[component.id]) | {f"becomes-{component.id}": "unknown"}

    answer = client.post(REPORT, wrong)

    assert answer.status_code == 422
    assert "not offered" in answer.content.decode()
    assert not Incident.objects.exists()


@pytest.mark.req("I2", "AMB-7")
def test_state_and_status_of_a_component_can_be_chosen(client: Client, operator: User) -> None:
    component = build.component()
    chosen = {f"becomes-{component.id}": "major_outage"}

    client.post(REPORT, typed(components=[component.id], state="identified") | chosen)

    assert Incident.objects.get().state == State.IDENTIFIED
    assert shown(component) == Status.MAJOR_OUTAGE


def test_sick_components_are_ticked_with_the_impact_that_fits(
    client: Client, operator: User
) -> None:
    sick, well = build.component(name="Search"), build.component(name="Blog")
    measure(sick, Status.DEGRADED_PERFORMANCE)
    measure(well, Status.OPERATIONAL)

    text = client.get(REPORT).content.decode()

    assert f'id="c-{sick.id}" checked' in text
    assert f'id="c-{well.id}" checked' not in text
    assert 'value="minor" id="id_impact_1" checked' in text.replace(' required=""', "").replace(
        " required", ""
    )
    assert "Sick" in text
    assert "Healthy" in text


def test_without_trouble_nothing_is_chosen_but_the_state(client: Client, operator: User) -> None:
    build.component()
    text = client.get(REPORT).content.decode()
    assert text.count(" checked") == 3  # the state, telling subscribers, and the kind of preview
    assert "No probe" in text


@pytest.mark.req("J2", "AMB-15")
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_the_preview_says_what_changes_and_saves_nothing(
    client: Client, operator: User, headers: dict[str, str]
) -> None:
    component = build.component(name="Checkout")
    fields = typed(do="preview", components=[component.id], title="<i>x</i>", notify="on")
    address = f"{REPORT}preview/" if headers else REPORT

    answer = client.post(address, fields, headers=headers)

    text = answer.content.decode()
    assert answer.status_code == 200
    assert ("<html" in text) is not bool(headers)
    assert "&lt;i&gt;x&lt;/i&gt;" in text
    assert "<strong>looking</strong>" in text
    assert "Checkout" in text
    assert "Partial outage" in text
    assert "Operational" in text
    assert "Nobody has subscribed yet" in text
    silent = client.post(address, fields | {"notify": ""}, headers=headers).content.decode()
    assert "“Tell subscribers” is off" in silent
    assert "[Status] Investigating:" in text
    assert "1 part" in text
    assert not Incident.objects.exists()
    assert shown(component) == Status.OPERATIONAL


@pytest.mark.req("O3", "AMB-15")
def test_the_author_sees_when_a_channel_is_too_slow_for_its_promise(
    client: Client, operator: User, settings: Settings
) -> None:
    settings.SMS_PER_S = 1
    for number in range(190):
        build.subscriber(channel="sms", address=f"+1555{number:07d}")
    text = client.post(f"{REPORT}preview/", typed(notify="on")).content.decode()
    assert "3 min at 1/s" in text
    assert "over the promised 2 min" in text
    settings.SMS_PER_S = 100
    text = client.post(f"{REPORT}preview/", typed(notify="on")).content.decode()
    assert "over the promised" not in text


@pytest.mark.req("AMB-15")
def test_without_a_component_the_author_sees_who_is_told(client: Client, operator: User) -> None:
    build.subscriber()
    build.subscriber(components=[build.component()])
    text = client.post(f"{REPORT}preview/", typed(notify="on")).content.decode()
    assert "only subscribers of everything are told, 1 of them" in text
    assert "1 chose other services" in text
    assert "and notify 1" in text


@pytest.mark.req("L2", "F5")
def test_a_template_fills_the_form_and_stays_editable(client: Client, operator: User) -> None:
    component = build.component(name="Search")
    template = EventTemplate.objects.create(
        name="Slow", title="{component} is slow", text="{{7*7}} {page}", created_at=timezone.now()
    )
    fields = typed(do="use", template=template.pk, components=[component.id], started_at="x")

    text = client.post(REPORT, fields).content.decode()

    assert 'value="Search is slow"' in text
    assert "{{7*7}} Status" in text
    assert 'name="started_at" value="x"' in text
    assert not Incident.objects.exists()
    assert "Still to be filled in" not in text
    without = client.post(REPORT, fields | {"components": []}).content.decode()
    assert "Still to be filled in: {component}" in without


@pytest.mark.parametrize("template", ["", "0", "x", "99999"])
def test_a_template_that_is_gone_changes_nothing(
    client: Client, operator: User, template: str
) -> None:
    answer = client.post(REPORT, typed(do="use", template=template))
    assert answer.status_code == 200
    assert 'value="Payments fail"' in answer.content.decode()


@pytest.mark.req("M4")
def test_a_draft_saves_itself_under_one_name_and_is_published_with_one_click(
    client: Client, operator: User
) -> None:
    component = build.component()
    page = client.get(REPORT).content.decode()
    name = page.partition('name="draft" value="')[2][:12]
    half = {"draft": name, "text": "Half a", "components": [component.id]}

    first = client.post(f"{REPORT}autosave/", half, headers=HTMX).content.decode()
    client.post(f"{REPORT}autosave/", half | {"text": "Half a thought"}, headers=HTMX)

    draft = Incident.objects.get()
    assert "Draft saved" in first
    assert (draft.public_id, draft.draft_text, draft.is_draft) == (name, "Half a thought", True)
    assert shown(component) == Status.OPERATIONAL
    assert "Half a thought" in client.get(f"{LIST}{name}/").content.decode()
    assert "Draft without a title" in client.get(LIST).content.decode()

    refused = client.post(f"{LIST}{name}/publish/", follow=True)
    assert "Write a title." in refused.content.decode()
    client.post(f"{LIST}{name}/draft/", typed(do="draft", draft=name, text="Whole"))
    assert Incident.objects.get().is_draft
    client.post(f"{LIST}{name}/publish/")
    assert Incident.objects.get().is_open
    assert IncidentUpdate.objects.get().text == "Whole"
    again = client.post(f"{LIST}{name}/publish/", follow=True)
    assert "published meanwhile" in again.content.decode()
    late = client.post(f"{REPORT}autosave/", half, headers=HTMX).content.decode()
    assert "not saved" in late


def test_pressing_publish_twice_makes_one_incident(client: Client, operator: User) -> None:
    page = client.get(REPORT).content.decode()
    name = page.partition('name="draft" value="')[2][:12]

    client.post(REPORT, typed(draft=name))
    again = client.post(REPORT, typed(draft=name))

    assert again.status_code == 422
    assert "published meanwhile" in again.content.decode()
    assert Incident.objects.count() == 1


def test_an_empty_form_makes_no_draft(client: Client, operator: User) -> None:
    answer = client.post(f"{REPORT}autosave/", {"title": " ", "text": ""}, headers=HTMX)
    assert answer.status_code == 204
    assert not Incident.objects.exists()


def test_a_draft_is_discarded_after_a_question(client: Client, operator: User) -> None:
    draft = publishing.save_draft(report=Report(title="x"), notify=True, now=timezone.now())
    address = f"{LIST}{draft.public_id}/discard/"

    assert "No visitor has seen it" in client.get(address).content.decode()
    assert Incident.objects.exists()
    client.post(address)
    assert not Incident.objects.exists()


def test_a_draft_of_the_monitors_shows_what_they_found(client: Client, operator: User) -> None:
    draft = publishing.save_draft(
        report=Report(title="Search is dead", impact=Impact.MAJOR),
        notify=True,
        now=timezone.now(),
        origin="monitor",
    )
    Incident.objects.filter(pk=draft.pk).update(
        evidence=[
            {
                "component": "Search",
                "node": "EU",
                "replica": "https://eu.example",
                "since": "2026-11-19T14:05:00+00:00",
                "sentence": "No answer, 54 checks.",
            }
        ],
        proposed_text="All checks pass again.",
        recovered_at=timezone.now(),
    )

    text = client.get(f"{LIST}{draft.public_id}/").content.decode()

    assert "No answer, 54 checks." in text
    assert "All checks pass again." in text
    assert "by monitors" in client.get(LIST).content.decode()
    assert "No answer, 54 checks." in client.get(f"{LIST}{draft.public_id}/draft/").content.decode()


def updated(incident: Incident, **fields: object) -> dict[str, object]:
    newest = incident.updates.latest("id").pk
    chosen = list(incident.affected.values_list("component_id", flat=True))
    return {
        "do": "post",
        "state": "identified",
        "impact": incident.impact,
        "text": "The cause is found.",
        "components": chosen,
        "seen": newest,
    } | fields


@pytest.mark.req("I7", "I9", "I10", "I12", "I13")
def test_updates_are_posted_until_it_is_resolved_and_past(client: Client, operator: User) -> None:
    component = build.component()
    incident = build.incident(components={component: None})
    address = f"{LIST}{incident.public_id}/update/"
    assert address in client.get(LIST).content.decode()  # one starts from the list
    assert "Post update" in client.get(address).content.decode()

    client.post(address, updated(incident))
    assert shown(component) == Status.PARTIAL_OUTAGE
    client.post(address, updated(incident, state="resolved", text="It is over."))

    assert shown(component) == Status.OPERATIONAL
    assert [update.state for update in incident.updates.order_by("id")] == [
        "investigating",
        "identified",
        "resolved",
    ]
    assert list(Incident.objects.past()) == [incident]
    assert "re-open" in client.get(f"{LIST}{incident.public_id}/").content.decode()


def test_who_posts_after_somebody_else_sees_their_update_and_keeps_the_text(
    client: Client, operator: User
) -> None:
    incident = build.incident()
    address = f"{LIST}{incident.public_id}/update/"
    mine = updated(incident, text="Mine, kept.")
    publishing.post_update(
        incident=incident,
        state=State.MONITORING,
        text="Theirs.",
        notify=False,
        now=timezone.now(),
        author_name="Bob",
    )

    answer = client.post(address, mine)

    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Bob posted meanwhile" in text
    assert "<p>Theirs.</p>" in text
    assert "Mine, kept." in text
    assert incident.updates.count() == 2
    newest = incident.updates.latest("id").pk
    assert f'name="seen" value="{newest}"' in text
    client.post(address, mine | {"seen": newest})
    assert incident.updates.count() == 3


def test_resolving_asks_again_only_while_probes_disagree(client: Client, operator: User) -> None:
    component = build.component(name="Search")
    measure(component, Status.PARTIAL_OUTAGE)
    incident = build.incident(components={component: None})
    address = f"{LIST}{incident.public_id}/update/"

    answer = client.post(address, updated(incident, state="resolved"))

    assert answer.status_code == 422
    assert "Probes still find trouble with Search" in answer.content.decode()
    assert Incident.objects.get().is_open
    client.post(address, updated(incident, state="resolved", is_sure="on"))
    assert not Incident.objects.get().is_open
    assert shown(component) == Status.PARTIAL_OUTAGE  # what the probes find shows through

    other = build.component()
    measure(other, Status.OPERATIONAL)
    healed = build.incident(components={other: None})
    client.post(f"{LIST}{healed.public_id}/update/", updated(healed, state="resolved"))
    assert not Incident.objects.get(pk=healed.pk).is_open


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"text": " "}, "Write a message."),
        ({"state": "postmortem"}, "Select a valid choice"),
        ({"next_update_by": "2016-01-01T00:00"}, "promise a later one"),
    ],
)
def test_an_update_that_cannot_be_posted_says_why(
    client: Client, operator: User, wrong: dict[str, object], says: str
) -> None:
    incident = build.incident()
    answer = client.post(f"{LIST}{incident.public_id}/update/", updated(incident, **wrong))
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert incident.updates.count() == 1


def test_the_preview_of_an_update_says_what_resolving_does(client: Client, operator: User) -> None:
    component = build.component(name="Checkout")
    incident = build.incident(components={component: None})

    answer = client.post(
        f"{LIST}{incident.public_id}/update/preview/",
        updated(incident, state="resolved"),
        headers=HTMX,
    )

    text = " ".join(answer.content.decode().split())
    assert "Resolved" in text
    assert "Resolved after" in text  # the text message
    changes = text.partition("What changes on the page")[2]
    assert 0 < changes.index("Partial outage") < changes.index("Operational")
    assert incident.updates.count() == 1
    plain = client.post(
        f"{LIST}{incident.public_id}/update/preview/", updated(incident), headers=HTMX
    )
    assert "No text message" in plain.content.decode()


def test_the_proposed_end_fills_the_form(client: Client, operator: User) -> None:
    incident = build.incident()
    Incident.objects.update(proposed_text="All checks pass.", recovered_at=timezone.now())

    text = client.get(f"{LIST}{incident.public_id}/update/?proposed").content.decode()

    assert "All checks pass." in text
    assert 'value="resolved" id="id_state_3" checked' in text.replace(" required", "")
    screen = f"{LIST}{incident.public_id}/"
    assert "Resolve with this text" in client.get(screen).content.decode()
    publishing.post_update(
        incident=incident, state=State.RESOLVED, text="x", notify=False, now=timezone.now()
    )
    assert "All checks pass again" not in client.get(screen).content.decode()


@pytest.mark.req("I15", "AMB-9")
def test_a_past_incident_is_recorded_without_telling_anybody(
    client: Client, operator: User
) -> None:
    component = build.component()
    assert "notify" in client.get(f"{LIST}past/").content.decode()

    answer = client.post(
        f"{LIST}past/",
        {
            "do": "save",
            "title": "It was slow",
            "impact": "minor",
            "text": "A disk was full.",
            "components": [component.id],
            "started_at": "2026-01-02T03:00",
            "resolved_at": "2026-01-02T04:00",
        },
    )

    incident = Incident.objects.get()
    assert answer.headers["Location"] == f"{LIST}{incident.public_id}/"
    assert not incident.is_open
    assert incident.is_retroactive
    assert incident.updates.get().notifies is False
    assert shown(component) == Status.OPERATIONAL


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"started_at": ""}, "Say when it started."),
        ({"resolved_at": ""}, "Say when it ended."),
        ({"resolved_at": "2026-01-02T02:00"}, "The end is not after the start."),
        ({"resolved_at": "2126-01-02T02:00"}, "The end lies in the future"),
        ({"text": ""}, "Write what happened."),
    ],
)
def test_a_past_incident_that_makes_no_sense_is_refused(
    client: Client, operator: User, wrong: dict[str, str], says: str
) -> None:
    fields = {
        "do": "save",
        "title": "Kept",
        "impact": "minor",
        "text": "x",
        "started_at": "2026-01-02T03:00",
        "resolved_at": "2026-01-02T04:00",
    }
    answer = client.post(f"{LIST}past/", fields | wrong)
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert 'value="Kept"' in answer.content.decode()
    assert not Incident.objects.exists()
    preview = client.post(f"{LIST}past/", fields | wrong | {"do": "preview"})
    assert preview.status_code == 200
    lasted = client.post(f"{LIST}past/", fields | {"do": "preview"}).content.decode()
    assert "Resolved after 1 h 0 min" in lasted


def test_an_update_is_corrected_and_marked(client: Client, operator: User) -> None:
    incident = build.incident(text="Wrng")
    entry = incident.updates.get()
    address = f"{LIST}{incident.public_id}/updates/{entry.public_id}/"
    assert "Wrng" in client.get(address).content.decode()
    assert client.post(address, {"text": " "}).status_code == 422

    client.post(address, {"text": "Right"})

    entry.refresh_from_db()
    assert entry.text == "Right"
    assert "corrected" in client.get(f"{LIST}{incident.public_id}/").content.decode()
    assert client.get(f"{LIST}{'0' * 12}/updates/{entry.public_id}/").status_code == 404


def test_title_and_start_are_revised_to_the_second_that_was_kept(
    client: Client, operator: User
) -> None:
    start = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.get_current_timezone())
    incident = build.incident(now=start)
    address = f"{LIST}{incident.public_id}/revise/"
    assert client.post(address, {"title": "", "started_at": ""}).status_code == 422
    future = client.post(address, {"title": "x", "started_at": "2126-01-01T00:00"})
    assert "The start lies in the future." in future.content.decode()

    client.post(address, {"title": "Better", "started_at": "2026-01-02T03:04"})

    incident.refresh_from_db()
    assert (incident.title, incident.started_at) == ("Better", start)


@pytest.mark.req("I16", "AMB-18")
@pytest.mark.parametrize("word", ["DELETE", "Secret trouble"])
def test_deleting_says_what_is_lost_and_wants_a_word(
    client: Client, operator: User, word: str
) -> None:
    incident = build.incident(title="Secret trouble", components={build.component(): None})
    publishing.post_update(
        incident=incident, state=State.IDENTIFIED, text="x", notify=False, now=timezone.now()
    )
    address = f"{LIST}{incident.public_id}/delete/"
    question = client.get(address).content.decode()
    assert "Deletes 1 incident and 2 updates from the public history." in question
    assert "withdrawn" in question

    for typed_word in ("", "delete", "Secret"):
        assert client.post(address, {"typed": typed_word}).status_code == 422
    assert Incident.objects.exists()

    answer = client.post(address, {"typed": word})
    assert answer.headers["Location"] == LIST
    assert not Incident.objects.exists()
    assert WithdrawnEvent.objects.get().public_id == incident.public_id
    assert client.get(f"{LIST}{incident.public_id}/").status_code == 404


@pytest.mark.req("F4")
def test_what_was_written_is_inert_on_every_screen(client: Client, operator: User) -> None:
    evil = "<script>alert(1)</script>"
    component = build.component(name=evil)
    incident = build.incident(
        title=evil, text=f"{evil} [x](javascript:alert(1))", components={component: None}
    )
    root = f"{LIST}{incident.public_id}/"
    for address in (
        LIST,
        root,
        f"{root}update/",
        f"{root}revise/",
        f"{root}delete/",
        f"{root}updates/{incident.updates.get().public_id}/",
        REPORT,
        "/admin/",
    ):
        text = client.get(address).content.decode()
        assert "<script>alert" not in text
        assert 'href="javascript' not in text


def test_the_list_is_narrowed_and_paged(client: Client, operator: User) -> None:
    search, blog = build.component(name="Search"), build.component(name="Blog")
    build.incident(title="Search fails", components={search: None}, impact=Impact.CRITICAL)
    build.incident(title="Blog is slow", components={blog: None}, impact=Impact.MINOR)
    seeded(60, title="Old")

    def titles(query: str) -> str:
        return client.get(f"{LIST}?{query}").content.decode()

    assert "Blog is slow" not in titles("q=search")
    assert "Search fails" in titles("q=search")
    assert "Search fails" not in titles("impact=minor")
    assert "Search fails" not in titles(f"component={blog.id}")
    assert "Blog is slow" in titles(f"component={blog.id}")
    assert "Nothing open fits." in titles("q=nowhere")
    assert "Page 1 of 2" in titles("")
    second = titles("page=2&q=old")
    assert "Page 2 of 2" in second
    assert "q=old&amp;page=1" in second
    for odd in ("page=0", "page=x", "page=99", "component=x", "impact=x", "q=%00"):
        assert client.get(f"{LIST}?{odd}").status_code == 200


def seeded(count: int, *, title: str = "Past", updates: int = 1) -> None:
    """Past incidents, written past the operations for speed."""
    start = build.LONG_AGO
    rows = Incident.objects.bulk_create(
        Incident(
            title=f"{title} {number}",
            state=State.RESOLVED,
            started_at=start + number * MINUTE,
            resolved_at=start + (number + 1) * MINUTE,
            published_at=start,
            created_at=start,
            changed_at=start,
        )
        for number in range(count)
    )
    IncidentUpdate.objects.bulk_create(
        IncidentUpdate(incident=row, state=State.RESOLVED, text="x", at=start, created_at=start)
        for row in rows
        for _number in range(updates)
    )


def test_twice_the_incidents_cost_the_same_statements(client: Client, operator: User) -> None:
    component = build.component()
    for _number in range(3):
        build.incident(components={component: None})
    seeded(60, updates=6)
    addresses = [LIST, f"{LIST}?page=2&q=past", REPORT, "/admin/"]
    for address in addresses:
        client.get(address)

    def cost(address: str) -> int:
        with counting.statements() as statements:
            client.get(address)
        return len(statements)

    before = [cost(address) for address in addresses]
    for _number in range(3):
        build.incident(components={component: None})
    seeded(60, title="Past again", updates=6)

    assert [cost(address) for address in addresses] == before


def test_without_permission_nothing_is_shown_or_done(client: Client) -> None:
    incident = build.incident()
    one, update = incident.public_id, incident.updates.get().public_id
    client.force_login(build.operator(is_superuser=False))
    paths = [
        *("", "report/", "report/preview/", "report/autosave/", "past/"),
        *(
            f"{one}/{action}"
            for action in (
                *("", "update/", "update/preview/", "revise/", "delete/", "publish/", "discard/"),
                *("draft/", f"updates/{update}/", "postmortem/", "postmortem/preview/"),
                *("postmortem/publish/", "postmortem/unpublish/", "postmortem/delete/"),
            )
        ),
    ]

    for path in paths:
        posted = client.post(f"{LIST}{path}", {"do": "publish"}).status_code
        assert (path, posted) in {(path, 403), (path, 405)}
        shown = client.get(f"{LIST}{path}").status_code
        assert (path, shown) in {(path, 403), (path, 405)}
    assert Incident.objects.count() == 1
    assert incident.updates.count() == 1


def test_an_incident_that_is_not_there_is_not_found(client: Client, operator: User) -> None:
    for path in ("", "update/", "revise/", "delete/", "draft/", "postmortem/"):
        assert (path, client.get(f"{LIST}{'0' * 12}/{path}").status_code) == (path, 404)
