"""What one application of a file carries along: the file, the clock, the plan and the problems."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from django.core.exceptions import ValidationError

from monitoring.config_file.loading import Loaded
from monitoring.config_file.node_schema import Node as WantedNode
from monitoring.config_file.plans import Action, FieldChange, Plan, Step, shown
from monitoring.config_file.problems import Path, Problem
from monitoring.models import Location, Node


@dataclass(frozen=True, slots=True)
class PlacedNode:
    """A node of the file: where it stands there, its row, and its component/node for people."""

    path: Path
    wanted: WantedNode
    row: Node
    label: str


@dataclass(slots=True)
class Run:
    """State shared by the steps of one application.

    `locations` are all there are by slug, `nodes` those of the file; filled in by their steps.
    `reads_references`: secrets may be named by where they stand on this host.
    """

    loaded: Loaded
    now: datetime
    prunes: bool
    reads_references: bool = True
    plan: Plan = field(default_factory=Plan)
    problems: list[Problem] = field(default_factory=list)
    locations: dict[str, Location] = field(default_factory=dict)
    nodes: list[PlacedNode] = field(default_factory=list)

    def added(self, kind: str, label: str) -> None:
        self.plan.note(Step(Action.ADDED, kind, label))

    def changed(self, kind: str, label: str, fields: Sequence[FieldChange]) -> None:
        """An item was changed; what is changed in several steps is one item to people."""
        self.plan.note(Step(Action.CHANGED, kind, label, tuple(fields)))

    def problem(self, path: Path, message: str) -> None:
        """Something is wrong with the value at the path; nothing of the file will be applied."""
        self.problems.append(self.loaded.problem(path, message))

    def left_over(self, kind: str, label: str, *, remove: Callable[[], object]) -> None:
        """Something that is not in the file: removed when asked to prune, kept otherwise."""
        if self.prunes:
            remove()
            self.plan.note(Step(Action.REMOVED, kind, label))
        else:
            self.plan.note(Step(Action.KEPT, kind, label))

    @contextmanager
    def reporting(self, path: Path) -> Iterator[None]:
        """Turn what an operation refuses into a problem at the path, and go on with the rest."""
        try:
            yield
        except ValidationError as error:
            for message in error.messages:
                self.problem(path, message)


def differences(stored: Mapping[str, object], wanted: Mapping[str, object]) -> list[FieldChange]:
    """The wanted fields (by their key in the file) whose stored value is another one."""
    return [
        FieldChange(key, shown(stored[key]), shown(value))
        for key, value in wanted.items()
        if stored[key] != value
    ]


def positions(current: Sequence[int | None]) -> list[int]:
    """The position of each item of a list, from where it stands now; None is one still to come.

    Where they ascend already they stay: a file that says nothing new must not change anything.
    """
    stored = [position for position in current if position is not None]
    if len(stored) == len(current) and all(one < next_ for one, next_ in pairwise(stored)):
        return stored
    return list(range(len(current)))
