"""Rules about the files themselves."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference" / "settings.md"


def committed() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / line for line in listed.stdout.splitlines()]


def test_lock_files_hold_hashes_and_no_index_address() -> None:
    for lock in (ROOT / "requirements").glob("*.txt"):
        text = lock.read_text("utf-8")
        assert "://" not in text
        assert "--index" not in text
        assert "--find-links" not in text
        pins = re.findall(r"^[a-z0-9][\w.-]*==", text, re.MULTILINE)
        assert len(pins) > 20
        assert text.count(" \\\n    --hash=sha256:") >= len(pins)


def test_the_test_set_holds_the_base_set() -> None:
    def pins(name: str) -> set[str]:
        text = (ROOT / "requirements" / name).read_text("utf-8")
        return set(re.findall(r"^[a-z0-9][\w.-]*==\S+", text, re.MULTILINE))

    assert pins("base.txt") <= pins("test.txt")


def test_ci_runs_bin_test_and_nothing_else() -> None:
    commands = [
        line
        for line in (ROOT / ".ci" / "run").read_text("utf-8").splitlines()
        if line.strip() and not line.startswith("#")
    ]
    assert commands == ['exec "$(dirname -- "$0")/../bin/test"']


def test_every_environment_name_is_documented_and_every_documented_one_is_read() -> None:
    read = set()
    for name in ("settings.py", "supervisor.py", "environment.py"):
        source = (ROOT / "statuspage" / name).read_text("utf-8")
        read |= set(re.findall(r"env\.\w+\(\s*\"([A-Z_]+)\"", source))
        read |= set(re.findall(r"environ(?:\.get|\.setdefault)?[\[(]\"([A-Z_]+)\"", source))
    read -= {"DJANGO_SETTINGS_MODULE", "PYTHONUNBUFFERED", "PYTHONWARNINGS", "CANDOR_SOCKET_FD"}
    documented = set(re.findall(r"^\| `([A-Z_]+)`", REFERENCE.read_text("utf-8"), re.MULTILINE))
    assert read - {"SECRET_KEY_FILE"} == documented - {"SECRET_KEY_FILE"}


@pytest.mark.parametrize("word", ["/work/", "/root/", "/tmp/candor"])
def test_no_path_of_a_machine_is_committed(word: str) -> None:
    mine = Path(__file__)
    texts = [
        file
        for file in committed()
        if file.suffix in {".py", ".md", ".html", ".toml", ".yml", ".css", ".js"}
    ]
    assert [
        file for file in texts if file != mine and file.exists() and word in file.read_text("utf-8")
    ] == []
