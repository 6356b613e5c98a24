"""The command `candor` and its library against the running management API."""

import io
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from accounts.roles import Role
from candor import Candor, Changed, Invalid, NotAllowed
from candor.cli import main
from components.models import Component
from incidents.models import Announcement, Incident, Maintenance
from notifications.models import Delivery
from tests import build
from tests.management_api.calling import Caller

pytestmark = pytest.mark.django_db(transaction=True)

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(
    live_server: LiveServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> Run:
    """Run the command as an Owner; its exit code, and what it printed and complained."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("CANDOR_URL", live_server.url)
    monkeypatch.setenv("CANDOR_TOKEN", Caller().secret)

    def carried_out(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
        typed = io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8")
        monkeypatch.setattr(sys, "stdin", typed)
        code = main(arguments)
        told = capsys.readouterr()
        return code, told.out, told.err

    return carried_out


def told(answer: tuple[int, str, str]) -> Any:
    """The JSON of a command that was done."""
    code, out, err = answer
    assert code == 0, err
    return json.loads(out)


def test_an_incident_is_opened_updated_shown_and_resolved(run: Run) -> None:
    build.component(name="Checkout", slug="checkout")
    build.subscriber(address="ada@acme.example")
    opened = told(
        run(
            *("incident", "open", "Checkout fails", "--impact", "major", "--json"),
            *("-c", "checkout=degraded", "-m", "-", "--next", "+30m"),
            stdin="A query is slow.",
        )
    )
    assert (opened["state"], opened["components"][0]["status"]) == (
        "investigating",
        "degraded_performance",
    )
    assert Delivery.objects.filter(address="ada@acme.example").count() == 0  # fanned out later
    code, out, _err = run(
        "incident", "update", opened["id"], "--state", "identified", "-m", "Found."
    )
    assert (code, out) == (0, "Posted: identified.\n")
    shown = run("incident", "show", opened["id"])[1]
    assert "A query is slow." in shown
    assert "Found." in shown
    assert run("incident", "resolve", opened["id"], "-q", "-m", "Quick again.")[0] == 0
    assert Incident.objects.get().state == "resolved"
    listed = run("incident", "list", "--phase", "past")[1]
    assert "Checkout fails" in listed
    assert "There are no such incidents." in run("incident", "list", "--phase", "open")[1]
    refused = run("incident", "delete", opened["id"])
    assert (refused[0], Incident.objects.count()) == (2, 1)
    assert told(run("incident", "delete", opened["id"], "--yes", "--json"))["deleted"] is True
    assert not Incident.objects.exists()


def test_a_component_is_held_and_let_go(run: Run) -> None:
    build.component(name="API", slug="api")
    assert told(run("component", "set", "api", "degraded", "--json"))["is_held"] is True
    assert Component.objects.get().status == "degraded_performance"
    assert "degraded_performance" in run("component", "list")[1]
    assert run("component", "set", "api", "auto")[1] == "API follows its monitors: operational.\n"
    assert "description: " in run("component", "show", "api")[1]
    (figure,) = told(run("uptime", "api", "--days", "7", "--json"))
    assert figure["component"] == "api"
    assert told(run("uptime", "--json"))[0]["component_id"] == figure["component_id"]


def test_maintenance_is_planned_begun_extended_and_ended(run: Run) -> None:
    build.component(name="API", slug="api")
    planned = told(
        run(
            *("maintenance", "plan", "Database upgrade", "--start", "+2h", "--for", "90m"),
            *("-c", "api", "-m", "Reads go on.", "--json"),
        )
    )
    ident = planned["id"]
    assert (planned["state"], planned["components"][0]["status"]) == (
        "scheduled",
        "under_maintenance",
    )
    assert run("maintenance", "start", ident)[1] == "It is in_progress now.\n"
    before = Maintenance.objects.get().ends_at
    assert run("maintenance", "extend", ident, "30m", "-q")[0] == 0
    assert Maintenance.objects.get().ends_at > before
    assert run("maintenance", "complete", ident, "-m", "Done.")[0] == 0
    assert "Database upgrade" in run("maintenance", "list", "--state", "completed")[1]
    other = ("maintenance", "plan", "Other", "--start", "+1d", "--for", "1h", "-c", "api")
    again = told(run(*other, "--json"))
    assert run("maintenance", "cancel", again["id"], "-m", "Not needed.")[0] == 0
    assert run("maintenance", "start", again["id"])[0] == 5


def test_announcements_and_subscribers(run: Run) -> None:
    build.subscriber(address="ada@acme.example")
    made = told(run("announcement", "add", "New address", "-m", "We move.", "--json"))
    assert "New address" in run("announcement", "list")[1]
    assert run("announcement", "remove", str(made["id"]))[0] == 0
    assert not Announcement.objects.exists()
    assert "ada@acme.example" in run("subscriber", "list", "--search", "ada")[1]
    assert "no such subscribers" in run("subscriber", "list", "--state", "paused")[1]


def test_a_file_is_applied_from_afar(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "candor.yaml"
    file.write_text("components:\n  - {name: Basket, slug: basket}\n", encoding="utf-8")
    tried = run("apply", str(file), "--dry-run")
    assert "+ component" in tried[1]
    assert "Dry run, nothing was changed." in tried[1]
    assert not Component.objects.exists()
    assert run("apply", str(file))[0] == 0
    assert run("apply", "-", stdin=file.read_text(encoding="utf-8"))[1].endswith(
        "Nothing to change.\n"
    )
    wrong = run("apply", "-", stdin="components:\n  - {name: Basket, slug: 'no slug'}\n")
    assert wrong[0] == 1
    assert "components[0].slug (line 2)" in wrong[2]
    assert run("apply", str(tmp_path / "nothing.yaml"))[0] == 2


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("incident", "show", "nothing"), 3, "no such incident"),
        (("incident", "open", "", "-m", "x"), 1, "title"),
        (("component", "set", "api", "sideways"), 2, "is no status"),
        (("maintenance", "plan", "x", "--for", "soon"), 2, "is no length"),
        (("incident", "open", "x", "--next", "later"), 2, "is no moment"),
        (("component", "list", "--url", "ftp://x"), 4, "is no address of a page"),
        (("component", "list", "--url", "http://127.0.0.1:1"), 6, "cannot be reached"),
    ],
)
def test_what_goes_wrong_is_said_and_has_its_exit_code(
    run: Run, arguments: Sequence[str], code: int, sentence: str
) -> None:
    answer = run(*arguments)
    assert (answer[0], answer[1]) == (code, "")
    assert sentence in answer[2]
    assert answer[2].startswith("candor: ")


def test_a_login_is_kept_for_its_owner_alone_and_forgotten(
    run: Run, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = os.environ["CANDOR_TOKEN"]
    monkeypatch.delenv("CANDOR_TOKEN")
    monkeypatch.delenv("CANDOR_URL")
    assert run("component", "list")[0] == 4
    assert run("login", live_server.url, stdin="can_wrong\n")[0] == 4
    done = told(run("login", live_server.url, "--json", stdin=f"{secret}\n"))
    assert stat.S_IMODE(Path(done["kept_in"]).stat().st_mode) == 0o600
    assert run("component", "list")[0] == 0
    assert run("component", "list", "--url", "https://elsewhere.example")[0] == 4
    assert run("logout")[1] == "Forgotten.\n"
    assert run("component", "list")[0] == 4


def test_a_token_without_the_scope_is_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANDOR_TOKEN", Caller(role=Role.VIEWER).secret)
    assert run("incident", "open", "x", "-m", "y")[0] == 4


def test_the_library_edits_what_it_has_read_and_says_what_was_wrong(
    live_server: LiveServer,
) -> None:
    with Candor(live_server.url, Caller().secret) as page:
        made = [page.components.create(name=f"Part {number}") for number in range(3)]
        assert [row["id"] for row in page.components.list(limit=1)] == [row["id"] for row in made]
        first = made[0]["id"]
        edited = page.components.edit(first, lambda row: {"description": row["name"] + "!"})
        assert edited["description"] == "Part 0!"

        def too_late(_row: object) -> dict[str, Any]:
            page.components.change(first, name="Faster")
            return {"name": "Slower"}

        with pytest.raises(Changed):
            page.components.edit(first, too_late)
        with pytest.raises(Invalid) as caught:
            page.components.create(name="")
        assert "name" in caught.value.errors
    with Candor(live_server.url, "can_wrong") as page, pytest.raises(NotAllowed):
        page.components.get("x")


def test_the_installed_command_needs_no_django(installed: Path) -> None:
    program = (
        "import sys; from candor.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "assert not [name for name in sys.modules if name.split('.')[0] in {'django', 'ninja'}]"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(installed), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "candor apply candor.yaml" in done.stdout
