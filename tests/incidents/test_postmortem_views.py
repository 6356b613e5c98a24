"""The console's postmortem screens, through HTTP."""

from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import User
from incidents import postmortems, publishing
from incidents.lifecycle import State
from incidents.models import Incident, Postmortem
from incidents.postmortems import Action, Entry, Writing
from tests import build

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
HTMX = {"HX-Request": "true"}


@pytest.fixture
def resolved(operator: User) -> Incident:
    incident = build.incident(title="Payments fail", text="Looking.")
    publishing.post_update(
        incident=incident,
        state=State.RESOLVED,
        text="Over.",
        notify=True,
        now=build.LONG_AGO + 5 * MINUTE,
    )
    incident.refresh_from_db()
    return incident


def editor(incident: Incident) -> str:
    return f"/admin/incidents/{incident.public_id}/postmortem/"


def typed(**fields: str) -> dict[str, str]:
    return {
        "do": "save",
        "title": "What happened",
        "summary": "In **short**.",
        "entry-rows": "2",
        "entry-0-at": "2026-01-01T00:03",
        "entry-0-text": "A person looked.",
        "entry-1-at": "",
        "entry-1-text": "",
        "action-rows": "1",
        "action-0-text": "Watch it",
        "action-0-owner": "Ada",
        "action-0-due_on": "2026-12-01",
        "action-0-is_done": "on",
    } | fields


@pytest.mark.req("M1", "M3")
def test_the_editor_opens_with_what_was_said(client: Client, resolved: Incident) -> None:
    text = client.get(editor(resolved)).content.decode()
    assert "Investigating: Looking." in text
    assert "Resolved: Over." in text
    assert 'value="2026-01-01T00:05"' in text
    assert not Postmortem.objects.exists()


@pytest.mark.req("M1")
def test_an_open_incident_has_no_editor(client: Client, operator: User) -> None:
    incident = build.incident()
    answer = client.get(editor(incident), follow=True)
    assert "Resolve the incident before" in answer.content.decode()
    page = client.get(f"/admin/incidents/{incident.public_id}/").content.decode()
    assert "Write postmortem" not in page


@pytest.mark.req("M2", "M4")
def test_a_draft_is_saved_with_its_rows_and_empty_ones_left_out(
    client: Client, resolved: Incident
) -> None:
    answer = client.post(editor(resolved), typed())

    assert answer.headers["Location"] == f"/admin/incidents/{resolved.public_id}/"
    report = Postmortem.objects.get()
    assert not report.is_published
    assert report.author_name == "Ada Lovelace"
    assert [entry.text for entry in report.entries.all()] == ["A person looked."]
    action = report.actions.get()
    assert (action.text, action.owner, str(action.due_on), action.is_done) == (
        "Watch it",
        "Ada",
        "2026-12-01",
        True,
    )
    reopened = client.get(editor(resolved)).content.decode()
    assert "A person looked." in reopened
    assert "<strong>short</strong>" in reopened


@pytest.mark.req("M5", "M6", "M9")
def test_it_is_published_unpublished_and_deleted(client: Client, resolved: Incident) -> None:
    client.post(editor(resolved), typed(do="publish"))
    assert Incident.objects.get().state == State.POSTMORTEM
    assert not resolved.updates.latest("id").notifies
    page = f"/admin/incidents/{resolved.public_id}/"
    assert "Unpublish" in client.get(page).content.decode()
    refused = client.get(f"{page}update/", follow=True).content.decode()
    assert "Unpublish the postmortem before" in refused

    client.post(f"{editor(resolved)}unpublish/")
    assert Incident.objects.get().state == State.RESOLVED
    again = client.post(f"{editor(resolved)}unpublish/", follow=True).content.decode()
    assert "No postmortem of this incident is published." in again
    client.post(f"{editor(resolved)}publish/")
    assert Postmortem.objects.get().is_published

    question = client.get(f"{editor(resolved)}delete/").content.decode()
    assert "disappears from the status page" in question
    client.post(f"{editor(resolved)}delete/")
    assert not Postmortem.objects.exists()
    assert Incident.objects.get().state == State.RESOLVED


@pytest.mark.req("M9", "AMB-15")
def test_its_author_sees_how_many_asked_for_postmortems(client: Client, resolved: Incident) -> None:
    build.subscriber()
    build.subscriber(wants_postmortems=True)
    client.post(editor(resolved), typed(do="save"))
    text = client.get(editor(resolved)).content.decode()
    assert "notifies 1 subscriber who asked for postmortems" in text
    said = client.post(f"{editor(resolved)}publish/", follow=True).content.decode()
    assert "1 subscriber asked for postmortems and is notified." in said


@pytest.mark.req("M5")
def test_what_is_published_changes_when_it_is_saved(client: Client, resolved: Incident) -> None:
    client.post(editor(resolved), typed(do="publish"))
    client.post(editor(resolved), typed(title="Better"))
    assert Postmortem.objects.get().title == "Better"
    refused = client.post(editor(resolved), typed(summary=""))
    assert refused.status_code == 422
    assert Postmortem.objects.get().summary == "In **short**."


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"title": ""}, "Write a title."),
        ({"do": "publish", "summary": ""}, "Write a summary"),
        ({"entry-1-text": "No time"}, "Say when."),
        ({"entry-1-at": "2026-01-01T00:03"}, "Say what happened."),
        ({"action-0-text": ""}, "Say what is changed."),
        ({"action-0-due_on": "soon"}, "Enter a valid date."),
    ],
)
def test_what_is_wrong_is_said_and_every_row_is_kept(
    client: Client, resolved: Incident, wrong: dict[str, str], says: str
) -> None:
    answer = client.post(editor(resolved), typed(**wrong))
    text = answer.content.decode()
    assert answer.status_code == 422
    assert says in text
    assert "A person looked." in text
    assert 'value="Ada"' in text
    assert Incident.objects.get().state == State.RESOLVED


@pytest.mark.req("M3")
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_rows_are_added_and_removed_without_saving(
    client: Client, resolved: Incident, headers: dict[str, str]
) -> None:
    def pressed(do: str) -> str:
        answer = client.post(editor(resolved), typed(do=do), headers=headers)
        assert answer.status_code == 200
        return answer.content.decode()

    assert 'name="entry-rows" value="3"' in pressed("add-entry")
    assert 'name="action-rows" value="2"' in pressed("add-action")
    removed = pressed("remove-entry-0")
    assert 'name="entry-rows" value="1"' in removed
    assert "A person looked." not in removed
    assert 'name="action-rows" value="0"' in pressed("remove-action-0")
    for odd in ("remove-entry-9", "remove-entry-x", "remove-x-1", "remove", "add-x", ""):
        assert 'name="entry-rows" value="2"' in pressed(odd)
    suggested = pressed("suggest")
    assert "Investigating: Looking." in suggested
    assert 'name="entry-rows" value="4"' in suggested
    assert not Postmortem.objects.exists()


def test_suggestions_that_stand_there_already_are_not_repeated(
    client: Client, resolved: Incident
) -> None:
    fields = typed(do="suggest") | {
        "entry-1-at": "2026-01-01T00:05",
        "entry-1-text": "Resolved: Over.",
    }
    text = client.post(editor(resolved), fields).content.decode()
    assert 'name="entry-rows" value="3"' in text


def test_the_preview_is_inert_and_saves_nothing(client: Client, resolved: Incident) -> None:
    evil = "<script>alert(1)</script>"
    fields = typed(title=evil, summary=evil) | {"entry-0-text": evil, "action-0-text": evil}
    answer = client.post(f"{editor(resolved)}preview/", fields, headers=HTMX)
    text = answer.content.decode()
    assert "&lt;script&gt;" in text
    assert "<script" not in text
    assert "<html" not in text
    assert "1 Jan, 00:03" in text
    assert not Postmortem.objects.exists()


@pytest.mark.parametrize("rows", ["-1", "x", "999999999", ""])
def test_a_wrong_number_of_rows_breaks_nothing(
    client: Client, resolved: Incident, rows: str
) -> None:
    fields = typed(do="preview") | {"entry-rows": rows}
    assert client.post(editor(resolved), fields).status_code == 200


def test_a_report_that_is_gone_meanwhile_is_said(client: Client, resolved: Incident) -> None:
    text = client.post(f"{editor(resolved)}publish/", follow=True).content.decode()
    assert "This incident has no postmortem." in text
    assert client.get(f"{editor(resolved)}delete/").status_code == 404


@pytest.mark.req("M2")
def test_what_was_stored_is_what_the_editor_shows(client: Client, resolved: Incident) -> None:
    postmortems.save_draft(
        incident=resolved,
        writing=Writing(
            title="T",
            entries=[Entry(at=build.LONG_AGO, text="E")],
            actions=[Action(text="A", is_done=True)],
        ),
        now=build.LONG_AGO,
    )
    text = client.get(editor(resolved)).content.decode()
    assert 'name="entry-rows" value="1"' in text
    assert 'name="action-0-is_done" id="id_action-0-is_done" checked' in text
