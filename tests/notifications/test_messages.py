"""What a message may hold: property tests, because people and monitored hosts write the texts."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.messages import HeaderNotAllowed, Message, Tone, one_line

_ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=[]), max_size=300)


@pytest.mark.parametrize(
    ("typed", "subject"),
    [
        ("Website is dead", "Website is dead"),
        ("a\r\nBcc: x@y.example", "a Bcc: x@y.example"),
        ("a\u2028b\u2029c\x85d\x0be", "a b c d e"),
        ("in\x00visi\x07ble\x7f", "invisible"),
        ("pay\u202elaer\u202c \u2066x\u2069", "paylaer x"),
        ("  wide\t\u00a0 gap  ", "wide gap"),
        ("half of a pair \ud800", "half of a pair \ufffd"),
        ("\u05e9\u05dc\u05d5\u05dd\u200f 👩\u200d🔧", "\u05e9\u05dc\u05d5\u05dd\u200f 👩\u200d🔧"),
    ],
)
def test_subject_is_one_clean_line(typed: str, subject: str) -> None:
    assert Message(subject=typed, text="").subject == subject


def test_long_subject_is_cut() -> None:
    subject = Message(subject="x" * 10_000, text="").subject

    assert len(subject) == 200
    assert subject.endswith("x…")


def test_text_keeps_its_lines_and_tabs() -> None:
    message = Message(subject="", text="one\r\ntwo\rthree\u2028four\n\n\tsix\x00\x1b[31m")

    assert message.text == "one\ntwo\nthree\nfour\n\n\tsix[31m"


def test_long_line_is_cut_at_a_space() -> None:
    words = " ".join(["word"] * 1_000)

    text = Message(subject="", text=words).text

    assert text.replace("\n", " ") == words
    assert max(len(line.encode()) for line in text.split("\n")) <= 990


def test_long_line_without_a_space_is_cut_between_characters() -> None:
    text = Message(subject="", text="é" * 5_000).text

    assert text.replace("\n", "") == "é" * 5_000
    assert max(len(line.encode()) for line in text.split("\n")) <= 990


@given(_ANY_TEXT, _ANY_TEXT, _ANY_TEXT)
def test_any_text_comes_back_from_the_database_as_it_was_cleaned(
    subject: str, text: str, html: str
) -> None:
    message = Message(subject=subject, text=text, html=html)
    stored = json.dumps(message.as_json())

    assert Message.from_json(json.loads(stored)) == message
    stored.encode()
    assert "\\u0000" not in stored


@given(_ANY_TEXT)
def test_one_line_is_one_line(text: str) -> None:
    assert len(one_line(text).splitlines()) <= 1
    assert one_line(one_line(text)) == one_line(text)


def test_everything_survives_json() -> None:
    message = Message(
        subject="s",
        text="t",
        html="<p>h</p>",
        url="https://status.example.com/",
        headers={"List-Unsubscribe": "<https://status.example.com/u/1>"},
    )

    assert Message.from_json(message.as_json()) == message
    assert Message.from_json({}) == Message(subject="", text="")


def test_header_value_is_one_line() -> None:
    message = Message(subject="", text="", headers={"Reply-To": "a@b.example\r\nBcc: c@d.example"})

    assert message.headers == {"Reply-To": "a@b.example Bcc: c@d.example"}


@pytest.mark.parametrize(
    "headers",
    [
        {"Bcc": "x@y.example"},
        {"subject": "other"},
        {"Message-ID": "<1@y.example>"},
        {"Content-Type": "text/html"},
        {"X-Delivery-Id": "1"},
        {"X Y": "1"},
        {"X:Y": "1"},
        {"X\r\nBcc": "1"},
        {"": "1"},
        {"X-Long": "é" * 451},
    ],
)
def test_header_of_the_channel_or_with_a_bad_name_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(HeaderNotAllowed):
        Message(subject="", text="", headers=headers)


def test_what_machines_get_is_stored_with_the_message() -> None:
    message = Message(
        subject="Website is dead",
        text="",
        tone=Tone.PROBLEM,
        alert_key="replica:1\r\nx",
        is_urgent=True,
        payload={"event": "status:health:changed", "data": {"nodes": [{"id": "web", "cpu": 0.5}]}},
    )

    stored = json.loads(json.dumps(message.as_json()))

    assert Message.from_json(stored) == message
    assert message.alert_key == "replica:1 x"


def test_an_ordered_payload_keeps_its_order_where_stored_keys_are_sorted() -> None:
    message = Message(
        subject="", text="", payload={"page": 1, "id": {"b": "ä", "a": 2}}, is_ordered=True
    )

    stored = json.loads(json.dumps(message.as_json(), sort_keys=True))

    found = Message.from_json(stored)
    assert found == message
    assert json.dumps(found.payload) == json.dumps(message.payload)


def test_message_of_an_older_version_is_a_notice() -> None:
    message = Message.from_json({"subject": "a", "text": "b"})

    assert (message.tone, message.alert_key, message.is_urgent, message.payload) == (
        Tone.NOTICE,
        "",
        False,
        {},
    )


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_ANY_TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(data=_JSON)
def test_payload_from_anywhere_can_be_stored_and_sent(data: object) -> None:
    message = Message(subject="a", text="b", payload={"data": data})

    written = json.dumps(message.as_json(), allow_nan=False)

    assert "\\u0000" not in written
    written.encode()
    assert Message.from_json(json.loads(written)) == message
