"""Make the world, show it to everybody, and say who was shown what is not theirs."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from leaktest import surfaces, world
from leaktest.marks import Leak, Marks


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What was found on so many surfaces. `unseen`: what somebody ought to have been shown and was
    not, so that the search proves nothing of it."""

    surfaces: int
    leaks: tuple[Leak, ...]
    unseen: tuple[str, ...]


def run(*, folder: Path, now: datetime) -> Result:
    """Run in an empty database, with `folder` to publish into."""
    marks = Marks()
    made = world.make(marks, now=now)
    for shown in surfaces.everything(made, folder=folder, now=now):
        marks.look(shown.audience, shown.surface, shown.text)
    return Result(
        surfaces=marks.surfaces,
        leaks=tuple(dict.fromkeys(marks.leaks)),
        unseen=tuple(marks.unseen()),
    )
