"""Random values that stand for somebody, and what is stored of them.

Whatever has not the form of one is told apart before the database is asked (reliability C4, C7).
"""

import hashlib
import re
import secrets

from django.utils.crypto import constant_time_compare, salted_hmac

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_SHORT_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
_CODE = re.compile(r"[0-9]{6}")


def token() -> str:
    """A new token of 256 bits: 43 characters of base64url."""
    return secrets.token_urlsafe(32)


def short_token() -> str:
    """A new token of 128 bits: 22 characters of base64url."""
    return secrets.token_urlsafe(16)


def code() -> str:
    """Six digits to type."""
    return f"{secrets.randbelow(1_000_000):06d}"


def is_token(text: object) -> bool:
    return isinstance(text, str) and _TOKEN.fullmatch(text) is not None


def is_short_token(text: object) -> bool:
    return isinstance(text, str) and _SHORT_TOKEN.fullmatch(text) is not None


def digest(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode("ascii", "replace")).hexdigest()


def code_digest(row_id: int, code: str) -> str:
    """What is stored of a code: useless without our key, and for any other row (C5)."""
    return salted_hmac("customer_pages.code", f"{row_id}:{code}", algorithm="sha256").hexdigest()


def fits(stored: str, row_id: int, typed: str) -> bool:
    """Whether somebody typed the code of this row, with spaces and hyphens as they like."""
    typed = re.sub(r"[\s-]", "", typed)
    if not stored or not _CODE.fullmatch(typed):
        return False
    return constant_time_compare(stored, code_digest(row_id, typed))
