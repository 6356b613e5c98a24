"""Subscriptions are asked for, proved, changed and ended in one way."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.apps import apps

from components import catalogue
from components.models import Component
from notifications import outbox
from notifications.messages import Message
from subscribers import canonical, granting, links, proofs, subscribing
from subscribers.models import Origin, Proof, Purpose, Reason, State, Subscriber, Suppression
from subscribers.subscribing import Choice
from tests import build

pytestmark = pytest.mark.django_db
Delivery = apps.get_model("notifications", "Delivery")
DAY = timedelta(days=1)


def _ask(address: str = "ada@example.com", *, now: datetime, **fields: Any) -> Subscriber:
    mailbox = canonical.mailbox(address)
    values: dict[str, Any] = {"choice": Choice(), "origin": Origin.FORM} | fields
    return subscribing.ask(
        page=catalogue.page(),
        channel="email",
        address=mailbox.address,
        canonical=mailbox.key,
        now=now,
        **values,
    )


def _letters() -> list[Any]:
    """The deliveries that leave, without decoys."""
    rows = Delivery.objects.exclude(grant=granting.grant_of(0)).order_by("id")
    return list(rows)


def _token(row: Any) -> str:
    """The token of the link in a letter."""
    lines = Message.from_json(row.message).text.splitlines()
    link = next(line for line in lines if line.startswith("http"))
    return link.rpartition("/")[2]


@pytest.mark.req("N4")
def test_who_asks_waits_until_the_link_in_the_mail_is_used(now: datetime) -> None:
    row = _ask(now=now)

    assert row.state == State.WAITING
    (letter,) = _letters()
    assert (letter.address, letter.is_sensitive) == ("ada@example.com", True)
    subscribing.confirm_by_token(token=_token(letter), now=now)
    row.refresh_from_db()
    assert (row.state, row.confirmed_at) == (State.ACTIVE, now)
    assert row.unsubscribe_digest == links.digest(links.leave_token(row.id))


@pytest.mark.req("A5")
def test_200_ways_to_write_one_mailbox_bring_one_mail(now: datetime) -> None:
    ways = ["v@x.test", "V@x.test", "v+1@x.test", "v@x.test\u200b", "v@ⓧ.test"]
    for number in range(200):
        _ask(ways[number % len(ways)], now=now + timedelta(seconds=number))

    assert len(_letters()) == 1
    assert Subscriber.objects.count() == 1


@pytest.mark.req("A5")
def test_a_mailbox_gets_five_letters_a_day_whoever_asks(now: datetime) -> None:
    row = build.subscriber(address="ada@example.com")
    for number in range(20):
        _ask(now=now + timedelta(minutes=2 * number))

    assert len(_letters()) == 5
    _ask(now=now + DAY + timedelta(minutes=1))
    assert len(_letters()) == 6
    row.refresh_from_db()
    assert row.is_active


@pytest.mark.req("A5")
def test_a_network_may_ask_sixty_times_an_hour(now: datetime) -> None:
    for number in range(60):
        _ask(f"reader{number}@example.com", client=f"2001:db8::{number:x}", now=now)

    with pytest.raises(subscribing.TooManyRequests):
        _ask("one@example.com", client="2001:db8::ffff", now=now)
    _ask("two@example.com", client="2001:db8:0:1::1", now=now)
    _ask("one@example.com", client="2001:db8::ffff", now=now + timedelta(minutes=61))


@pytest.mark.req("A3")
def test_every_address_costs_the_same_work(now: datetime) -> None:
    """Known, unknown and suppressed: each leaves one more delivery behind, real or not."""
    build.subscriber(address="known@example.com")
    Suppression.objects.create(
        channel="email", canonical="gone@example.com", reason=Reason.COMPLAINT, created_at=now
    )
    for address in ("new@example.com", "known@example.com", "gone@example.com", "new@example.com"):
        before = Delivery.objects.count()
        _ask(address, now=now)
        assert Delivery.objects.count() == before + 1

    assert {row.address for row in _letters()} == {"new@example.com", "known@example.com"}


@pytest.mark.req("A3")
def test_a_decoy_never_leaves(now: datetime) -> None:
    assert granting.still_granted([granting.grant_of(0)]) == set()


@pytest.mark.req("N4", "N8")
def test_a_stranger_cannot_change_what_the_letter_under_way_confirms(now: datetime) -> None:
    part = build.component()
    some = Choice(wants_all=False, component_ids=frozenset({part.id}))
    _ask(choice=some, consent_note="on the form", now=now)
    row = _ask(choice=Choice(wants_postmortems=True), consent_note="mine", now=now)
    assert (row.wants_all, row.wants_postmortems) == (False, False)

    subscribing.confirm_by_token(token=_token(_letters()[0]), now=now)
    row.refresh_from_db()
    assert (row.is_active, row.wants_all, row.consent_note) == (True, False, "on the form")
    assert [each.component_id for each in row.chosen.all()] == [part.id]


@pytest.mark.req("N4", "N8")
def test_what_asks_after_the_letter_is_void_is_a_new_request(now: datetime) -> None:
    part = build.component()
    _ask(choice=Choice(wants_all=False, component_ids=frozenset({part.id})), now=now)
    row = _ask(now=now + DAY + timedelta(minutes=1))
    assert row.wants_all


@pytest.mark.req("N4", "N8")
@pytest.mark.parametrize("origin", [Origin.OPERATOR, Origin.IMPORT])
def test_what_an_operator_noted_stays_whoever_asks_for_the_address(
    origin: Origin, now: datetime
) -> None:
    part = build.component()
    row = build.subscriber(
        address="ada@example.com",
        components=[part],
        state=State.WAITING,
        confirmed_at=None,
        origin=origin,
        consent_note="On paper.",
    )
    _ask(consent_note="", now=now)

    row.refresh_from_db()
    assert (row.origin, row.consent_note, row.wants_all) == (origin, "On paper.", False)
    assert len(_letters()) == 1  # whose owner may confirm it all the same


@pytest.mark.req("D1")
def test_who_was_let_go_with_the_event_can_still_leave_before_its_last_letter(
    now: datetime,
) -> None:
    row = build.subscriber(
        follows="incident:abc", state=State.ENDED, ended_reason=granting.EVENT_OVER
    )
    letter = outbox.Letter(
        channel="email",
        address=row.address,
        message=Message(subject="Resolved", text="It is over."),
        dedupe_key="update:9",
        grant=granting.grant_of(row.pk),
    )
    outbox.put_many(letters=[letter], now=now)
    subscribing.leave(subscriber=row, now=now)

    assert row.ended_reason == subscribing.LEFT
    assert granting.still_granted([granting.grant_of(row.pk)]) == set()
    assert not Delivery.objects.open().exists()
    # Undone, it does not follow again what is over.
    subscribing.undo_leave(subscriber=row, now=now)
    assert (row.state, row.ended_reason) == (State.ENDED, granting.EVENT_OVER)


@pytest.mark.req("D6")
def test_a_suppressed_address_keeps_what_it_had_and_gets_nothing(now: datetime) -> None:
    part = build.component()
    row = build.subscriber(address="ada@example.com", components=[part], state=State.ENDED)
    Suppression.objects.create(
        channel="email", canonical="ada@example.com", reason=Reason.COMPLAINT, created_at=now
    )
    _ask(now=now)

    row.refresh_from_db()
    assert (row.state, row.chosen.count()) == (State.ENDED, 1)
    assert _letters() == []
    with pytest.raises(subscribing.Suppressed) as caught:
        _add("ada@example.com", now=now)
    assert caught.value.reason == Reason.COMPLAINT


def _add(address: str, *, now: datetime) -> Subscriber:
    return subscribing.add_confirmed(
        page=catalogue.page(),
        channel="email",
        address=address,
        canonical=canonical.key_of(address),
        choice=Choice(),
        origin=Origin.OPERATOR,
        consent_note="On paper.",
        now=now,
    )


@pytest.mark.req("D6")
def test_who_has_left_comes_back_by_a_new_confirmation_only(now: datetime) -> None:
    row = build.subscriber(address="ada@example.com")
    subscribing.leave(subscriber=row, now=now)
    with pytest.raises(subscribing.HasLeft):
        _add("ada@example.com", now=now)

    _ask("Ada@example.com", now=now)
    subscribing.confirm_by_token(token=_token(_letters()[0]), now=now)
    row.refresh_from_db()
    assert row.is_active  # the same row: links of old mails end it


def test_a_stated_consent_is_noted_and_needs_no_letter(now: datetime) -> None:
    row = _add("ada@example.com", now=now)
    assert (row.state, row.confirmed_at, row.consent_note) == (State.ACTIVE, None, "On paper.")
    assert _letters() == []


@pytest.mark.req("C4")
def test_a_link_is_used_once_and_for_its_purpose(now: datetime) -> None:
    _ask(now=now)
    token = _token(_letters()[0])
    subscribing.confirm_by_token(token=token, now=now)
    with pytest.raises(subscribing.LinkDead):
        subscribing.confirm_by_token(token=token, now=now)

    row = Subscriber.objects.get()
    subscribing.resend(subscriber=row, now=now + timedelta(minutes=2))
    manage = _token(_letters()[1])
    assert Proof.objects.filter(purpose=Purpose.MANAGE).count() == 1
    with pytest.raises(subscribing.LinkDead):
        subscribing.confirm_by_token(token=manage, now=now + timedelta(minutes=2))


@pytest.mark.req("C4")
@pytest.mark.parametrize("token", ["", "null", "x" * 10_000, "\x00", "é" * 43, "a" * 42])
def test_what_is_no_token_costs_no_query(
    token: str, now: datetime, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0), pytest.raises(subscribing.LinkDead):
        subscribing.confirm_by_token(token=token, now=now)


@pytest.mark.req("C5")
def test_a_code_takes_five_guesses(now: datetime) -> None:
    row = build.subscriber(state=State.WAITING, confirmed_at=None)
    issued = proofs.issue(subscriber=row, purpose=Purpose.CONFIRM, now=now, with_code=True)
    wrong = "000000" if issued.code != "000000" else "000001"
    for _guess in range(5):
        with pytest.raises(subscribing.CodeRefused):
            subscribing.confirm_by_code(subscriber=row, code=wrong, now=now)

    with pytest.raises(subscribing.CodeRefused):
        subscribing.confirm_by_code(subscriber=row, code=issued.code, now=now)
    second = proofs.issue(subscriber=row, purpose=Purpose.CONFIRM, now=now, with_code=True)
    assert subscribing.confirm_by_code(subscriber=row, code=f" {second.code} ", now=now).is_active


def test_another_way_to_write_a_mailbox_is_taken_once_the_first_letter_is_void(
    now: datetime,
) -> None:
    _ask("ada+old@example.com", now=now)
    row = _ask("ada+new@example.com", now=now + timedelta(hours=1))
    assert row.address == "ada+old@example.com"

    row = _ask("ada+new@example.com", now=now + DAY + timedelta(hours=1))
    assert [letter.address for letter in _letters()] == [
        "ada+old@example.com",
        "ada+new@example.com",
    ]
    with pytest.raises(subscribing.LinkDead):
        subscribing.confirm_by_token(token=_token(_letters()[0]), now=now)


@pytest.mark.req("N2")
def test_only_components_that_visitors_see_can_be_chosen(now: datetime) -> None:
    seen, hidden = build.component(), build.component(is_visible=False)
    both = frozenset({seen.id, hidden.id})
    row = _ask(choice=Choice(wants_all=False, component_ids=both), now=now)
    assert set(row.chosen.values_list("component_id", flat=True)) == {seen.id}

    other = build.component()
    chosen = Choice(wants_all=False, component_ids=frozenset({other.id}), wants_postmortems=True)
    subscribing.choose(subscriber=row, choice=chosen)
    assert set(row.chosen.values_list("component_id", flat=True)) == {other.id}
    assert row.wants_postmortems
    nothing = Choice(wants_all=False, component_ids=frozenset({hidden.id}))
    with pytest.raises(subscribing.NothingChosen):
        subscribing.choose(subscriber=row, choice=nothing)


def test_what_is_followed_is_a_subscription_of_its_own(now: datetime) -> None:
    everything = build.subscriber(address="ada@example.com")
    one = _ask(choice=Choice(follows="incident:abc"), now=now)
    assert one.id != everything.id
    subscribing.choose(subscriber=one, choice=Choice(wants_all=False))
    assert one.follows == "incident:abc"


@pytest.mark.req("D1")
def test_leaving_cancels_what_waits_and_can_be_undone(now: datetime) -> None:
    part: Component = build.component()
    row = build.subscriber(components=[part])
    letter = outbox.Letter(
        channel="email",
        address=row.address,
        message=Message(subject="s", text="t"),
        dedupe_key="update:1",
        grant=granting.grant_of(row.id),
    )
    outbox.put_many(letters=[letter], now=now)

    subscribing.leave(subscriber=row, now=now)
    assert Delivery.objects.get().state == "cancelled"
    assert row.state == State.ENDED
    subscribing.leave(subscriber=row, now=now + DAY)
    assert row.ended_at == now
    subscribing.undo_leave(subscriber=row, now=now + DAY)
    assert (row.state, row.confirmed_at, row.chosen.count()) == (State.ACTIVE, now + DAY, 1)


def test_a_paused_one_is_resumed_from_now_on(now: datetime) -> None:
    row = build.subscriber(state=State.PAUSED, failing_since=now)
    subscribing.resume(subscriber=row, now=now + DAY)
    assert (row.state, row.confirmed_at, row.failing_since) == (State.ACTIVE, now + DAY, None)


def test_erasing_leaves_nothing_of_the_address(now: datetime) -> None:
    row = _ask("erased@example.com", now=now)
    subscribing.erase(subscriber=row, now=now)
    assert not Subscriber.objects.exists()
    assert not Proof.objects.exists()
    entries = apps.get_model("accounts", "AuditEntry").objects.all()
    assert not [entry for entry in entries if "erased@" in f"{entry.changes}{entry.object_repr}"]


@pytest.mark.req("D8")
def test_letters_show_nothing_that_a_visitor_wrote_but_the_address(now: datetime) -> None:
    catalogue.change_page(page=catalogue.page(), name="Acme")
    _ask("ada@example.com", now=now, consent_note="click http://evil.example")
    message = Message.from_json(_letters()[0].message)
    assert message.subject == "Confirm your Acme status updates"
    assert "evil" not in message.text + message.html
    assert "ada@example.com" in message.text
    assert "testserver" not in message.text
