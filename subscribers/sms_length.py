"""How long a text message is, and how a long title is made to fit. Pure rules.

Counting follows GSM 03.38: 160 letters of its alphabet, or 70 of any other text, are one message;
of several each holds 153 or 67. The letters of the extension table count twice.
"""

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("^{}\\[~]|€\f")
ONE_PART = 160


def length(text: str) -> tuple[int, int]:
    """Return how many letters a text counts, and in how many messages it is sent."""
    if set(text) <= _BASIC | _EXTENSION:
        count = len(text) + sum(letter in _EXTENSION for letter in text)
        single, several = 160, 153
    else:
        count = len(text.encode("utf-16-be")) // 2
        single, several = 70, 67
    return count, 1 if count <= single else -(-count // several)


def shortened(title: str, *, room: int) -> str:
    """Return the title within this many letters, cut at a word with dots."""
    if len(title) <= room:
        return title
    cut = title[: max(0, room - 3) + 1]
    kept = cut[: cut.rfind(" ")] if " " in cut else cut[:-1]
    return f"{kept.rstrip()}..."
