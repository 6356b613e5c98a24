"""The password of HTTP Basic, or a bearer token: the only places a token is taken from (E5)."""

import base64
import binascii


def secret_of(header: str) -> str | None:
    """The token in an Authorization header; None when there is none or it cannot be read.

    The user name of Basic is ignored: clients send none, or a word of their own (protocols 0.4).
    """
    scheme, _, value = header.strip().partition(" ")
    value = value.strip()
    if scheme.lower() == "bearer":
        return value or None
    if scheme.lower() != "basic":
        return None
    try:
        decoded = base64.b64decode(value, validate=True).decode("utf-8", "surrogateescape")
    except (binascii.Error, ValueError):
        return None
    _, colon, password = decoded.partition(":")
    return password if colon else None
