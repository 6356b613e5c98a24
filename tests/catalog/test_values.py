"""Words become values of attributes, or a sentence says what to write instead."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import values
from catalog.values import Field, Kind, Known, Names, NotAValue

KNOWN = Known(
    components={"web": frozenset({1}), "api": frozenset({2}), "both": frozenset({1, 2})},
    entries={7: {"acme": frozenset({70}), "beta": frozenset({71}), "twin": frozenset({70, 71})}},
)


def read(kind: Kind, *said: str, **fields: Any) -> object:
    target = 7 if kind.refers else None
    excepted = fields.pop("excepted", ())
    one = Field(key="x", kind=kind, target=target, **fields)
    return values.read(one, said, known=KNOWN, excepted=excepted)


@pytest.mark.req("R4", "R7", "R8")
@pytest.mark.parametrize(
    ("kind", "said", "value"),
    [
        (Kind.TEXT, ["  Gold "], "Gold"),
        (Kind.TEXT, ["=1+1"], "=1+1"),
        (Kind.NUMBER, ["12"], 12),
        (Kind.NUMBER, ["99.95"], 99.95),
        (Kind.NUMBER, ["-0.5"], -0.5),
        (Kind.NUMBER, ["\u22123"], -3),
        (Kind.YES_NO, ["Yes"], True),
        (Kind.YES_NO, ["false"], False),
        (Kind.COMPONENTS, ["API", "web", "api"], [2, 1]),
        (Kind.REFERENCE, ["Acme"], 70),
        (Kind.REFERENCES, ["beta", "acme"], [71, 70]),
        (Kind.TEXTS, ["a", "", "b", "a"], ["a", "b", "a"]),
        (Kind.NUMBERS, ["1", "2.5"], [1, 2.5]),
        (Kind.DOMAINS, ["ACME.com.", "@acme.com"], ["acme.com"]),
        (Kind.DOMAINS, ["*.acme.com", "acme.com"], ["*.acme.com", "acme.com"]),
        (Kind.DOMAINS, ["bücher.example"], ["xn--bcher-kva.example"]),
        (Kind.DOMAINS, ["Ann@ACME.com"], ["ann@acme.com"]),
    ],
)
def test_words_become_the_value_of_their_kind(kind: Kind, said: list[str], value: object) -> None:
    found = read(kind, *said)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.req("R4")
@pytest.mark.parametrize("kind", Kind)
def test_nothing_said_is_no_value_unless_it_is_required(kind: Kind) -> None:
    assert read(kind, " ", "") is None
    with pytest.raises(NotAValue, match="required"):
        read(kind, is_required=True)


@pytest.mark.req("R4")
@pytest.mark.parametrize(
    ("kind", "said", "sentence"),
    [
        (Kind.NUMBER, ["twelve"], "not a number"),
        (Kind.NUMBER, ["nan"], "not a number"),
        (Kind.NUMBER, ["1e400"], "not a number"),
        (Kind.NUMBER, ["٣"], "not a number"),
        (Kind.NUMBERS, ["1", "x"], "not a number"),
        (Kind.YES_NO, ["maybe"], "yes or no"),
        (Kind.TEXT, ["a", "b"], "Only one"),
        (Kind.TEXT, ["x" * 2_001], "longer"),
        (Kind.TEXT, ["a\x00b"], "control character"),
        (Kind.TEXT, ["a\u202eb"], "control character"),
        (Kind.TEXTS, ["x"] * 501, "At most"),
        (Kind.COMPONENTS, ["web", "nowhere"], "no component"),
        (Kind.COMPONENTS, ["both"], "Several components"),
        (Kind.REFERENCE, ["nobody"], "no entry"),
        (Kind.REFERENCES, ["twin"], "Several entries"),
    ],
)
def test_what_is_no_value_is_refused_with_a_sentence(
    kind: Kind, said: list[str], sentence: str
) -> None:
    with pytest.raises(NotAValue, match=sentence):
        read(kind, *said)


@pytest.mark.req("R10")
@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("gmail.com", "Anybody can get a mailbox"),
        ("GMAIL.com.", "Anybody can get a mailbox"),
        ("googlemail.com", "Anybody can get a mailbox"),
        ("*.gmail.com", "Anybody can get a mailbox"),
        ("ann@gmail.com", "Anybody can get a mailbox"),
        ("co.uk", "Anybody can register"),
        ("*.co.uk", "Anybody can register"),
        ("github.io", "Anybody can register"),
        ("com", "top-level"),
        ("*.com", "top-level"),
        ("localhost", "top-level"),
        ("192.0.2.1", "IP address"),
        ("[192.0.2.1]", "IP address"),
        ("a b.com", "not a domain name"),
        ("ann@", "not a full e-mail"),
        ('"x@evil.com"@acme.com', "not a full e-mail"),
    ],
)
def test_domains_where_anybody_gets_in_are_refused_with_the_reason(
    word: str, sentence: str
) -> None:
    """Reliability B7; the word that is refused is named, as it was written."""
    with pytest.raises(NotAValue, match=sentence) as caught:
        read(Kind.DOMAINS, "acme.com", word)
    assert caught.value.about == word


@pytest.mark.req("R10")
def test_an_exception_lets_single_addresses_in_and_never_the_domain() -> None:
    """Reliability B7: the override is a list of exact addresses."""
    assert read(Kind.DOMAINS, "ann@gmail.com", excepted={"gmail.com"}) == ["ann@gmail.com"]
    for word in ("gmail.com", "*.gmail.com", "ann@gmx.de"):
        with pytest.raises(NotAValue):
            read(Kind.DOMAINS, word, excepted={"gmail.com"})


@pytest.mark.req("R10")
def test_what_could_not_be_stored_today_is_found_in_what_is_stored() -> None:
    stored = ["acme.com", "gmail.com", "*.co.uk", "ann@gmail.com", "bob@acme.com"]
    found = values.refused(stored)
    assert [word for word, _reason in found] == ["*.co.uk", "gmail.com", "ann@gmail.com"]
    assert [word for word, _ in values.refused(stored, excepted={"gmail.com"})] == [
        "*.co.uk",
        "gmail.com",
    ]
    assert values.refused(None) == values.refused("gmail.com") == []


_said = st.one_of(
    st.tuples(st.just(Kind.TEXT), st.text("abc=;@ '", min_size=1, max_size=8).map(lambda x: [x])),
    st.tuples(st.just(Kind.NUMBER), st.integers(-(10**9), 10**9).map(lambda x: [str(x)])),
    st.tuples(st.just(Kind.YES_NO), st.sampled_from([["yes"], ["no"]])),
    st.tuples(st.just(Kind.COMPONENTS), st.lists(st.sampled_from(["web", "api"]))),
    st.tuples(st.just(Kind.REFERENCES), st.lists(st.sampled_from(["acme", "beta"]))),
    st.tuples(st.just(Kind.DOMAINS), st.lists(st.sampled_from(["a.example", "*.b.example"]))),
    st.tuples(st.just(Kind.TEXTS), st.lists(st.text("abc -", max_size=5))),
)


@given(_said)
def test_a_value_written_as_words_reads_as_the_same_value(said: tuple[Kind, list[str]]) -> None:
    kind, given_words = said
    one = Field(key="x", kind=kind, target=7 if kind.refers else None)
    names = Names(components={1: "web", 2: "api"}, entries={70: "acme", 71: "beta"})
    value = values.read(one, given_words, known=KNOWN)
    again = values.words(one, value, names=names)
    assert values.read(one, again, known=KNOWN) == value
