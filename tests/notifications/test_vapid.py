"""The key that signs pushes."""

import threading
from datetime import datetime
from pathlib import Path

import pytest
from pytest_django import Settings

from notifications import vapid


@pytest.fixture(autouse=True)
def _folder(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


def test_key_is_made_once_and_kept_for_us_alone(tmp_path: Path) -> None:
    made: list[str] = []
    threads = [threading.Thread(target=lambda: made.append(vapid.public_key())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    [file] = tmp_path.iterdir()
    assert file.stat().st_mode & 0o077 == 0
    assert len(made) == 8
    assert len(set(made)) == 1
    vapid._read.cache_clear()
    assert vapid.public_key() == made[0]


def test_key_of_a_faster_process_is_kept(tmp_path: Path) -> None:
    first = vapid.public_key()

    vapid._make(tmp_path / "vapid_key.pem")

    vapid._read.cache_clear()
    assert vapid.public_key() == first
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    "origin", ["https://status.example.com:8443", "http://127.0.0.1:8000", "https://example.com"]
)
def test_every_origin_can_sign(origin: str, settings: Settings, now: datetime) -> None:
    settings.CANDOR_ORIGIN = origin
    settings.DEFAULT_FROM_EMAIL = "Acme status <status@127.0.0.1>"

    headers = vapid.authorization(endpoint="https://fcm.googleapis.com/fcm/send/x", now=now)

    assert headers["Authorization"].startswith("vapid t=")
