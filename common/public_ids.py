"""Names of things for other programs: 12 characters that never spell a word (interop 1.2). Pure."""

import hashlib
import re
import secrets

ALPHABET = "0123456789bcdfghjklmnpqrstvwxyz"
LENGTH = 12
_FORM = re.compile(f"[{ALPHABET}]{{{LENGTH}}}")


def make() -> str:
    """Return a new id; 59 bits of chance, so that two never meet."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def derived(text: str) -> str:
    """Return the id that this text always gets: for rows that keep none of their own."""
    number = int.from_bytes(hashlib.sha256(text.encode()).digest())
    digits = []
    for _place in range(LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[digit])
    return "".join(digits)


def is_valid(text: str) -> bool:
    """Whether a text has the form of an id; imported ids of the same form are kept as they are."""
    return _FORM.fullmatch(text) is not None
