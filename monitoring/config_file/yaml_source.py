"""YAML text to plain values, with the line each value stands on.

Stricter than YAML: one document, UTF-8, no tags, no repeated keys, and limits on size, depth and
what aliases expand to. Plain words are read as in YAML 1.2 (`no` and `12:30` are text), so that
nothing turns into another type without having been meant to.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from monitoring.config_file.problems import ConfigInvalid, Path, Problem, shorten

SIZE_LIMIT = 1024 * 1024
DEPTH_LIMIT = 20
# Values after aliases are expanded; ten lines of aliases can stand for billions.
VALUE_LIMIT = 200_000

INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})\Z")
NUMBER = re.compile(
    r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]{0,17})(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,3})?\Z"
)
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEAN = {
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
# Signs that YAML forbids, and those it takes for a line break where no editor counts one.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_STRING_TAG = "tag:yaml.org,2002:str"
_PLAIN_TAGS = frozenset({None, "!", _STRING_TAG, "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"})
_MERGE = "<<"

# The parser written in C is about ten times as fast; PyYAML is built without it on some systems.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class _Node:
    """One node of the file. `content` is a scalar's value, a list of nodes, or (key, key line, node)s."""

    line: int
    kind: str
    content: Any
    tag: str | None


@dataclass(slots=True)
class Source:
    """The plain values of a file, where they stand, and what is wrong with its YAML."""

    value: object = None
    lines: dict[Path, int] = field(default_factory=dict)
    key_lines: dict[Path, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line_of(self, path: Path) -> int | None:
        """The line of the value, or of the nearest value around it that stands in the file."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)

    def key_line_of(self, path: Path) -> int | None:
        """The line of the key itself, which may stand above its value."""
        return self.key_lines.get(path) or self.line_of(path)


def read(data: bytes) -> Source:
    """Read the bytes of a file.

    Mistakes that leave the rest readable (repeated keys, tags) are in `problems` of what is returned;
    ConfigInvalid is raised for those that do not.
    """
    text = _decode(data)
    try:
        root = _compose(text)
    except yaml.MarkedYAMLError as error:
        raise ConfigInvalid([_syntax_problem(error, text)]) from None
    except yaml.YAMLError as error:  # the reader's own errors carry no mark
        raise ConfigInvalid([Problem((), None, f"This is not YAML: {error}")]) from None
    builder = _Builder()
    builder.source.value = builder.build(root, ())
    return builder.source


def _decode(data: bytes) -> str:
    if len(data) > SIZE_LIMIT:
        raise ConfigInvalid(
            [Problem((), None, f"The file is larger than {SIZE_LIMIT // 1024} KB.")]
        )
    try:
        text = data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = "The file is not UTF-8 text. Save it as UTF-8 and apply it again."
        raise ConfigInvalid([Problem((), line, message)]) from None
    found = [
        Problem(
            (), line, f"There is a control character (U+{ord(match.group()):04X}) in this line."
        )
        for line, match in _forbidden_signs(text)
    ]
    if found:
        raise ConfigInvalid(found)
    return text


def _forbidden_signs(text: str) -> Iterator[tuple[int, re.Match[str]]]:
    for line, content in enumerate(text.split("\n"), start=1):
        if match := _FORBIDDEN.search(content):
            yield line, match


def _syntax_problem(error: yaml.MarkedYAMLError, text: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    if error.context_mark and "end of stream" in (error.problem or ""):
        mark = error.context_mark  # where the open quote stands, not the last line
    line = None if mark is None else mark.line + 1
    content = "" if mark is None else (text.splitlines()[mark.line : mark.line + 1] or [""])[0]
    indent = content[: len(content) - len(content.lstrip())]
    if "\t" in indent:
        return Problem(
            (), line, "The line is indented with a tab. YAML is indented with spaces only."
        )
    message = f"This is not YAML: {' '.join(filter(None, (error.context, error.problem)))}."
    if error.problem and error.problem.startswith("mapping values are not allowed"):
        message += " Check the indentation, and put text that contains a colon into quotes."
    return Problem((), line, message)


def _compose(text: str) -> _Node:
    """The one document of the text as nodes; an alias is the very node it names."""
    events = yaml.parse(text, Loader=_LOADER)
    anchors: dict[str, _Node] = {}
    root: _Node | None = None
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            if root is not None:
                line = _line(event)
                message = "A second document begins here (---). Write one document a file."
                raise ConfigInvalid([Problem((), line, message)])
            root = _compose_node(next(events), events, anchors, depth=0)
    if root is None or (root.kind == "scalar" and root.content == ("", True)):
        raise ConfigInvalid(
            [Problem((), None, "The file is empty. Write {} if it is meant to be.")]
        )
    return root


def _check_depth(depth: int, line: int) -> None:
    if depth > DEPTH_LIMIT:
        message = f"Values are nested more than {DEPTH_LIMIT} levels deep."
        raise ConfigInvalid([Problem((), line, message)])


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _compose_node(
    event: yaml.Event, events: "Iterator[yaml.Event]", anchors: dict[str, _Node], *, depth: int
) -> _Node:
    line = _line(event)
    _check_depth(depth, line)
    if isinstance(event, yaml.AliasEvent):
        anchor = event.anchor or ""
        if anchor not in anchors:  # also one that names a node around itself
            message = f"The alias *{shorten(anchor)} names nothing that stands before it."
            raise ConfigInvalid([Problem((), line, message)])
        return anchors[anchor]
    node = _compose_own_node(event, events, anchors, line=line, depth=depth)
    if event.anchor is not None:  # type: ignore[attr-defined]  # every event but an alias's has one here
        anchors[event.anchor] = node  # type: ignore[attr-defined]
    return node


def _compose_own_node(
    event: yaml.Event,
    events: "Iterator[yaml.Event]",
    anchors: dict[str, _Node],
    *,
    line: int,
    depth: int,
) -> _Node:
    if isinstance(event, yaml.ScalarEvent):
        return _Node(line, "scalar", (event.value, event.implicit[0]), event.tag)
    children: list[_Node] = []
    is_mapping = isinstance(event, yaml.MappingStartEvent)
    for inner in events:
        if isinstance(inner, yaml.CollectionEndEvent):
            break
        children.append(_compose_node(inner, events, anchors, depth=depth + 1))
    tag: str | None = event.tag  # type: ignore[attr-defined]
    if is_mapping:
        return _Node(line, "mapping", list(zip(children[::2], children[1::2], strict=True)), tag)
    return _Node(line, "sequence", children, tag)


class _Builder:
    """Turns nodes into plain values and notes lines and problems on the way."""

    def __init__(self) -> None:
        self.source = Source()
        self.values = 0

    def count(self, node: _Node, path: Path) -> None:
        self.values += 1
        if self.values > VALUE_LIMIT:
            message = (
                f"The file stands for more than {VALUE_LIMIT:,} values; are there too many aliases?"
            )
            raise ConfigInvalid([Problem(path, node.line, message)])

    def build(self, node: _Node, path: Path) -> object:
        _check_depth(len(path), node.line)  # again: aliases of aliases nest what stands flat
        self.count(node, path)
        self.source.lines[path] = node.line
        if node.tag not in _PLAIN_TAGS:
            self.note(
                path, node.line, f"The tag {shorten(str(node.tag))} is not used here. Remove it."
            )
        match node.kind:
            case "sequence":
                return [self.build(item, (*path, index)) for index, item in enumerate(node.content)]
            case "mapping":
                return self.build_mapping(node, path)
        text, is_plain = node.content
        return plain_value(text) if is_plain and node.tag is None else text

    def build_mapping(self, node: _Node, path: Path) -> dict[str, object]:
        found: dict[str, object] = {}
        for key, child in self.own_entries(node, path):
            inner = (*path, key.content[0])
            if inner[-1] in found:
                first = self.source.key_lines[inner]
                self.note(
                    inner, key.line, f"This key stands here twice; the first is in line {first}."
                )
                continue
            self.source.key_lines[inner] = key.line
            found[key.content[0]] = self.build(child, inner)
        for key, child in self.merged_entries(node, path):
            if key.content[0] not in found:
                inner = (*path, key.content[0])
                self.source.key_lines[inner] = key.line
                found[key.content[0]] = self.build(child, inner)
        return found

    def own_entries(self, node: _Node, path: Path) -> Iterator[tuple[_Node, _Node]]:
        for key, child in node.content:
            if key.kind != "scalar":
                self.note(path, key.line, "A key has to be a word, not a list or a mapping.")
            elif key.content != (_MERGE, True):
                yield key, child

    def merged_entries(
        self, node: _Node, path: Path, depth: int = 1
    ) -> Iterator[tuple[_Node, _Node]]:
        """Entries that `<<: *anchor` brings in; the mapping's own keys and earlier merges win."""
        _check_depth(depth, node.line)
        for key, child in node.content:
            if key.content != (_MERGE, True):
                continue
            for merged in child.content if child.kind == "sequence" else [child]:
                self.count(merged, path)
                if merged.kind == "mapping":
                    yield from self.own_entries(merged, path)
                    yield from self.merged_entries(merged, path, depth + 1)
                else:
                    self.note(path, key.line, "<< has to name a mapping, as in <<: *defaults.")

    def note(self, path: Path, line: int, message: str) -> None:
        self.source.problems.append(Problem(path, line, message))


def plain_value(text: str) -> object:
    """What an unquoted word means: null, true or false, a number, or text."""
    if text in _NULL:
        return None
    if text in _BOOLEAN:
        return _BOOLEAN[text]
    if INTEGER.match(text):
        return int(text)
    if NUMBER.match(text) and math.isfinite(number := float(text)):
        return number
    return text
