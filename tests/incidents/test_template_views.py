"""The console's screens of templates, through HTTP."""

import pytest
from django.test import Client

from accounts.models import User
from incidents.models import EventTemplate
from tests import build

pytestmark = pytest.mark.django_db

LIST = "/admin/templates/"


def typed(**fields: object) -> dict[str, object]:
    return {
        "kind": "incident",
        "name": "Slow search",
        "title": "{component} is slow",
        "text": "Since {time}.",
        "impact": "minor",
    } | fields


@pytest.mark.req("L1", "L2")
def test_an_operator_adds_edits_and_removes_a_template(client: Client, operator: User) -> None:
    component = build.component(name="Search")
    EventTemplate.objects.all().delete()
    assert "None yet." in client.get(LIST).content.decode()
    assert "{component}" in client.get(f"{LIST}add/").content.decode()  # the list of placeholders

    client.post(f"{LIST}add/", typed(component_ids=[component.id]))
    row = EventTemplate.objects.get()
    assert list(row.components.all()) == [component]
    assert "Slow search" in client.get(LIST).content.decode()
    edit = f"{LIST}{row.pk}/"
    assert 'value="{component} is slow"' in client.get(edit).content.decode()
    client.post(edit, typed(kind="maintenance", title="Work"))
    row.refresh_from_db()
    assert (row.kind, row.title, list(row.components.all())) == ("maintenance", "Work", [])

    question = client.get(f"{edit}remove/").content.decode()
    assert "stay as they are" in question
    assert EventTemplate.objects.exists()
    client.post(f"{edit}remove/")
    assert not EventTemplate.objects.exists()
    assert client.get(edit).status_code == 404


@pytest.mark.req("F5")
@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"text": "Dear {customer}"}, "There is no placeholder {customer}."),
        ({"title": ""}, "Write a title."),
        ({"name": ""}, "Write a name."),
        ({"text": " "}, "Write a message."),
        ({"impact": "huge"}, "Select a valid choice"),
        ({"kind": "party"}, "Select a valid choice"),
        ({"component_ids": ["999"]}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_named_and_the_text_is_kept(
    client: Client, operator: User, wrong: dict[str, object], says: str
) -> None:
    build.component()
    before = EventTemplate.objects.count()
    answer = client.post(f"{LIST}add/", typed(**{"title": "Kept"} | wrong))
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert EventTemplate.objects.count() == before


def test_two_templates_of_a_kind_differ_in_name(client: Client, operator: User) -> None:
    client.post(f"{LIST}add/", typed())
    answer = client.post(f"{LIST}add/", typed())
    assert answer.status_code == 422
    assert "already exists" in answer.content.decode()


@pytest.mark.parametrize("path", ["", "add/", "1/", "1/remove/"])
def test_without_permission_nothing_is_shown(client: Client, path: str) -> None:
    client.force_login(build.operator(is_superuser=False))
    assert client.get(f"{LIST}{path}").status_code == 403
    assert client.post(f"{LIST}{path}").status_code in {403, 405}
