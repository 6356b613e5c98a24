"""Statuspage's word for a whole page: the table, line by line, and our rule on top of it."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components import v2_rollup
from components.status import Status

OP, DE, PA = Status.OPERATIONAL, Status.DEGRADED_PERFORMANCE, Status.PARTIAL_OUTAGE
MA, MT, UN = Status.MAJOR_OUTAGE, Status.UNDER_MAINTENANCE, Status.UNKNOWN


@pytest.mark.parametrize(
    ("statuses", "indicator", "description"),
    [
        ([], "none", "All Systems Operational"),
        ([OP, OP], "none", "All Systems Operational"),
        ([MA], "critical", "Major System Outage"),
        ([MA, MA], "critical", "Major System Outage"),
        ([MA, OP], "major", "Partial System Outage"),
        ([MA, PA, DE, MT], "major", "Partial System Outage"),
        ([PA, PA], "major", "Partial System Outage"),
        ([PA, OP], "minor", "Minor Service Outage"),
        ([PA, DE, MT], "minor", "Minor Service Outage"),
        ([DE, DE], "minor", "Degraded System Service"),
        ([DE, OP], "minor", "Partially Degraded Service"),
        ([DE, MT], "minor", "Partially Degraded Service"),
        ([MT, OP], "maintenance", "Service Under Maintenance"),
        ([MT], "maintenance", "Service Under Maintenance"),
        ([UN, UN], "none", "All Systems Operational"),
        ([MA, UN], "critical", "Major System Outage"),
    ],
)
def test_the_first_line_of_the_table_that_fits_holds(
    statuses: Sequence[Status], indicator: str, description: str
) -> None:
    found = v2_rollup.rollup(statuses)

    assert (found.indicator, found.description) == (indicator, description)


@pytest.mark.parametrize(
    ("statuses", "impacts", "indicator", "description"),
    [
        ([OP], ["none"], "none", "All Systems Operational"),
        ([OP], ["minor"], "minor", "Minor Service Outage"),
        ([OP], ["minor", "critical"], "critical", "Major System Outage"),
        ([MT], ["none"], "maintenance", "Service Under Maintenance"),
        ([MT], ["minor"], "minor", "Minor Service Outage"),
        ([MA, OP], ["minor"], "major", "Partial System Outage"),
    ],
)
def test_an_open_incident_of_a_worse_impact_raises_it(
    statuses: Sequence[Status], impacts: Sequence[str], indicator: str, description: str
) -> None:
    found = v2_rollup.rollup(statuses, impacts)

    assert (found.indicator, found.description) == (indicator, description)


def test_maintenance_is_none_where_a_page_says_so() -> None:
    assert v2_rollup.rollup([MT, OP], tells_maintenance=False) == v2_rollup.FINE
    assert v2_rollup.rollup([MA], tells_maintenance=False).indicator == "critical"


def test_a_group_row_has_its_worst_component_with_maintenance_as_second_worst() -> None:
    assert v2_rollup.group_status([PA, MT]) is MT
    assert v2_rollup.group_status([MA, MT]) is MA
    assert v2_rollup.group_status([DE, PA]) is PA
    assert v2_rollup.group_status([OP, UN]) is OP


@given(st.lists(st.sampled_from(list(Status)), max_size=8), st.sampled_from(list(Status)))
def test_another_component_that_is_fine_never_makes_it_worse(
    statuses: list[Status], extra: Status
) -> None:
    order = v2_rollup.INDICATORS.index
    before, after = v2_rollup.rollup(statuses), v2_rollup.rollup([*statuses, OP])

    assert order(after.indicator) <= order(before.indicator)
    assert order(v2_rollup.rollup([*statuses, extra, MA]).indicator) >= order("major")
