"""The Python that `.venv` is made with."""

import subprocess
import sys

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
