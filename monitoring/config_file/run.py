"""What one application of a file carries along: the file, the clock, the plan and the problems."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from django.core.exceptions import ValidationError

from monitoring.config_file.loading import Loaded
from monitoring.config_file.plans import Action, FieldChange, Plan, Step, shown
from monitoring.config_file.problems import Path, Problem


@dataclass(slots=True)
class Run:
    """State shared by the steps of one application."""

    loaded: Loaded
    now: datetime
    prunes: bool
    plan: Plan = field(default_factory=Plan)
    problems: list[Problem] = field(default_factory=list)

    def added(self, kind: str, label: str) -> None:
        self.plan.steps.append(Step(Action.ADDED, kind, label))

    def changed(self, kind: str, label: str, fields: Sequence[FieldChange]) -> None:
        self.plan.steps.append(Step(Action.CHANGED, kind, label, tuple(fields)))

    def left_over(self, kind: str, label: str, *, remove: Callable[[], object]) -> None:
        """Something that is not in the file: removed when asked to prune, kept otherwise."""
        if self.prunes:
            remove()
            self.plan.steps.append(Step(Action.REMOVED, kind, label))
        else:
            self.plan.steps.append(Step(Action.KEPT, kind, label))

    @contextmanager
    def reporting(self, path: Path) -> Iterator[None]:
        """Turn what an operation refuses into a problem at the path, and go on with the rest."""
        try:
            yield
        except ValidationError as error:
            for message in error.messages:
                self.problems.append(self.loaded.problem(path, message))


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
