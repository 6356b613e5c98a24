"""Updates of one event in any order of announcing, sending, dying and waking: nobody goes back in time.

A fake channel stands at the edge; senders die by an exception that nothing of ours catches, or sleep
over their lease and wake.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from notifications import backoff, delivering, outbox
from notifications.channels.base import (
    DeliveryError,
    Field,
    Handing,
    OutcomeUnknown,
    Parcel,
    Recipient,
)
from notifications.messages import Message
from notifications.models import Body, Circuit, Delivery, State
from tests.notifications import post

LEASE = timedelta(seconds=90)
READERS = ("ana@example.com", "bo@example.com")
EVENTS = ("arrives", "later", "killed before", "killed after", "lost answer", "sleeps", "overtaken")


class Killed(BaseException):
    """kill -9: nothing after it runs."""


class FakeChannel:
    """Does with each message what the plan says, and keeps what arrived."""

    name = "email"
    title = "Fake"
    fields: tuple[Field, ...] = ()
    schedule = backoff.MAIL
    send_timeout = timedelta(seconds=30)
    max_copies = 2
    has_many_hosts = False
    holds_incidents = False
    connections = 1
    per_s = 0

    def __init__(self, machine: "Updates") -> None:
        self._machine = machine
        self.plan: list[str] = []

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
        event = self.plan.pop(0) if self.plan else "arrives"
        if event == "later":
            raise DeliveryError("450")
        if event == "killed before":
            raise Killed
        if event == "overtaken":
            self._machine.announce()
        if event == "sleeps":
            self._machine.others_work_meanwhile()
        handing()
        if event == "killed after":
            raise Killed
        self._machine.arrived[parcel.address].append(int(parcel.message.subject))
        if event == "lost answer":
            raise OutcomeUnknown("?")


class Updates(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        for model in (Delivery, Body, Circuit):
            model.objects.all().delete()
        self.now = datetime(2026, 11, 19, tzinfo=UTC)
        self.channel = FakeChannel(self)
        self.arrived: dict[str, list[int]] = defaultdict(list)
        self.newest = 0
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

    def others_work_meanwhile(self) -> None:
        """A newer update comes while this sender sleeps over its lease, and another worker runs."""
        self.announce()
        self.now += LEASE
        plan, self.channel.plan = self.channel.plan, []
        self.drain()
        self.drain()
        self.channel.plan = plan

    @rule()
    def announce(self) -> None:
        self.newest += 1
        letters = [
            post.letter(
                address=address,
                dedupe_key=f"update:{self.newest}",
                message=Message(subject=str(self.newest), text="x"),
                body_key=f"update:{self.newest}",
                topic="incident:a",
                sequence=self.newest,
            )
            for address in READERS
        ]
        outbox.put_many(letters=letters, now=self.now)

    @precondition(lambda self: self.has_open)
    @rule(
        wait_s=st.sampled_from([0, 5, 30, 90, 300, 330, 3600]),
        plan=st.lists(st.sampled_from(EVENTS), min_size=1, max_size=6),
    )
    def run(self, wait_s: int, plan: list[str]) -> None:
        self.now += timedelta(seconds=wait_s)
        self.channel.plan = plan
        self.drain()

    @invariant()
    def nobody_goes_back_in_time(self) -> None:
        for numbers in self.arrived.values():
            assert numbers == sorted(numbers)

    @invariant()
    def each_reader_has_one_row_of_each_update_and_one_at_most_on_its_way(self) -> None:
        rows = list(Delivery.objects.values_list("address", "state"))
        assert len(rows) == self.newest * len(READERS)
        self.has_open = any(state in {State.PENDING, State.LEASED} for _address, state in rows)
        for address in READERS:
            assert rows.count((address, State.LEASED)) <= 1

    def teardown(self) -> None:
        """From here on all goes well: everybody has the newest, or may have it."""
        self.channel.plan = []
        for _ in range(20):
            if not Delivery.objects.open().exists():
                break
            self.now += timedelta(minutes=65)
            self.drain()
        assert not Delivery.objects.open().exists()
        for address in READERS if self.newest else ():
            last = Delivery.objects.get(address=address, sequence=self.newest)
            assert last.state in {State.SENT, State.UNKNOWN}
            told = set(self.arrived[address])
            for row in Delivery.objects.filter(address=address, state=State.FOLDED):
                assert row.sequence not in told


@pytest.mark.django_db
@pytest.mark.req("G-05", "G-01")
def test_nobody_hears_an_older_update_after_a_newer() -> None:
    run_machine(
        Updates,
        settings=hypothesis.settings(
            max_examples=hypothesis.settings().max_examples // 4,
            stateful_step_count=15,
            deadline=None,
            derandomize=True,
        ),
    )
