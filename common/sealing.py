"""Encryption at rest for secrets that we must be able to use again (reliability F13).

The key is derived from SECRET_KEY, which lives outside the database: a copied database file
alone reveals nothing. SECRET_KEY_FALLBACKS can still be read after a rotation.
"""

import base64
import json
from datetime import datetime, timedelta

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class SealBroken(Exception):
    """The stored secret was sealed with a key that we no longer have."""


def seal_mapping(secrets: dict[str, str]) -> str:
    """The mapping as text that only this installation can read; empty stays empty."""
    return _fernet().encrypt(json.dumps(secrets).encode()).decode() if secrets else ""


def unseal_mapping(sealed: str) -> dict[str, str]:
    """The mapping that `seal_mapping` was given. Raises SealBroken when the key is gone."""
    if not sealed:
        return {}
    try:
        opened = json.loads(_fernet().decrypt(sealed.encode()))
    except InvalidToken:
        raise SealBroken(
            "A stored secret cannot be read with this SECRET_KEY. Enter it again."
        ) from None
    return {str(name): str(value) for name, value in opened.items()}


def seal_number(number: int, *, use: str, now: datetime) -> str:
    """The number as text for an address: as long for every number, another one each time.

    `use` says what for; text sealed for one use is nothing in another.
    """
    sealed = _fernet(use).encrypt_at_time(f"{number:020d}".encode(), int(now.timestamp()))
    return sealed.decode().rstrip("=")


def unseal_number(text: str, *, use: str, lives: timedelta, now: datetime) -> int:
    """The number that `seal_number` was given. Raises SealBroken when it was made up, or is too old."""
    try:
        padded = (text + "=" * (-len(text) % 4)).encode("ascii")
        opened = _fernet(use).decrypt_at_time(
            padded, int(lives.total_seconds()), int(now.timestamp())
        )
    except (InvalidToken, UnicodeError):
        raise SealBroken("This address is made up, or too old.") from None
    return int(opened)


def seal_text(text: str, *, use: str) -> str:
    """A text for an address or a document, another one each time; good as long as the key is."""
    return _fernet(use).encrypt(text.encode()).decode().rstrip("=")


def unseal_text(sealed: str, *, use: str) -> str:
    """The text that `seal_text` was given. Raises SealBroken when it was made up."""
    try:
        padded = (sealed + "=" * (-len(sealed) % 4)).encode("ascii")
        return _fernet(use).decrypt(padded).decode()
    except (InvalidToken, UnicodeError):
        raise SealBroken("This is made up, or of another installation.") from None


def _fernet(use: str = "sealed settings") -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derived(str(key), use)) for key in keys])


def _derived(key: str, use: str) -> bytes:
    derivation = HKDF(
        algorithm=hashes.SHA256(), length=32, salt=None, info=f"candor {use}".encode()
    )
    return base64.urlsafe_b64encode(derivation.derive(key.encode()))
