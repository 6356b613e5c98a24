"""`bin/manage apply` and `bin/manage export` as a person types them."""

import contextlib
import io
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from components.models import Component

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[3]
SHOP = "components:\n  - {name: Shop, nodes: [{name: web, replicas: ['tcp://127.0.0.1:5432']}]}\n"


def run(name: str, *arguments: str) -> str:
    output = io.StringIO()
    call_command(name, *arguments, stdout=output)
    return output.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "acme.yaml"
    file.write_text(SHOP, encoding="utf-8")
    return file


def test_apply_prints_what_it_did_and_then_that_nothing_is_left_to_do(file: Path) -> None:
    assert (
        run("apply", str(file))
        == """\
+ component shop (Shop)
+ node shop/web
+ replica shop/web tcp://127.0.0.1:5432
3 added.
"""
    )
    assert run("apply", str(file)) == "Nothing to change.\n"


def test_a_dry_run_says_so_and_prune_tells_what_it_removed(file: Path) -> None:
    run("apply", str(file))
    file.write_text("components: [{name: Mail}]\n", encoding="utf-8")

    assert (
        run("apply", str(file), "--dry-run", "--prune")
        == """\
+ component mail (Mail)
- component shop (Shop)
Dry run, nothing was changed. Applying would say: 1 added, 1 removed.
"""
    )
    assert Component.objects.get().slug == "shop"
    assert "1 added, 1 removed.\n" in run("apply", str(file), "--prune")
    assert Component.objects.get().slug == "mail"


def test_kept_items_are_listed_although_there_is_nothing_to_change(file: Path) -> None:
    run("apply", str(file))
    file.write_text("{}\n", encoding="utf-8")

    assert run("apply", str(file)) == (
        "= component shop (Shop): not in the file, kept\nNothing to change.\n"
    )


def test_mistakes_go_to_standard_error_one_a_line_and_nothing_is_half_saved(file: Path) -> None:
    file.write_text(
        SHOP
        + "  - {name: Other, nods: []}\n  - {name: Third, nodes: [{name: x, replicas: ['tcp://db']}]}\n",
        encoding="utf-8",
    )
    errors = io.StringIO()

    with pytest.raises(CommandError, match=r"acme\.yaml has 2 mistakes\. Nothing was changed\."):
        call_command("apply", str(file), stderr=errors)

    assert (
        errors.getvalue()
        == """\
components[1].nods, line 3: nods is not a known key. Did you mean nodes?
components[2].nodes[0].replicas[0], line 4: tcp://db has no port; write for example tcp://db:5432.
"""
    )
    assert not Component.objects.exists()


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"missing\.yaml cannot be read: No such file"):
        call_command("apply", str(tmp_path / "missing.yaml"))
    with pytest.raises(CommandError, match="cannot be read: Is a directory"):
        call_command("apply", str(tmp_path))


def test_what_was_exported_can_be_applied(file: Path) -> None:
    run("apply", str(file))
    file.write_text(run("export"), encoding="utf-8")

    assert run("apply", str(file), "--prune") == "Nothing to change.\n"


def test_the_exit_code_tells_a_script_whether_it_worked(tmp_path: Path, prepared: Path) -> None:
    """The real program, with the file on standard input and a database of its own."""
    data = shutil.copytree(prepared, tmp_path / "data")
    environment = os.environ | {
        "CANDOR_DATA": str(data),
        "SECRET_KEY": "tests-only",
        "CANDOR_ALLOW_PRIVATE_TARGETS": "1",
        "DJANGO_SETTINGS_MODULE": "statuspage.settings",
    }
    environment.pop("DATABASE_URL", None)

    def apply(text: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "manage.py", "apply", "-"],
            cwd=ROOT,
            env=environment,
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )

    applied = apply(SHOP)
    assert (applied.returncode, applied.stderr) == (0, "")
    wrong = apply("componets: []\n")
    assert wrong.returncode == 1
    assert wrong.stderr.startswith(
        "componets, line 1: componets is not a known key. Did you mean components?\n"
    )
    with contextlib.closing(sqlite3.connect(data / "candor.sqlite3")) as database:
        kept = database.execute("SELECT address FROM monitoring_replica").fetchall()
    assert kept == [("tcp://127.0.0.1:5432",)]
