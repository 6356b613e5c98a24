"""Lists of subscribers in and out: every line accounted for, all or nothing, nobody against their will."""

import itertools
from datetime import datetime

import pytest

from accounts.models import AuditEntry
from components import catalogue
from subscribers import csv_exporting, csv_importing, csv_rules, subscribing, suppressing
from subscribers.csv_importing import Changed, Report, Verdict
from subscribers.models import Origin, Reason, State, Subscriber
from tests import build
from tests.counting import statements

pytestmark = pytest.mark.django_db


def report_on(text: str) -> Report:
    return csv_importing.look(lines=csv_rules.listed(text).lines)


def verdicts(text: str) -> list[Verdict]:
    return [one.verdict for one in report_on(text).lines]


def take(text: str, now: datetime, *, stamp: str = "", consent: str = "fair 2025") -> int:
    return csv_importing.take(
        lines=csv_rules.listed(text).lines,
        stamp=stamp or report_on(text).stamp,
        consent=consent,
        now=now,
    ).told


@pytest.mark.req("N11")
def test_good_lines_are_told_from_now_on_with_where_the_consent_comes_from(now: datetime) -> None:
    checkout = build.component(name="Checkout", slug="checkout")
    search = build.component(name="Search", slug="search")
    text = (
        "address,components,postmortems,consent\n"
        "Ada+list@Acme.example,,yes,\n"
        "grace@acme.example,CHECKOUT; search,,signed on paper\n"
    )
    assert take(text, now) == 2
    ada, grace = Subscriber.objects.order_by("id")
    assert (ada.address, ada.canonical) == ("Ada+list@acme.example", "ada@acme.example")
    assert (ada.state, ada.wants_all, ada.wants_postmortems) == (State.ACTIVE, True, True)
    assert (ada.origin, ada.consent_note, ada.created_at) == (Origin.IMPORT, "fair 2025", now)
    assert grace.consent_note == "signed on paper"
    assert not grace.wants_all
    ids = set(grace.chosen.values_list("component_id", flat=True))
    assert ids == {checkout.pk, search.pk}
    entry = AuditEntry.objects.latest("id")
    assert entry.changes["imported_subscribers"][1] == "2 (fair 2025)"
    assert "acme.example" not in str(entry.changes)


@pytest.mark.req("N11", "D6")
def test_each_line_that_is_left_out_says_why(now: datetime) -> None:
    build.component(name="Hidden", slug="hidden", is_visible=False)
    build.subscriber(address="known@acme.example")
    build.subscriber(address="waiting@acme.example", state=State.WAITING)
    left = build.subscriber(address="left@acme.example")
    subscribing.leave(subscriber=left, now=now)
    suppressing.suppress(
        channel="email",
        canonical="angry@acme.example",
        note="",
        reason=Reason.COMPLAINT,
        now=now,
    )
    report = report_on(
        "channel,address,components,state\n"
        "email,new@acme.example,,\n"
        "email,nonsense,,\n"
        "email,Known+tag@acme.example,,\n"
        "email,waiting@acme.example,,\n"
        "email,left@acme.example,,\n"
        "email,ANGRY+again@acme.example,,\n"
        "email,new+again@acme.example,,\n"
        "email,b@acme.example,Hidden,\n"
        "webhook,https://acme.example/hook,,\n"
        "email,c@acme.example,,ended\n"
        ",,all,\n"
    )
    assert [one.verdict for one in report.lines] == [
        Verdict.READY,
        Verdict.INVALID,
        Verdict.KNOWN,
        Verdict.KNOWN,
        Verdict.LEFT,
        Verdict.SUPPRESSED,
        Verdict.TWICE,
        Verdict.NO_COMPONENT,
        Verdict.NO_CHANNEL,
        Verdict.NOT_ACTIVE,
        Verdict.INVALID,
    ]
    details = [one.detail for one in report.lines]
    assert details[5] == str(Reason.COMPLAINT.label)
    assert details[6] == "as in line 2"
    assert details[7] == "Hidden"
    assert report.counts[Verdict.KNOWN] == 2
    assert len(report.skipped) == 10


@pytest.mark.req("D6")
def test_who_was_let_go_for_another_reason_may_be_imported_again(now: datetime) -> None:
    gone = build.subscriber(address="ada@acme.example")
    subscribing.leave(subscriber=gone, reason=subscribing.REMOVED, now=now)
    build.subscriber(address="grace@acme.example", follows="incident:1a2b3c")
    assert verdicts("ada@acme.example\ngrace@acme.example\n") == [Verdict.READY] * 2
    assert take("ada@acme.example\ngrace@acme.example\n", now) == 2


@pytest.mark.req("N11")
def test_all_or_nothing_when_somebody_subscribed_since_the_preview(now: datetime) -> None:
    text = "ada@acme.example\ngrace@acme.example\n"
    shown = report_on(text).stamp
    build.subscriber(address="ada@acme.example")
    with pytest.raises(Changed):
        take(text, now, stamp=shown)
    assert list(Subscriber.objects.values_list("address", flat=True)) == ["ada@acme.example"]
    assert not AuditEntry.objects.filter(changes__has_key="imported_subscribers").exists()


def test_a_list_with_nobody_to_add_adds_nobody(now: datetime) -> None:
    with pytest.raises(Changed):
        take("nonsense@@\n", now)


def test_twice_the_lines_cost_the_same_statements() -> None:
    def cost(count: int) -> int:
        lines = csv_rules.listed("".join(f"a{n}@acme.example\n" for n in range(count))).lines
        with statements() as run:
            csv_importing.look(lines=lines)
        return len(run)

    catalogue.page()
    assert cost(20) == cost(400)


@pytest.mark.req("N11", "F12")
def test_what_is_exported_can_be_imported_as_it_was(now: datetime) -> None:
    checkout = build.component(name="Check; out", slug="checkout")
    build.subscriber(address="=1+1@acme.example", consent_note="+cmd|' /C calc'!A0")
    build.subscriber(address="grace@acme.example", components=[checkout], language="de")
    build.subscriber(address="left@acme.example", state=State.ENDED)
    text = "".join(csv_exporting.exported(rows=Subscriber.objects.all(), now=now))
    for cell in (one for line in text.splitlines()[1:] for one in line.split('","')):
        assert not cell.strip('"').startswith(("=", "+", "-", "@"))
    Subscriber.objects.all().delete()
    assert take(text, now) == 2
    back = list(
        Subscriber.objects.order_by("id").values_list(
            "address", "consent_note", "wants_all", "language"
        )
    )
    assert back == [
        ("=1+1@acme.example", "+cmd|' /C calc'!A0", True, ""),
        ("grace@acme.example", "fair 2025", False, "de"),
    ]
    grace = Subscriber.objects.get(address="grace@acme.example")
    assert grace.chosen.get().component == checkout


@pytest.mark.req("N11")
def test_an_export_comes_in_pieces_and_costs_two_statements_a_chunk(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_exporting, "_CHUNK", 3)
    component = build.component()
    for _ in range(7):
        build.subscriber(components=[component])
    pieces = csv_exporting.exported(rows=Subscriber.objects.all(), now=now)
    with statements() as run:
        names_and_two_rows = list(itertools.islice(pieces, 3))
    assert (len(names_and_two_rows), len(run)) == (3, 2)
    with statements() as run:
        rest = list(pieces)
    assert (len(rest), len(run)) == (5, 4)
    assert AuditEntry.objects.latest("id").changes["exported_subscribers"][1] == "7"
