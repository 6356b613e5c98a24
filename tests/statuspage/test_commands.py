"""What all commands of `bin/manage` that are ours have in common."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands, load_command_class

ROOT = Path(settings.BASE_DIR)


def test_no_command_of_ours_starts_with_the_checks() -> None:
    """They load every screen and the whole API: two seconds of work, to find what bin/check found."""
    ours = {
        name: app for name, app in get_commands().items() if (ROOT / app / "__init__.py").is_file()
    }
    assert {"prepare", "publish", "apply", "take_bounce"} <= ours.keys()
    checked = {
        name for name, app in ours.items() if load_command_class(app, name).requires_system_checks
    }
    assert not checked


@pytest.mark.parametrize("command", [["export"], ["apply", "shop.yaml"]], ids=["export", "apply"])
def test_a_database_that_was_never_set_up_is_a_sentence(tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "shop.yaml").write_text("components: [{name: Shop}]\n")
    settings_ = {"SECRET_KEY": "x" * 50, "CANDOR_DATA": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, ROOT / "manage.py", *command],
        env={"PATH": os.environ["PATH"], **settings_},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 1
    assert "start bin/up once, or run bin/manage migrate" in ended.stderr
    assert "Traceback" not in ended.stderr
