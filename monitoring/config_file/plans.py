"""What applying a file does, item by item, and how it is told to a person."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum

from monitoring.config_file.problems import shorten


class Action(StrEnum):
    """What happens to one item; the value is the sign it is printed with."""

    ADDED = "+"
    CHANGED = "~"
    REMOVED = "-"
    KEPT = "="


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of an item, by its key in the file. Values of secrets are never in here."""

    key: str
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.key}: {self.old} → {self.new}"


@dataclass(frozen=True, slots=True)
class Step:
    """What happens to one item: kind (group, component, node, replica …) and what identifies it."""

    action: Action
    kind: str
    label: str
    fields: tuple[FieldChange, ...] = ()

    def __str__(self) -> str:
        note = ": not in the file, kept" if self.action is Action.KEPT else ""
        return f"{self.action} {self.kind} {self.label}{note}"


@dataclass(slots=True)
class Plan:
    """All steps, in the order they are made."""

    steps: list[Step] = field(default_factory=list)
    _places: dict[tuple[str, str], int] = field(default_factory=dict, repr=False)

    def note(self, step: Step) -> None:
        """Add a step; a change of an item that is added or changed already becomes a part of that."""
        key = (step.kind, step.label)
        if step.action is not Action.CHANGED or key not in self._places:
            self._places[key] = len(self.steps)
            self.steps.append(step)
            return
        earlier = self.steps[self._places[key]]
        if earlier.action is Action.CHANGED:
            fields = (*earlier.fields, *step.fields)
            self.steps[self._places[key]] = replace(earlier, fields=fields)

    @property
    def is_empty(self) -> bool:
        """Whether the database already is what the file says."""
        return all(step.action is Action.KEPT for step in self.steps)

    def count(self, action: Action) -> int:
        """How many items this happens to."""
        return sum(step.action is action for step in self.steps)

    def lines(self) -> Iterator[str]:
        """The plan as lines for a terminal, without a summary."""
        for step in self.steps:
            yield str(step)
            for change in step.fields:
                yield f"    {change}"


def shown(value: object) -> str:
    """A value of a field as it stands in a plan: one line, as it would stand in the file."""
    match value:
        case None | "":
            return "none"
        case bool():
            return "true" if value else "false"
        case float():
            return f"{value:g}"
        case list():
            return f"[{', '.join(shown(item) for item in value)}]"
    return shorten(str(value), 100)
