"""The key that proves to push services that a push is ours (VAPID, RFC 8292).

Made when it is first needed and kept in the data folder; browsers subscribe with its public half,
so a lost key means that every operator subscribes again.
"""

import base64
import functools
import os
import threading
from contextlib import suppress
from datetime import datetime, timedelta
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import serialization
from django.conf import settings
from py_vapid import Vapid02

# Push services accept 24 hours at most.
_VALID_FOR = timedelta(hours=12)
_reading = threading.Lock()


def public_key() -> str:
    """What a browser needs to subscribe (`applicationServerKey`), base64url without padding."""
    point = _key(_path()).public_key.public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()


def authorization(*, endpoint: str, now: datetime) -> dict[str, str]:
    """The headers that sign a push to this endpoint."""
    parts = urlsplit(endpoint)
    claims = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int((now + _VALID_FOR).timestamp()),
        "sub": _contact(),
    }
    signed = _key(_path()).sign(claims)
    return {str(name): str(value) for name, value in signed.items()}


def _contact() -> str:
    """Where a push service may complain: the page (without its port), or the sender of our mails."""
    origin = urlsplit(settings.CANDOR_ORIGIN)
    if origin.scheme == "https":
        return f"https://{origin.hostname}"
    return f"mailto:{parseaddr(settings.DEFAULT_FROM_EMAIL)[1]}"


def _path() -> Path:
    return Path(settings.DATA_DIR) / "vapid_key.pem"


def _key(path: Path) -> Vapid02:
    with _reading:
        return _read(path)


@functools.cache
def _read(path: Path) -> Vapid02:
    if not path.exists():
        _make(path)
    return Vapid02.from_pem(path.read_bytes())


def _make(path: Path) -> None:
    """Write a new key; when another process was faster, keep its."""
    made = Vapid02()
    made.generate_keys()
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_bytes(made.private_pem())
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
