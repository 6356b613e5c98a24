"""The table of deliveries under steps in any order: saved, claimed, handed, sent, in doubt, dead, restored.

Two workers take single steps, so that everything may happen between any two of them: a newer update,
a cancellation, a suppression, a death, the end of a lease, a back-up brought back. The steps are those
of the drain; nothing leaves but into `Table.arrived`. Invariants are I1 to I3 of reliability 3.1.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import starmap
from typing import Any, NamedTuple

import hypothesis
import pytest
from django.db import connection
from django.db.models import Q
from django.test import override_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from notifications import granting, leasing, outbox
from notifications.channels import CHANNELS
from notifications.channels.base import DeliveryError, OutcomeUnknown
from notifications.messages import Message
from notifications.models import Body, Circuit, Delivery, DeliveryQuerySet, State
from notifications.runs import Run
from tests.notifications import post

LEASE = timedelta(seconds=90)
COPIES = 2
ENDED_BADLY = (State.FAILED, State.UNKNOWN, State.EXPIRED)
READERS = ("ana", "bo")
TOPICS = ("incident:a", "incident:a", "incident:b")
# What happens next to a worker: it claims when it holds nothing, hands over what it has not handed yet,
# and then the word says how it goes on.
FATES = ("noted", "noted", "taken", "no answer", "lost", "refused", "refused for good", "later")
STEPS = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from([*FATES, "dies", "until due", "until due"])),
    min_size=6,
    max_size=12,
)
Key = tuple[str, str]  # event and reader
_unwanted: set[str] = set()  # the grants of readers who unsubscribed or are suppressed


def still_granted(grants: set[str]) -> set[str]:
    """What settings.DELIVERY_GRANTS names during this test."""
    return grants - _unwanted


@dataclass
class Worker:
    """What one worker holds: claimed rows, the first of them perhaps handed over, perhaps taken."""

    rows: list[Delivery] = field(default_factory=list)
    is_handed: bool = False
    is_taken: bool = False

    def drop_first(self) -> None:
        self.rows.pop(0)
        self.is_handed = self.is_taken = False


@dataclass
class Backup:
    deliveries: list[dict[str, Any]]
    bodies: list[dict[str, Any]]
    expected: set[Key]


class Seen(NamedTuple):
    """What the invariants ask of a row."""

    dedupe_key: str
    topic: str
    address: str
    state: str
    lease_token: str
    handed_at: datetime | None
    next_attempt_at: datetime | None


def key(row: "Delivery | Seen") -> Key:
    return row.dedupe_key, row.address


class Table(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        for model in (Delivery, Body, Circuit):
            model.objects.all().delete()
        _unwanted.clear()
        self.now = datetime(2026, 11, 19, tzinfo=UTC)
        self.number = 0
        self.workers = [Worker(), Worker()]
        self.backup: Backup | None = None
        self.expected: set[Key] = set()  # (event, reader) that have to have a row
        self.arrived: Counter[Key] = Counter()
        self.reasons: Counter[Key] = Counter()  # why another copy of a delivery may leave
        self.allowed: dict[Key, int] = defaultdict(lambda: COPIES)
        self.newest: dict[tuple[str, str], int] = defaultdict(int)
        # As the last check found them: Hypothesis asks for each rule before each step.
        self.has_open = self.has_ended_badly = False

    def run_of(self) -> Run:
        return Run(
            began_at=self.now, elapsed_s=lambda: 0.0, budget_s=1, left=99, jitter=lambda: 0.5
        )

    # ---- what the product above asks for ------------------------------------------------------
    @rule(topic=st.sampled_from(TOPICS), lifetime_s=st.sampled_from([None, None, None, 600]))
    def save(self, topic: str, lifetime_s: int | None) -> None:
        self.number += 1
        event = f"update:{self.number}"
        readers = [each for each in READERS if f"reader:{each}" not in _unwanted]
        letters = [
            post.letter(
                address=f"{reader}@example.com",
                dedupe_key=event,
                message=Message(subject=event, text="x"),
                body_key=event,
                topic=topic,
                sequence=self.number,
                grant=f"reader:{reader}",
                expires_at=lifetime_s and self.now + timedelta(seconds=lifetime_s),
            )
            for reader in readers
        ]
        # A worker that dies while it writes them begins anew: what is there already counts once.
        outbox.put_many(letters=letters[:1], now=self.now)
        assert outbox.put_many(letters=letters, now=self.now) == len(letters[1:])
        self.expected |= {(event, f"{reader}@example.com") for reader in readers}

    @precondition(lambda self: self.has_open)
    @rule(topic=st.sampled_from(TOPICS))
    def cancel(self, topic: str) -> None:
        outbox.cancel_topic(topic=topic, now=self.now)

    @precondition(lambda self: self.has_open)
    @rule(reader=st.sampled_from(READERS))
    def suppress(self, reader: str) -> None:
        _unwanted.add(f"reader:{reader}")
        outbox.cancel_grants(grants=[f"reader:{reader}"])

    @precondition(lambda self: bool(_unwanted))
    @rule(reader=st.sampled_from(READERS))
    def want_again(self, reader: str) -> None:
        _unwanted.discard(f"reader:{reader}")

    @precondition(lambda self: self.has_ended_badly)
    @rule()
    def try_again(self) -> None:
        ended = Delivery.objects.filter(state__in=ENDED_BADLY)
        for row in ended:
            self.allowed[key(row)] += COPIES
            self.reasons[key(row)] += 1
        outbox.try_again(ids=[row.id for row in ended], now=self.now)

    # ---- what workers do ------------------------------------------------------------------------
    @precondition(lambda self: self.has_open)
    @rule(steps=STEPS)
    def work(self, steps: list[tuple[int, str]]) -> None:
        """Several steps at once, the invariants checked after each: most of what happens is work."""
        for number, step in steps:
            self.act(self.workers[number], step)
            self.check()

    @precondition(lambda self: self.has_open)
    @rule(steps=STEPS)
    def work_more(self, steps: list[tuple[int, str]]) -> None:
        self.work(steps=steps)

    @rule(wait_s=st.sampled_from([5, 300, 49 * 3600]))
    def wait(self, wait_s: int) -> None:
        self.pass_time(timedelta(seconds=wait_s))

    def act(self, worker: Worker, step: str) -> None:
        if step == "until due":  # a retry, or the end of a lease, over which its worker sleeps
            self.pass_time(max(timedelta(0), min(self.open_times(), default=self.now) - self.now))
        elif worker.rows:
            self.go_on(worker, step)
        elif step not in {"dies", "later"}:
            self.claim(worker, 6)

    def due(self) -> DeliveryQuerySet:
        return Delivery.objects.due(now=self.now)

    def open_times(self) -> list[datetime]:
        times = Delivery.objects.open().values_list("next_attempt_at", flat=True)
        return [at for at in times if at is not None]

    def claim(self, worker: Worker, limit: int) -> None:
        leasing.settle(channel="email", max_copies=COPIES, now=self.now)
        rows = leasing.claim(channel="email", now=self.now, limit=limit, lease=LEASE)
        worker.rows = granting.only_granted(rows)

    def go_on(self, worker: Worker, fate: str) -> None:
        """The next thing that happens to the first row of this worker."""
        if fate == "dies":
            self.die(worker)
        elif worker.is_handed:
            self.end_handed(worker, fate)
        elif fate == "later":
            leasing.release(rows=worker.rows, error="421")
            worker.rows = []
        elif fate.startswith("refused"):
            self.fail(worker, DeliveryError("5xx", permanent=fate == "refused for good"))
        else:
            self.hand(worker)

    def hand(self, worker: Worker) -> None:
        try:
            leasing.mark_handed(row=worker.rows[0], now=self.now)
        except leasing.LeaseLost:
            worker.drop_first()
        else:
            assert worker.rows[0].grant not in _unwanted
            worker.is_handed = True

    def end_handed(self, worker: Worker, fate: str) -> None:
        row = worker.rows[0]
        if fate.startswith("refused") and not worker.is_taken:
            self.fail(worker, DeliveryError("451"))
            return
        if not worker.is_taken and fate != "lost":
            self.take(worker)
        if fate in {"lost", "no answer"}:
            self.reasons[key(row)] += 1
            self.fail(worker, OutcomeUnknown("?"))
        elif fate == "noted":
            self.run_of().note_sent(row)
            worker.drop_first()

    def take(self, worker: Worker) -> None:
        """The other side has it now."""
        row, worker.is_taken = worker.rows[0], True
        copies = self.arrived[key(row)]
        assert not copies or self.reasons[key(row)], "a second copy without a reason"
        assert row.sequence >= self.newest[row.topic, row.address], "an older one after a newer"
        self.newest[row.topic, row.address] = row.sequence
        self.arrived[key(row)] += 1

    def fail(self, worker: Worker, error: DeliveryError) -> None:
        row = worker.rows[0]
        self.run_of().note_failure(channel=CHANNELS["email"], row=row, error=error)
        worker.drop_first()

    def die(self, worker: Worker) -> None:
        if worker.is_handed:
            self.reasons[key(worker.rows[0])] += 1
        worker.rows, worker.is_handed, worker.is_taken = [], False, False

    def pass_time(self, passed: timedelta) -> None:
        """A worker that sleeps over its lease is as good as dead to the others."""
        self.now += passed
        for worker in self.workers:
            if worker.is_handed and self.due().filter(id=worker.rows[0].id).exists():
                self.reasons[key(worker.rows[0])] += 1

    # ---- back-ups -----------------------------------------------------------------------------------
    @precondition(lambda self: self.has_open)
    @rule()
    def back_up(self) -> None:
        self.backup = Backup(
            deliveries=[dict(row) for row in Delivery.objects.values()],
            bodies=[dict(row) for row in Body.objects.values()],
            expected=set(self.expected),
        )

    @precondition(lambda self: self.backup is not None)
    @rule()
    def restore(self) -> None:
        """Everything stops, the table is as it was then, and what was open is held."""
        assert self.backup is not None
        for worker in self.workers:
            self.die(worker)
        Delivery.objects.all().delete()
        Body.objects.all().delete()
        Body.objects.bulk_create(Body(**each) for each in self.backup.bodies)
        Delivery.objects.bulk_create(Delivery(**each) for each in self.backup.deliveries)
        outbox.hold_open()
        assert not Delivery.objects.open().exists()
        self.expected = set(self.backup.expected)
        for row in Delivery.objects.all():
            # What an operator sends once more of it may go back behind what the back-up forgot.
            self.newest[row.topic, row.address] = 0
            self.reasons[key(row)] += row.state == State.UNKNOWN

    # ---- invariants -------------------------------------------------------------------------------
    @invariant()
    def check(self) -> None:
        seen = list(starmap(Seen, Delivery.objects.values_list(*Seen._fields)))
        self.has_open = any(row.next_attempt_at is not None for row in seen)
        self.has_ended_badly = any(row.state in ENDED_BADLY for row in seen)
        self.i1_each_event_has_one_row_for_each_reader_of_then(seen)
        self.i2_copies_are_two_at_the_most()
        self.i3_one_at_most_is_on_its_way_to_a_reader(seen)
        self.the_state_tells_the_truth(seen)

    def i1_each_event_has_one_row_for_each_reader_of_then(self, seen: list[Seen]) -> None:
        rows = [key(row) for row in seen]
        assert len(rows) == len(set(rows))
        assert set(rows) == self.expected

    def i2_copies_are_two_at_the_most(self) -> None:
        for name, copies in self.arrived.items():
            assert copies <= self.allowed[name]

    def i3_one_at_most_is_on_its_way_to_a_reader(self, seen: list[Seen]) -> None:
        pairs = [
            (row.topic, row.address)
            for row in seen
            if row.state == State.LEASED and row.handed_at is not None
        ]
        assert len(pairs) == len(set(pairs))

    def the_state_tells_the_truth(self, seen: list[Seen]) -> None:
        for row in seen:
            copies = self.arrived[key(row)]
            assert (row.state == State.LEASED) == bool(row.lease_token)
            assert (row.next_attempt_at is not None) == (row.state in {State.PENDING, State.LEASED})
            if row.state == State.SENT:
                assert copies
            if row.state == State.UNKNOWN:
                assert self.reasons[key(row)]
            if row.state in {State.FAILED, State.EXPIRED, State.CANCELLED, State.FOLDED}:
                assert not copies or self.reasons[key(row)]

    def teardown(self) -> None:
        """From here on all goes well: everything ends, and who wants it knows the newest."""
        for worker in self.workers:
            self.die(worker)
        worker = self.workers[0]
        for _ in range(60):
            if not (times := self.open_times()):
                break
            self.now = max(self.now, *times)
            self.claim(worker, 100)
            while worker.rows:
                self.go_on(worker, "noted")
        assert not Delivery.objects.open().exists()
        self.check()
        for row in Delivery.objects.filter(state=State.FOLDED):
            newer = Delivery.objects.filter(
                topic=row.topic, address=row.address, sequence__gt=row.sequence
            )
            assert newer.filter(~Q(state=State.FOLDED)).exists()


@pytest.mark.stores
@pytest.mark.django_db
@pytest.mark.req("G-01", "G-02", "G-05", "G-22")
def test_whatever_happens_between_two_steps_of_a_delivery_the_invariants_hold() -> None:
    grants = {"reader": f"{__name__}.still_granted"}
    # Each statement takes PostgreSQL several times as long, and it says the same.
    tenths = 4 if connection.vendor == "sqlite" else 1
    with override_settings(DELIVERY_GRANTS=grants):
        run_machine(
            Table,
            settings=hypothesis.settings(
                max_examples=hypothesis.settings().max_examples * tenths // 10,
                stateful_step_count=20,
                deadline=None,
                derandomize=True,
            ),
        )
