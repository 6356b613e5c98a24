"""How text messages are counted, and how titles are made to fit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers import sms_length as sms


@pytest.mark.parametrize(
    ("text", "count", "parts"),
    [
        ("", 0, 1),
        ("x" * 160, 160, 1),
        ("x" * 161, 161, 2),
        ("x" * 306, 306, 2),
        ("x" * 307, 307, 3),
        ("€" * 80, 160, 1),  # of the extension table: two each
        ("[]", 4, 1),
        ("Zurück", 6, 1),
        ("ч" * 70, 70, 1),  # outside the alphabet: 70 a message
        ("ч" * 71, 71, 2),
        ("ч" * 134, 134, 2),
        ("ч" * 135, 135, 3),
        ("😀" * 35, 70, 1),  # two units of UTF-16 each
        ("😀" * 36, 72, 2),
    ],
)
def test_letters_and_parts_are_counted_as_networks_do(text: str, count: int, parts: int) -> None:
    assert sms.length(text) == (count, parts)


def test_a_title_is_cut_at_a_word() -> None:
    assert sms.shortened("Payments fail", room=13) == "Payments fail"
    assert sms.shortened("Payments fail in the EU", room=16) == "Payments fail..."
    assert sms.shortened("Payments fail in the EU", room=15) == "Payments..."
    assert sms.shortened("Unbreakable", room=8) == "Unbre..."


@given(st.text(max_size=60), st.integers(4, 60))
def test_a_shortened_title_always_fits(title: str, room: int) -> None:
    assert len(sms.shortened(title, room=room)) <= room
