"""Names, slugs and addresses that stand in a file twice.

Looks at the plain values and not at the validated document, so that repeats are reported together
with whatever else is wrong; values of a wrong type are passed over, the schema reports them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from monitoring.config_file import values
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
            for what, key in (("location", "locations"), ("node", "depends_on")):
                yield from _repeats(what, _texts(node, inner, key, str))
    yield from _repeats(
        "page slug", (_slug(path, page) for path, page in _sections(document, (), "pages"))
    )
    places = _sections(document, (), "locations")
    yield from _repeats("location slug", (_slug(path, place) for path, place in places))
    yield from _catalog(list(_sections(document, (), "catalog")))
    yield from _alerts(_inside(document, "alerts"), ("alerts",))


def _catalog(types: list[tuple[Path, object]]) -> Iterator[Repeat]:
    yield from _repeats("type key", (_given_or_made(path, one) for path, one in types))
    for path, one in types:
        for what, key in (("attribute key", "attributes"), ("entry key", "entries")):
            inside = _sections(one, path, key)
            yield from _repeats(what, (_given_or_made(at, item) for at, item in inside))
        pages = _sections(one, path, "pages")
        yield from _repeats("kind of page", (_key(at, item, "kind") for at, item in pages))


def _given_or_made(path: Path, value: object) -> _Found | None:
    """The key as the schema will see it: given, or made from the name."""
    given = _key(path, value, "key")
    named = _key(path, value, "name")
    made = ((*path, "key"), values.slug_of(named[1])) if named else None
    return given or (made if made and made[1] else None)


def _alerts(alerts: object, path: Path) -> Iterator[Repeat]:
    emails = [((*path, "email"), _inside(alerts, "email"))]
    channels = _inside(alerts, "channels")
    for kind in channels if isinstance(channels, dict) else ():
        found = list(_sections(channels, (*path, "channels"), kind))
        names = ((*inner, "name") for inner, _ in found)
        texts = (_inside(channel, "name") or "" for _, channel in found)
        yield from _repeats(
            f"{kind} name",
            (
                (at, text.strip())
                for at, text in zip(names, texts, strict=True)
                if isinstance(text, str)
            ),
        )
        emails += found if kind == "email" else []
        for inner, channel in found:
            yield from _repeats("chat", _texts(channel, inner, "chats", str))
    for inner, email in emails:
        yield from _repeats("recipient", _texts(email, inner, "to", str.lower))
    hooks = _sections(alerts, path, "health_webhooks")
    yield from _repeats("receiver name", (_key(inner, hook, "name") for inner, hook in hooks))


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
    slug = values.slug_of(named[1]) if named else ""
    return ((*path, "slug"), slug) if slug else None


def _normalised(address: str) -> str:
    try:
        return parse_target(address).url
    except TargetInvalid:
        return address
