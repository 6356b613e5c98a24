"""The console's screens of subscribers, as an Owner, a Responder and a Viewer use them (N11)."""

import csv
import io
from datetime import datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import AuditEntry, User
from accounts.roles import Role
from notifications import outbox
from notifications.messages import Message
from notifications.models import Delivery
from notifications.outbox import Letter
from subscribers import granting, subscribing, suppressing
from subscribers.models import Origin, Reason, State, Subscriber, Suppression
from tests import build
from tests.counting import statements

pytestmark = pytest.mark.django_db
LIST = "/admin/subscribers/"
SUPPRESSED = f"{LIST}suppressed/"


@pytest.fixture
def owner(client: Client) -> User:
    user = build.operator(username="ada")
    client.force_login(user)
    return user


def listed(client: Client, query: str = "") -> set[str]:
    page = client.get(f"{LIST}{query}")
    assert page.status_code == 200
    return {row.subscriber.address for row in page.context["rows"]}


def said(answer: Any) -> str:
    return str(answer.content.decode())


def add(client: Client, **fields: str | list[str]) -> Any:
    posted = {"channel": "email", "consent": "ask", "hears": "all"} | fields
    return client.post(f"{LIST}add/", posted)


@pytest.mark.req("N11")
def test_operators_see_how_many_subscribers_each_channel_has(client: Client, owner: User) -> None:
    for state in (State.ACTIVE, State.ACTIVE, State.WAITING, State.PAUSED, State.ENDED):
        build.subscriber(state=state)
    build.subscriber(channel="webhook", address="https://acme.example/hook")
    page = client.get(LIST)
    counts = page.context["counts"]
    assert [(one.channel, one.active, one.waiting, one.paused) for one in counts.channels] == [
        ("email", 2, 1, 1),
        ("webhook", 1, 0, 0),
    ]
    assert (counts.active, counts.total) == (3, 5)
    assert '3<span class="vh"> active</span>' in said(page), "the menu counts them on every screen"
    assert "3<span" in said(client.get("/admin/"))


@pytest.mark.req("N11")
def test_the_list_is_searched_and_filtered(client: Client, owner: User, now: datetime) -> None:
    checkout, search = build.component(), build.component()
    build.subscriber(address="all@acme.example")
    build.subscriber(address="checkout@acme.example", components=[checkout])
    build.subscriber(address="search@acme.example", components=[search], origin=Origin.IMPORT)
    build.subscriber(address="waiting@acme.example", state=State.WAITING, components=[search])
    build.subscriber(address="left@acme.example", state=State.ENDED, components=[search])
    build.subscriber(channel="sms", address="+491701234567", components=[search])
    suppressing.suppress(channel="email", canonical="all@acme.example", note="", now=now)

    assert "left@acme.example" not in listed(client)
    assert len(listed(client)) == 5
    assert listed(client, "?q=CHECKOUT") == {"checkout@acme.example"}
    assert listed(client, "?state=ended") == {"left@acme.example"}
    assert listed(client, "?state=waiting") == {"waiting@acme.example"}
    assert listed(client, "?state=suppressed") == {"all@acme.example"}
    assert listed(client, "?channel=sms") == {"+491701234567"}
    assert listed(client, "?origin=import") == {"search@acme.example"}
    hears = listed(client, f"?component={checkout.pk}")
    assert hears == {"all@acme.example", "checkout@acme.example"}
    assert listed(client, "?q=acme&channel=email&state=active&origin=import") == {
        "search@acme.example"
    }
    assert len(listed(client, "?state=nonsense&component=1e9&channel=%00&page=x&q=%00")) == 5
    assert client.get(f"{SUPPRESSED}?q=%00").status_code == 200


def test_nobody_yet_and_nobody_fits_are_said(client: Client, owner: User) -> None:
    assert "Nobody yet." in said(client.get(LIST))
    assert "Nobody fits." in said(client.get(f"{LIST}?q=x"))
    assert "come here by themselves" in said(client.get(SUPPRESSED))


@pytest.mark.req("N11")
def test_the_list_has_pages_and_costs_the_same_for_many(client: Client, owner: User) -> None:
    component = build.component()
    client.get(LIST)  # what is asked once a process
    counts = []
    for _ in range(2):
        for _number in range(30):
            build.subscriber(components=[component])
        with statements() as run:
            client.get(LIST)
        counts.append(len(run))
    assert counts[0] == counts[1]
    assert len(listed(client)) == 50
    assert len(listed(client, "?page=2")) == 10
    assert 'rel="next"' in said(client.get(f"{LIST}?channel=email"))
    assert "?channel=email&amp;page=2" in said(client.get(f"{LIST}?channel=email"))


@pytest.mark.req("N11")
def test_one_subscriber_shows_choice_consent_history_and_messages(
    client: Client, owner: User, now: datetime
) -> None:
    component = build.component(name="Checkout")
    row = build.subscriber(
        components=[component],
        origin=Origin.OPERATOR,
        consent_note="order form of 3 May",
        wants_postmortems=True,
    )
    letter = Letter(
        channel="email",
        address=row.address,
        message=Message(subject="Trouble in checkout", text="We are looking."),
        dedupe_key="update:1",
        grant=granting.grant_of(row.pk),
    )
    outbox.put_many(letters=[letter], now=now)
    page = said(client.get(f"{LIST}{row.pk}/"))
    for word in (
        row.address,
        "Checkout",
        "Postmortems too.",
        "Added by an operator",
        "order form of 3 May",
        "Trouble in checkout",
        "waiting",
        "Confirmed",
    ):
        assert word in page, word


@pytest.mark.req("N4", "N11")
def test_adding_by_hand_asks_the_address_first(client: Client, owner: User) -> None:
    answer = add(client, address="Grace@Acme.example")
    row = Subscriber.objects.get()
    assert answer.headers["Location"] == f"{LIST}{row.pk}/"
    assert (row.address, row.state, row.origin) == (
        "Grace@acme.example",
        State.WAITING,
        Origin.OPERATOR,
    )
    assert Delivery.objects.get().address == "Grace@acme.example"


@pytest.mark.req("N11")
def test_adding_with_a_stated_consent_needs_a_note_and_begins_at_once(
    client: Client, owner: User
) -> None:
    component = build.component()
    posted: dict[str, Any] = {
        "address": "grace@acme.example",
        "consent": "agreed",
        "hears": "some",
        "components": [str(component.pk)],
    }
    answer = add(client, **posted)
    assert answer.status_code == 422
    assert "Say where they agreed." in said(answer)
    add(client, **posted, note="order form")
    row = Subscriber.objects.get()
    assert (row.state, row.consent_note, row.wants_all) == (State.ACTIVE, "order form", False)
    assert [one.component for one in row.chosen.all()] == [component]
    assert not Delivery.objects.exists()
    assert AuditEntry.objects.filter(actor_name="ada", object_pk=str(row.pk)).exists()


@pytest.mark.req("D6")
def test_what_cannot_be_added_is_told_at_its_field(
    client: Client, owner: User, now: datetime
) -> None:
    known = build.subscriber(address="known@acme.example")
    left = build.subscriber(address="left@acme.example")
    subscribing.leave(subscriber=left, now=now)
    suppressing.suppress(
        channel="email", canonical="angry@acme.example", note="", reason=Reason.COMPLAINT, now=now
    )
    cases = [
        ({"address": "nonsense"}, "is not"),
        ({"address": "Known+x@acme.example"}, "subscribed already"),
        ({"address": "angry@acme.example"}, "Complained about our mail"),
        ({"address": "left@acme.example", "consent": "agreed", "note": "n"}, "unsubscribed"),
        ({"address": "new@acme.example", "hears": "some"}, "Tick at least one"),
    ]
    for fields, word in cases:
        answer = add(client, **fields)
        assert answer.status_code == 422, fields
        assert word in said(answer), fields
        assert 'role="alert"' in said(answer)
    assert set(Subscriber.objects.all()) == {known, left}
    assert not Delivery.objects.exists()


@pytest.mark.req("D6")
def test_who_left_may_be_asked_again(client: Client, owner: User, now: datetime) -> None:
    left = build.subscriber(address="left@acme.example")
    subscribing.leave(subscriber=left, now=now)
    add(client, address="left@acme.example")
    assert Subscriber.objects.get().state == State.WAITING


def test_the_choice_is_changed(client: Client, owner: User) -> None:
    checkout, search = build.component(name="Checkout"), build.component(name="Search")
    row = build.subscriber(components=[checkout])
    page = client.get(f"{LIST}{row.pk}/edit/")
    assert page.context["form"].initial["components"] == [str(checkout.pk)]
    client.post(
        f"{LIST}{row.pk}/edit/",
        {"hears": "some", "components": [str(search.pk)], "wants_postmortems": "on"},
    )
    row.refresh_from_db()
    assert [one.component for one in row.chosen.all()] == [search]
    assert row.wants_postmortems
    entries = AuditEntry.objects.filter(object_pk=str(row.pk), actor_name="ada")
    assert ["Checkout", "Search"] in [one.changes.get("components") for one in entries]
    client.post(f"{LIST}{row.pk}/edit/", {"hears": "all"})
    row.refresh_from_db()
    assert row.wants_all
    assert not row.chosen.exists()


def test_one_that_follows_an_event_has_nothing_to_choose(client: Client, owner: User) -> None:
    row = build.subscriber(follows="incident:1a2b3c")
    answer = client.get(f"{LIST}{row.pk}/edit/", follow=True)
    assert "nothing to choose" in said(answer)


@pytest.mark.req("A5")
def test_the_confirmation_is_sent_again_but_not_without_end(client: Client, owner: User) -> None:
    row = build.subscriber(state=State.WAITING, confirmed_at=None)
    again = f"{LIST}{row.pk}/resend/"
    assert "on its way" in said(client.post(again, follow=True))
    assert "often enough" in said(client.post(again, follow=True))
    assert Delivery.objects.filter(address=row.address).count() == 1


@pytest.mark.parametrize(
    ("channel", "state"),
    [
        ("email", State.PAUSED),
        ("email", State.ENDED),
        ("sms", State.ACTIVE),
        ("webhook", State.WAITING),
    ],
)
def test_nothing_is_sent_again_to_one_that_no_letter_would_help(
    client: Client, owner: User, channel: str, state: State
) -> None:
    row = build.subscriber(channel=channel, state=state)
    assert "resend/" not in said(client.get(f"{LIST}{row.pk}/"))
    assert "Nothing was sent" in said(client.post(f"{LIST}{row.pk}/resend/", follow=True))
    assert not Delivery.objects.exists()


def test_a_paused_one_is_resumed(client: Client, owner: User, now: datetime) -> None:
    row = build.subscriber(state=State.PAUSED, failing_since=now)
    assert "because deliveries fail" in said(client.get(f"{LIST}{row.pk}/"))
    client.post(f"{LIST}{row.pk}/resume/")
    row.refresh_from_db()
    assert (row.state, row.failing_since) == (State.ACTIVE, None)


def test_removing_asks_first_and_keeps_the_row(client: Client, owner: User) -> None:
    row = build.subscriber()
    assert "They are not told." in said(client.get(f"{LIST}{row.pk}/remove/"))
    assert Subscriber.objects.get().is_active
    client.post(f"{LIST}{row.pk}/remove/")
    row.refresh_from_db()
    assert (row.state, row.ended_reason) == (State.ENDED, subscribing.REMOVED)


@pytest.mark.req("N11")
def test_erasing_wants_the_address_typed(client: Client, owner: User) -> None:
    row = build.subscriber()
    screen = f"{LIST}{row.pk}/erase/"
    assert client.get(screen).status_code == 200
    wrong = client.post(screen, {"typed": "yes"})
    assert (wrong.status_code, Subscriber.objects.count()) == (422, 1)
    client.post(screen, {"typed": row.address})
    assert not Subscriber.objects.exists()
    assert client.get(f"{LIST}{row.pk}/").status_code == 404


@pytest.mark.req("N11")
def test_the_file_of_a_person_is_a_download(client: Client, owner: User) -> None:
    row = build.subscriber(address="ünï@acme.example")
    answer = client.get(f"{LIST}{row.pk}/file/")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.json()["address"] == "ünï@acme.example"


@pytest.mark.req("D6", "AMB-14")
def test_the_suppression_list_is_looked_after(client: Client, owner: User, now: datetime) -> None:
    client.post(
        f"{SUPPRESSED}add/",
        {"channel": "email", "address": "Ada+x@Acme.example", "note": "asked by phone"},
    )
    mine = Suppression.objects.get(canonical="ada@acme.example", reason=Reason.OPERATOR)
    stop = suppressing.suppress(
        channel="sms", canonical="+491701234567", note="", reason=Reason.STOP, now=now
    )
    page = said(client.get(SUPPRESSED))
    assert "asked by phone" in page
    assert "until START from that phone" in page
    assert f"{SUPPRESSED}{stop.pk}/lift/" not in page
    assert "cannot be lifted" in said(client.get(f"{SUPPRESSED}{stop.pk}/lift/", follow=True))
    client.post(f"{SUPPRESSED}{stop.pk}/lift/", {"why": "please"})
    lift = f"{SUPPRESSED}{mine.pk}/lift/"
    assert client.post(lift, {"why": ""}).status_code == 422
    client.post(lift, {"why": "they called again"})
    assert list(Suppression.objects.all()) == [stop]
    assert client.get(f"{SUPPRESSED}?q=1701").context["rows"][0]["row"] == stop


def upload(client: Client, text: str, consent: str = "fair 2025") -> Any:
    file = SimpleUploadedFile("people.csv", text.encode(), content_type="text/csv")
    return client.post(f"{LIST}import/", {"file": file, "consent": consent})


def take(client: Client, shown: Any) -> Any:
    fields = {name: shown.context[name] for name in ("text", "consent")}
    posted = fields | {"stamp": shown.context["report"].stamp}
    # As a browser posts a text area.
    posted["text"] = posted["text"].replace("\n", "\r\n")
    return client.post(f"{LIST}import/", posted, follow=True)


@pytest.mark.req("N11", "D6")
def test_an_import_is_shown_line_by_line_and_then_taken(
    client: Client, owner: User, now: datetime
) -> None:
    suppressing.suppress(
        channel="email", canonical="angry@acme.example", note="", reason=Reason.COMPLAINT, now=now
    )
    shown = upload(
        client,
        "email,plan\nnew@acme.example,pro\nangry@acme.example,\nnonsense,\nNEW@acme.example,\n",
    )
    page = said(shown)
    assert not Subscriber.objects.exists()
    for word in ("Complained about our mail", "as in line 2", "plan", "Import 1 subscriber"):
        assert word in page, word
    answer = take(client, shown)
    assert "1 subscriber is told from now on." in said(answer)
    row = Subscriber.objects.get()
    assert (row.address, row.origin, row.consent_note) == (
        "new@acme.example",
        Origin.IMPORT,
        "fair 2025",
    )


def test_an_import_that_would_add_others_by_now_adds_nobody(client: Client, owner: User) -> None:
    shown = upload(client, "ada@acme.example\ngrace@acme.example\n")
    build.subscriber(address="ada@acme.example")
    answer = take(client, shown)
    assert "Nothing was imported" in said(answer)
    assert Subscriber.objects.count() == 1
    assert "1 subscriber is told" in said(take(client, answer)), "looked at again, it is taken"


@pytest.mark.parametrize(
    ("text", "consent", "word"),
    [
        ("", "fair", "empty"),
        ("name\nAda\n", "fair", "No column of addresses"),
        ("email\n" + "a@b.example\n" * 10_001, "fair", "more than 10,000 lines"),
        ("x" * 700_001, "fair", "larger than 700 KB"),
        ("a@b.example\n", "", "required"),
    ],
)
def test_a_file_that_cannot_be_read_is_told(
    client: Client, owner: User, text: str, consent: str, word: str
) -> None:
    answer = upload(client, text, consent)
    assert answer.status_code == 422
    assert word in said(answer)


def test_a_forged_import_without_consent_or_of_nonsense_adds_nobody(
    client: Client, owner: User
) -> None:
    for fields in (
        {"text": "a@b.example\n", "consent": ""},
        {"text": "", "consent": "fair"},
        {"text": "a@b.example\n", "consent": "fair"},
    ):
        client.post(f"{LIST}import/", fields | {"stamp": "x"})
    assert not Subscriber.objects.exists()


@pytest.mark.req("N11", "F12")
def test_the_export_holds_what_the_list_shows(client: Client, owner: User) -> None:
    build.subscriber(address="=cmd@acme.example", consent_note="=HYPERLINK(1)")
    build.subscriber(channel="sms", address="+491701234567")
    build.subscriber(address="left@acme.example", state=State.ENDED)
    answer: Any = client.get(f"{LIST}export/?channel=email")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["address"], row["consent"]) for row in rows] == [
        ("'=cmd@acme.example", "'=HYPERLINK(1)")
    ]


SCREENS = [
    "",
    "add/",
    "import/",
    "export/",
    "suppressed/",
    "suppressed/add/",
    "suppressed/{entry}/lift/",
    "{row}/",
    "{row}/edit/",
    "{row}/resend/",
    "{row}/resume/",
    "{row}/remove/",
    "{row}/erase/",
    "{row}/file/",
]
_LOOKS = {"", "suppressed/", "{row}/"}


@pytest.mark.req("F1", "A15")
@pytest.mark.parametrize("role", [Role.RESPONDER, Role.VIEWER])
def test_a_responder_looks_and_a_viewer_sees_nobody(
    client: Client, now: datetime, role: Role
) -> None:
    row = build.subscriber(state=State.PAUSED)
    entry = suppressing.suppress(channel="email", canonical="x@acme.example", note="", now=now)
    client.force_login(build.operator(role=role))
    before = list(Subscriber.objects.values())
    for screen in SCREENS:
        url = LIST + screen.format(row=row.pk, entry=entry.pk)
        may = role == Role.RESPONDER and screen in _LOOKS
        assert (client.get(url).status_code == 200) == may, url
        assert client.post(url, {"typed": "ERASE", "why": "x"}).status_code in {403, 405}, url
    assert list(Subscriber.objects.values()) == before
    assert Suppression.objects.exists()
    if role == Role.RESPONDER:
        page = said(client.get(f"{LIST}{row.pk}/"))
        for word in ("Resume", "Erase", "Change choice", "Download"):
            assert word not in page, "no button that is refused"
