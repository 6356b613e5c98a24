"""Encryption at rest for secrets that we must be able to use again (reliability F13).

The key is derived from SECRET_KEY, which lives outside the database: a copied database file
alone reveals nothing. SECRET_KEY_FALLBACKS can still be read after a rotation.
"""

import base64
import json

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


def _fernet() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derived(str(key))) for key in keys])


def _derived(key: str) -> bytes:
    derivation = HKDF(
        algorithm=hashes.SHA256(), length=32, salt=None, info=b"candor sealed settings"
    )
    return base64.urlsafe_b64encode(derivation.derive(key.encode()))
