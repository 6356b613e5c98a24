"""The suppression list: what an operator may put on it and take off it, and what stays (D6)."""

from datetime import datetime, timedelta

import pytest

from accounts.models import AuditEntry
from notifications import outbox
from notifications.messages import Message
from notifications.models import Delivery
from notifications.models import State as Sending
from notifications.outbox import Letter
from subscribers import granting, suppressing
from subscribers.models import Reason, Subscriber, Suppression
from subscribers.suppressing import NotLiftable
from tests import build

pytestmark = pytest.mark.django_db
ADDRESS = "ada@acme.example"


def entry(reason: Reason, now: datetime, canonical: str = ADDRESS) -> Suppression:
    return suppressing.suppress(
        channel="email", canonical=canonical, note="", reason=reason, now=now
    )


@pytest.mark.req("D6")
def test_a_suppressed_address_gets_nothing_and_what_waits_for_it_is_stopped(now: datetime) -> None:
    row = build.subscriber(address=ADDRESS)
    other = build.subscriber()
    outbox.put_many(
        letters=[
            Letter(
                channel="email",
                address=one.address,
                message=Message(subject="Trouble", text="We are looking."),
                dedupe_key="update:1",
                grant=granting.grant_of(one.id),
            )
            for one in (row, other)
        ],
        now=now,
    )
    suppressing.suppress(channel="email", canonical=ADDRESS, note="asked by phone", now=now)
    states = dict(Delivery.objects.values_list("address", "state"))
    assert states == {ADDRESS: Sending.CANCELLED, other.address: Sending.PENDING}
    grants = {granting.grant_of(one.id) for one in (row, other)}
    assert granting.still_granted(grants) == {granting.grant_of(other.id)}
    assert Subscriber.objects.get(pk=row.pk).is_active, "the choice is kept for when it is lifted"


def test_the_same_entry_counts_once_and_keeps_its_first_note(now: datetime) -> None:
    first = suppressing.suppress(channel="email", canonical=ADDRESS, note="first", now=now)
    later = now + timedelta(days=1)
    again = suppressing.suppress(channel="email", canonical=ADDRESS, note="second", now=later)
    assert (again.pk, again.note, again.created_at) == (first.pk, "first", now)


@pytest.mark.req("D6")
@pytest.mark.parametrize("reason", sorted(suppressing.LIFTABLE))
def test_what_may_be_lifted_goes_and_the_audit_log_keeps_why(now: datetime, reason: Reason) -> None:
    row = entry(reason, now)
    pk = str(row.pk)
    assert suppressing.is_liftable(row)
    suppressing.lift(suppression=row, why="The mailbox was full; they called us.")
    assert not Suppression.objects.exists()
    said = AuditEntry.objects.filter(object_pk=pk).order_by("id")
    assert "they called us" in str([one.changes for one in said])
    assert said.last().action == AuditEntry.Action.DELETE


@pytest.mark.req("D6", "AMB-14")
@pytest.mark.parametrize("reason", sorted(set(Reason) - suppressing.LIFTABLE))
def test_a_complaint_and_a_stop_stay_whatever_the_operator_says(
    now: datetime, reason: Reason
) -> None:
    row = entry(reason, now)
    assert not suppressing.is_liftable(row)
    with pytest.raises(NotLiftable):
        suppressing.lift(suppression=row, why="please")
    assert Suppression.objects.filter(reason=reason, note="").exists()


def test_an_entry_that_somebody_else_lifted_is_told(now: datetime) -> None:
    row = entry(Reason.OPERATOR, now)
    suppressing.lift(suppression=Suppression.objects.get(), why="first")
    with pytest.raises(NotLiftable, match="meanwhile"):
        suppressing.lift(suppression=row, why="second")


def test_the_strongest_reason_of_an_address_is_told(now: datetime) -> None:
    for reason in Reason:
        entry(reason, now)
    entry(Reason.HARD_BOUNCE, now, "grace@acme.example")
    found = suppressing.reasons(
        addresses=[("email", ADDRESS), ("email", "grace@acme.example"), ("sms", ADDRESS)]
    )
    assert found == {
        ("email", ADDRESS): Reason.COMPLAINT,
        ("email", "grace@acme.example"): Reason.HARD_BOUNCE,
    }
