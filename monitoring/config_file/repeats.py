"""Names, slugs and addresses that stand in a file twice.

Looks at the plain values and not at the validated document, so that repeats are reported together
with whatever else is wrong; values of a wrong type are passed over, the schema reports them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from monitoring.config_file import schema
from monitoring.config_file.problems import Path
from probing.targets import TargetInvalid, parse_target

_Found = tuple[Path, str]


@dataclass(frozen=True, slots=True)
class Repeat:
    """A value that stands at `path` although it already stands at `first`."""

    path: Path
    first: Path
    what: str


def find(document: object) -> Iterator[Repeat]:
    """Every repeat in the plain values of a file."""
    groups = list(_sections(document, (), "groups"))
    components = [
        *(found for path, group in groups for found in _sections(group, path, "components")),
        *_sections(document, (), "components"),
    ]
    yield from _repeats("group name", (_key(path, group, "name") for path, group in groups))
    yield from _repeats(
        "component slug", (_slug(path, component) for path, component in components)
    )
    for path, component in components:
        nodes = list(_sections(component, path, "nodes"))
        yield from _repeats("node slug", (_slug(inner, node) for inner, node in nodes))
        for inner, node in nodes:
            yield from _repeats("address", _texts(node, inner, "replicas", _normalised))
    email = _inside(_inside(document, "alerts"), "email")
    yield from _repeats("recipient", _texts(email, ("alerts", "email"), "to", str.lower))


def _repeats(what: str, found: "Iterator[_Found | None]") -> Iterator[Repeat]:
    first: dict[str, Path] = {}
    for path, text in filter(None, found):
        if text in first:
            yield Repeat(path, first[text], what)
        else:
            first[text] = path


def _inside(value: object, key: str) -> object:
    return value.get(key) if isinstance(value, dict) else None


def _sections(value: object, path: Path, key: str) -> Iterator[tuple[Path, object]]:
    items = _inside(value, key)
    for index, item in enumerate(items if isinstance(items, list) else []):
        yield (*path, key, index), item


def _texts(
    value: object, path: Path, key: str, normalised: Callable[[str], str]
) -> Iterator[_Found]:
    for inner, item in _sections(value, path, key):
        if isinstance(item, str):
            yield inner, normalised(item.strip())


def _key(path: Path, value: object, key: str) -> _Found | None:
    text = _inside(value, key)
    return ((*path, key), text.strip()) if isinstance(text, str) and text.strip() else None


def _slug(path: Path, value: object) -> _Found | None:
    """The slug as the schema will see it: given, or made from the name."""
    given = _key(path, value, "slug")
    if given is not None:
        return given
    named = _key(path, value, "name")
    slug = schema.slug_of(named[1]) if named else ""
    return ((*path, "slug"), slug) if slug else None


def _normalised(address: str) -> str:
    try:
        return parse_target(address).url
    except TargetInvalid:
        return address
