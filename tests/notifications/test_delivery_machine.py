"""The whole life of deliveries in any order: nothing is lost, and nothing doubled without a reason.

A fake channel stands at the edge; senders die by an exception that nothing of ours catches.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from notifications import backoff, delivering, leasing, outbox
from notifications.channels.base import (
    Blame,
    ChannelDown,
    DeliveryError,
    Handing,
    OutcomeUnknown,
    Parcel,
    Recipient,
)
from notifications.models import Circuit, Delivery, State
from tests.notifications import post


class Killed(BaseException):
    """kill -9: nothing after it runs."""


SEND_TIMEOUT = timedelta(seconds=30)
LEASE = SEND_TIMEOUT * 3
BEFORE_HANDING: Mapping[str, BaseException] = {
    "later": DeliveryError("450"),
    "refused": DeliveryError("550", permanent=True, blame=Blame.ADDRESS),
    "down": ChannelDown("421"),
    "breaks": ZeroDivisionError(),
    "killed before": Killed(),
}
BEFORE_ARRIVAL: Mapping[str, BaseException] = {
    "later after all": DeliveryError("451"),
    "spam": DeliveryError("554", permanent=True, blame=Blame.CONTENT),
    "killed after handing": Killed(),
    "no answer, lost": OutcomeUnknown("?"),
    "breaks after handing": ZeroDivisionError(),
}
AFTER_ARRIVAL: Mapping[str, BaseException] = {
    "killed after arrival": Killed(),
    "no answer, arrived": OutcomeUnknown("?"),
    "breaks after arrival": ZeroDivisionError(),
}
# After these a second copy may leave; after anything else it must not.
DOUBTFUL = {
    "killed after handing",
    "no answer, lost",
    "breaks after handing",
    "killed after arrival",
    "no answer, arrived",
    "breaks after arrival",
    "overtaken after",
}
EVENTS = ["arrives", "overtaken before", "overtaken after"]
EVENTS += [*BEFORE_HANDING, *BEFORE_ARRIVAL, *AFTER_ARRIVAL]

PLANS = st.lists(st.sampled_from(EVENTS), min_size=1, max_size=6)
WAITS = st.sampled_from([0, 5, 30, 90, 300, 330, 3600, 20_000])


class FakeChannel:
    """Does with each message what the plan says, and keeps what arrived."""

    name = "email"
    schedule = backoff.MAIL
    send_timeout = SEND_TIMEOUT
    max_copies = 2

    def __init__(self, machine: "Deliveries") -> None:
        self.machine = machine
        self.plan: list[str] = []

    title = "Fake"
    has_many_hosts = False
    connections = 1
    per_s = 0
    holds_incidents = False
    fields = ()

    def check(self, values: Mapping[str, str]) -> dict[str, str]:
        return dict(values)

    def recipients(self, values: Mapping[str, str]) -> list[Recipient]:
        return []

    def destination(self, secrets: Mapping[str, str]) -> str:
        return ""

    @contextmanager
    def session(self) -> Iterator["FakeChannel"]:
        yield self

    def send(self, *, parcel: Parcel, handing: Handing) -> None:
        delivery_id = parcel.delivery_id
        event = self.plan.pop(0) if self.plan else "arrives"
        if event in DOUBTFUL:
            self.machine.reasons[delivery_id] += 1
        if event == "overtaken before":
            self.machine.overtake()
        _raise(BEFORE_HANDING, event)
        handing()
        if event == "overtaken after":
            self.machine.overtake()
        _raise(BEFORE_ARRIVAL, event)
        self.machine.arrived[delivery_id] += 1
        _raise(AFTER_ARRIVAL, event)


def _raise(errors: Mapping[str, BaseException], event: str) -> None:
    if event in errors:
        raise errors[event]


class Deliveries(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        Delivery.objects.all().delete()
        Circuit.objects.all().delete()
        self.now = datetime(2026, 11, 19, tzinfo=UTC)
        self.channel = FakeChannel(self)
        self.arrived: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.keys: list[str] = []
        self.has_open = False  # as the last look at the rows found it

    def drain(self) -> None:
        began_at = self.now

        def elapsed_s() -> float:
            return (self.now - began_at).total_seconds()

        with suppress(Killed):
            delivering.drain(
                now=began_at,
                budget_s=10**9,
                elapsed_s=elapsed_s,
                jitter=lambda: 0.5,
                channels={"email": self.channel},
            )

    def overtake(self) -> None:
        """The lease ends while its sender still sends, and another worker comes by."""
        self.now += LEASE
        plan, self.channel.plan = self.channel.plan, []
        self.drain()
        self.channel.plan = plan

    @initialize(count=st.integers(1, 3))
    def begin(self, count: int) -> None:
        self.put(count=count, lifetime=None)

    @rule(count=st.integers(1, 4), lifetime=st.sampled_from([None, None, 600]))
    def put(self, count: int, lifetime: int | None) -> None:
        expires_at = lifetime and self.now + timedelta(seconds=lifetime)
        letters = [
            post.letter(expires_at=expires_at, is_sensitive=lifetime is not None)
            for _ in range(count)
        ]
        assert outbox.put_many(letters=letters, now=self.now) == count
        self.keys += [letter.dedupe_key for letter in letters]

    @rule(data=st.data())
    def put_again(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(self.keys))
        assert outbox.put_many(letters=[post.letter(dedupe_key=key)], now=self.now) == 0

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        outbox.cancel(dedupe_key=data.draw(st.sampled_from(self.keys)))

    # Two rules for the same, because each example leaves some rules out.
    @precondition(lambda self: self.has_open)
    @rule(wait_s=WAITS, plan=PLANS)
    def run(self, wait_s: int, plan: list[str]) -> None:
        self.now += timedelta(seconds=wait_s)
        self.channel.plan = plan
        self.drain()

    @precondition(lambda self: self.has_open)
    @rule(wait_s=WAITS, plan=PLANS)
    def run_again(self, wait_s: int, plan: list[str]) -> None:
        self.run(wait_s=wait_s, plan=plan)

    @precondition(lambda self: self.has_open)
    @rule()
    def die_after_claiming(self) -> None:
        leasing.settle(channel="email", max_copies=2, now=self.now)
        leasing.claim(channel="email", now=self.now, limit=5, lease=LEASE)

    @invariant()
    def copies_have_a_reason_and_are_two_at_the_most(self) -> None:
        for delivery_id, copies in self.arrived.items():
            assert copies <= min(2, 1 + self.reasons[delivery_id])

    @invariant()
    def every_event_has_its_one_row_whose_state_tells_the_truth(self) -> None:
        rows = list(Delivery.objects.all())
        assert sorted(row.dedupe_key for row in rows) == sorted(self.keys)
        self.has_open = any(row.state in {State.PENDING, State.LEASED} for row in rows)
        for row in rows:
            arrived = self.arrived[row.public_id]
            if row.state == State.SENT:
                assert arrived
            if row.state in {State.FAILED, State.EXPIRED, State.CANCELLED}:
                assert not arrived
            if row.state == State.UNKNOWN:
                assert self.reasons[row.public_id]
            assert arrived <= row.copies
            assert (row.state == State.LEASED) == bool(row.lease_token)
            if row.is_sensitive and row.state not in {State.PENDING, State.LEASED}:
                assert row.message["text"] == ""

    def teardown(self) -> None:
        """From here on all goes well: everything comes to its end."""
        self.channel.plan = []
        left = Delivery.objects.open()
        for _ in range(20):
            if not left.exists():
                return
            self.now += timedelta(minutes=65)
            self.drain()
        assert not left.exists()


@pytest.mark.django_db
def test_nothing_is_lost_and_nothing_doubled_without_a_reason() -> None:
    run_machine(
        Deliveries,
        settings=hypothesis.settings(
            max_examples=hypothesis.settings().max_examples // 2,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
        ),
    )
