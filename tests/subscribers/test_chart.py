"""The chart of who hears what, cell by cell as the requirements give it, and as the docs show it."""

from pathlib import Path

import pytest

from incidents import telling
from incidents.lifecycle import State
from incidents.windows import Kind
from subscribers.chart import CHANNELS, CHART, Column, Stage, tells

# x = send, as in section 15 of the requirements: e-mail, SMS, Slack, X.
REQUIRED = {
    Stage.INCIDENT_CREATED: "xxxx",
    Stage.INCIDENT_IDENTIFIED: "x-xx",
    Stage.INCIDENT_MONITORING: "x-xx",
    Stage.INCIDENT_UPDATED: "x-xx",
    Stage.INCIDENT_RESOLVED: "xxxx",
    Stage.POSTMORTEM_PUBLISHED: "----",
    Stage.INCIDENT_RECORDED: "xxxx",
    Stage.MAINTENANCE_SCHEDULED: "xxxx",
    Stage.MAINTENANCE_STARTED: "xxxx",
    Stage.MAINTENANCE_VERIFYING: "x-xx",
    Stage.MAINTENANCE_COMPLETED: "xxxx",
}
CELLS = [
    (stage, channel, mark == "x")
    for stage, row in REQUIRED.items()
    for channel, mark in zip(("email", "sms", "slack", "x"), row, strict=True)
]


@pytest.mark.req("O4", "O5", "O6", "O7", "AMB-8")
@pytest.mark.parametrize(("stage", "channel", "is_told"), CELLS)
def test_each_cell_is_as_required(stage: Stage, channel: str, is_told: bool) -> None:
    assert tells(stage, channel) is is_told


def test_every_stage_has_a_row() -> None:
    assert set(CHART) == set(Stage)


def test_who_opted_in_hears_of_postmortems_on_every_channel() -> None:
    told = [tells(Stage.POSTMORTEM_PUBLISHED, one, wants_postmortems=True) for one in CHANNELS]
    assert all(told)


@pytest.mark.req("AMB-9", "AMB-17", "N12")
@pytest.mark.parametrize(
    ("previous", "state", "stage"),
    [
        (None, State.INVESTIGATING, Stage.INCIDENT_CREATED),
        (None, State.MONITORING, Stage.INCIDENT_CREATED),
        (State.RESOLVED, State.INVESTIGATING, Stage.INCIDENT_CREATED),
        (State.INVESTIGATING, State.INVESTIGATING, Stage.INCIDENT_UPDATED),
        (State.RESOLVED, State.RESOLVED, Stage.INCIDENT_UPDATED),
        (State.INVESTIGATING, State.IDENTIFIED, Stage.INCIDENT_IDENTIFIED),
        (State.IDENTIFIED, State.MONITORING, Stage.INCIDENT_MONITORING),
        (State.MONITORING, State.RESOLVED, Stage.INCIDENT_RESOLVED),
        (State.MONITORING, State.INVESTIGATING, Stage.INCIDENT_UPDATED),
        (State.RESOLVED, State.POSTMORTEM, Stage.POSTMORTEM_PUBLISHED),
    ],
)
def test_an_update_is_the_stage_of_its_change(
    previous: State | None, state: State, stage: Stage
) -> None:
    found = telling.incident_stage(previous=previous, state=state, is_retroactive=False)
    assert found is stage


def test_what_is_recorded_afterwards_is_a_stage_of_its_own() -> None:
    found = telling.incident_stage(previous=None, state=State.RESOLVED, is_retroactive=True)
    assert found is Stage.INCIDENT_RECORDED


@pytest.mark.parametrize("kind", Kind)
def test_every_entry_of_a_maintenance_has_a_stage(kind: Kind) -> None:
    assert telling.maintenance_stage(kind).value.startswith("maintenance_")


def test_the_reference_shows_this_very_table() -> None:
    page = Path(__file__).parents[2] / "docs" / "reference" / "who-hears-what.md"
    rows = [line for line in page.read_text().splitlines() if line.startswith("| ")]
    shown = [f"| {stage.label} | " + " | ".join(_marks(stage)) + " |" for stage in Stage]
    assert rows[1:] == shown


def _marks(stage: Stage) -> list[str]:
    if stage is Stage.POSTMORTEM_PUBLISHED:
        return ["who opted in"] * len(Column)
    return ["yes" if column in CHART[stage] else "–" for column in Column]
