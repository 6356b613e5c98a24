"""`bin/manage seed_demo`: an installation to look at, made once."""

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from components.models import Component, Page, StatusChange
from monitoring.demo import seeding
from tests import build

# On one worker: the targets prefer the same ports.
pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("demo")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "demo"


@pytest.mark.req("A11")
@pytest.mark.req("A11", "I19")
def test_made_up_history_is_never_mixed_with_components_of_somebody(
    folder: Path, now: datetime
) -> None:
    build.component(name="Real")

    with pytest.raises(seeding.DemoRefused, match="data folder of its own"):
        seeding.seed(folder=folder, now=now)

    assert not Page.objects.filter(is_demo=True).exists()
    assert Component.objects.count() == 1


def test_a_demo_without_leave_to_dial_this_machine_is_refused(
    folder: Path, now: datetime, settings: Settings
) -> None:
    settings.ALLOW_PRIVATE_TARGETS = False

    with pytest.raises(seeding.DemoRefused, match="CANDOR_ALLOW_PRIVATE_TARGETS=1"):
        seeding.seed(folder=folder, now=now)


def test_a_broken_ports_file_is_named(folder: Path, now: datetime) -> None:
    folder.mkdir()
    (folder / "ports.json").write_text("{", encoding="utf-8")

    with pytest.raises(seeding.DemoRefused, match=r"ports\.json cannot be read"):
        seeding.seed(folder=folder, now=now)


def test_the_command_says_what_it_did(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    output = io.StringIO()

    call_command("seed_demo", stdout=output)
    call_command("seed_demo", stdout=output)

    assert output.getvalue().splitlines()[0].startswith("The demo is ready")
    assert output.getvalue().splitlines()[1] == "The demo is there already. Nothing to change."
    assert Page.objects.get(id=1).is_demo
    settings.ALLOW_PRIVATE_TARGETS = False
    with pytest.raises(CommandError, match="CANDOR_ALLOW_PRIVATE_TARGETS"):
        call_command("seed_demo")


def test_the_story_does_not_depend_on_the_time_of_day(folder: Path) -> None:
    for hour in (0, 23):
        now = datetime(2027, 3, 28, hour, 59, 59, tzinfo=UTC)
        seeding.seed(folder=folder / str(hour), now=now)
        assert StatusChange.objects.filter(is_demo=True).exclude(previous="").count() > 40
        Component.objects.all().delete()
        Page.objects.all().delete()
