"""What is wrong with a config file, where, and what to write instead."""

from collections.abc import Iterable
from dataclasses import dataclass

# Where a value stands in the file: keys and list indexes from the top.
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: the path and line (from 1) of the value it is about, and a sentence."""

    path: Path
    line: int | None
    message: str

    def __str__(self) -> str:
        where = [path_text(self.path)] if self.path else []
        if self.line is not None:
            where.append(f"line {self.line}")
        return f"{', '.join(where)}: {self.message}" if where else self.message


class ConfigInvalid(ValueError):
    """The file cannot be applied as it is; `problems` lists every mistake found, in file order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        unique = dict.fromkeys(problems)  # an alias can lead to one mistake by several ways
        self.problems = sorted(unique, key=lambda problem: problem.line or 0)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def path_text(path: Path) -> str:
    """The path as people write it: groups[0].components[1].name."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{shorten(step)}" if text else shorten(step)
    return text


def shorten(text: str, limit: int = 60) -> str:
    """Text from the file as it may stand in a message: printable, and not longer than `limit`."""
    if not text:
        return '""'  # an empty key has to be seen, too
    shown = "".join(char if char.isprintable() else "�" for char in text[: limit + 1])
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"
