"""What is found of a record, from what several servers said."""

import pytest

from custom_domains import records
from custom_domains.records import Finding, Found, Said, Target

HERE = Target("status.ours.test", frozenset({"192.0.2.1", "2001:db8::1"}))


def zone(*values: str, aliases: tuple[str, ...] = (), answered: bool = True) -> Said:
    return Said(True, frozenset(values), aliases, answered)


def world(*values: str, aliases: tuple[str, ...] = (), answered: bool = True) -> Said:
    return Said(False, frozenset(values), aliases, answered)


SILENT_ZONE, SILENT = zone(answered=False), world(answered=False)
OURS = ("status.ours.test",)


@pytest.mark.req("T2", "T3")
@pytest.mark.parametrize(
    ("said", "state", "seen"),
    [
        ([zone("right"), world("right"), world("right")], Found.FOUND, ()),
        ([zone("right", "spf"), world("spf", "right"), SILENT], Found.FOUND, ("spf",)),
        ([zone("right"), world("right"), world()], Found.FOUND, ()),
        ([SILENT_ZONE, world("right"), world("right")], Found.FOUND, ()),
        ([zone("right"), world(), world()], Found.WAITING, ()),
        ([zone("right"), zone(), world("right"), world("right")], Found.WAITING, ()),
        ([SILENT_ZONE, world("right"), world()], Found.WAITING, ()),
        ([zone(), world("right"), world("right")], Found.WAITING, ()),
        ([zone("other"), world("other"), world("other")], Found.WRONG, ("other",)),
        ([zone(), world("old"), world()], Found.WRONG, ("old",)),
        ([zone(), world(), world()], Found.MISSING, ()),
        ([SILENT_ZONE, world(), SILENT], Found.MISSING, ()),
        ([zone("right"), SILENT, SILENT], Found.UNANSWERED, ()),
        ([SILENT_ZONE, SILENT, SILENT], Found.UNANSWERED, ()),
        ([], Found.UNANSWERED, ()),
    ],
)
def test_the_challenge(said: list[Said], state: Found, seen: tuple[str, ...]) -> None:
    finding = records.judge_challenge(name="_x.acme.test", challenge="right", said=said)
    assert (finding.state, finding.seen) == (state, seen)


@pytest.mark.req("T2", "T3")
@pytest.mark.parametrize(
    ("said", "state", "seen"),
    [
        ([zone(aliases=OURS), world("192.0.2.1", aliases=OURS)], Found.FOUND, ()),
        ([zone("192.0.2.1"), world("192.0.2.1")], Found.FOUND, ()),
        ([zone("192.0.2.1", "2001:db8::1"), world("2001:db8::1", "192.0.2.1")], Found.FOUND, ()),
        # An alias out of the zone: only resolvers follow it to the end.
        (
            [zone(aliases=("cdn.test",)), world("192.0.2.1", aliases=("cdn.test", *OURS))],
            Found.FOUND,
            (),
        ),
        (
            [zone(aliases=("cdn.test",)), world("198.51.100.9", aliases=("cdn.test",))],
            Found.WRONG,
            ("198.51.100.9", "cdn.test"),
        ),
        # One address that is not ours: some visitors land elsewhere.
        (
            [zone("192.0.2.1", "198.51.100.9"), world("192.0.2.1", "198.51.100.9")],
            Found.WRONG,
            ("192.0.2.1", "198.51.100.9"),
        ),
        ([zone("192.0.2.1"), world("198.51.100.9")], Found.WAITING, ("198.51.100.9",)),
        ([zone(), world()], Found.MISSING, ()),
        ([zone(aliases=("status.ours.test.evil.test",)), world()], Found.MISSING, ()),
        ([zone(aliases=OURS), SILENT], Found.UNANSWERED, ()),
    ],
)
def test_the_record_that_leads_here(said: list[Said], state: Found, seen: tuple[str, ...]) -> None:
    finding = records.judge_target(name="status.acme.test", target=HERE, said=said)
    assert (finding.state, finding.seen) == (state, seen)


def test_without_addresses_nothing_but_the_alias_is_ours() -> None:
    said = [zone("192.0.2.1"), world("192.0.2.1")]
    finding = records.judge_target(name="a.test", target=Target("status.ours.test"), said=said)
    assert finding.state is Found.WRONG


def test_a_finding_is_stored_as_it_was() -> None:
    finding = Finding("TXT", "_x.acme.test", Found.WRONG, ("right",), ("other",))
    assert Finding.from_json(finding.as_json()) == finding
