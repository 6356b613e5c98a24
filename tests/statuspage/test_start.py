"""Settings that do not fit stop the start: each in a process of its own, as at a real start."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def start(tmp_path: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("CANDOR_", "SECRET_"))
    }
    return subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={
            **kept,
            "CANDOR_DATA": str(tmp_path),
            "DJANGO_SETTINGS_MODULE": "statuspage.settings",
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_missing_secret_is_fatal_outside_debug(tmp_path: Path) -> None:
    refused = start(tmp_path)
    assert refused.returncode != 0
    assert "SECRET_KEY is not set" in refused.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CANDOR_ALLOW_PRIVATE_TARGETS", "perhaps"),
        ("TRUSTED_PROXY_HOPS", "one"),
        ("CANDOR_ORIGIN", "status"),
    ],
)
def test_a_value_that_is_not_understood_is_fatal_and_named(
    tmp_path: Path, name: str, value: str
) -> None:
    refused = start(tmp_path, SECRET_KEY="x", **{name: value})
    assert refused.returncode != 0
    assert name in refused.stderr


def test_good_settings_pass_the_deploy_checks(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CANDOR_")}
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env={
            **kept,
            "CANDOR_DATA": str(tmp_path),
            "SECRET_KEY": "k" * 20 + "".join(map(chr, range(48, 90))),
            "CANDOR_ORIGIN": "https://status.example.com",
            "DJANGO_SETTINGS_MODULE": "statuspage.settings",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
