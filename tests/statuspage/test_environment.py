"""The Python that `.venv` is made with."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

from statuspage import environment

SAY = "import sys, sysconfig; print(sys.base_prefix, sysconfig.get_config_var('CONFIG_ARGS'))"


def test_the_chosen_python_has_our_version_and_is_as_fast_as_the_machine_offers() -> None:
    chosen = environment.chosen_python()

    assert environment.version_of(chosen).split(".")[:2] == sys.version.split(".")[:2]
    said = subprocess.run([chosen, "-c", SAY], capture_output=True, text=True, check=True).stdout
    is_fast = said.startswith("/usr ") or "--enable-optimizations" in said
    system = environment.version_of(environment.SYSTEM_PYTHON)
    assert is_fast or system.split(".")[:2] != sys.version.split(".")[:2]


def test_a_python_that_is_not_there_has_no_version() -> None:
    assert environment.version_of(environment.ROOT / "no-python") == ""


def test_a_command_leaves_the_python_that_the_product_runs_with(tmp_path: Path) -> None:
    """`bin/manage` from a shell, or cron, that finds another Python first."""
    copy = tmp_path / "statuspage" / "environment.py"
    copy.parent.mkdir()
    shutil.copyfile(environment.__file__, copy)
    spec = importlib.util.spec_from_file_location("copied_environment", copy)
    assert spec is not None
    assert spec.loader is not None
    copied = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(copied)
    (tmp_path / "requirements").mkdir()
    for name in ("base", "test"):
        (tmp_path / "requirements" / f"{name}.txt").touch()
    other = tmp_path / ".venv" / "bin" / "python"
    other.parent.mkdir(parents=True)
    other.write_text("#!/bin/sh\necho '3.99.0 (another build)'\n")
    other.chmod(0o755)
    stamp = copied._stamp("base", "3.99.0 (another build)")
    (tmp_path / ".venv" / "candor-base.stamp").write_text(stamp)

    assert copied.ensure("base", keeps=True) == other
    assert copied.version_of(other) == "3.99.0 (another build)"
