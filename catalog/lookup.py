"""What words may name, and how stored ids are written: components and entries, in two statements."""

from collections import defaultdict
from collections.abc import Iterable

from catalog.models import Attribute, Entry
from catalog.values import Known, Names
from components.models import Component

_Words = dict[str, frozenset[int]]


def known(attributes: Iterable[Attribute]) -> Known:
    """What the words of these attributes may name; hidden components can be named, too."""
    targets = {one.target_id for one in attributes if one.target_id is not None}
    components = Component.objects.values_list("id", "name", "slug")
    return Known(
        components=_by_word(components),
        entries={target: _by_word(_entries(target)) for target in sorted(targets)},
    )


def names(attributes: Iterable[Attribute]) -> Names:
    """How ids in values of these attributes are written: by slug, and by key."""
    targets = {one.target_id for one in attributes if one.target_id is not None}
    entries = Entry.objects.present().filter(type__in=targets) if targets else Entry.objects.none()
    return Names(
        components=dict(Component.objects.values_list("id", "slug")),
        entries=dict(entries.values_list("id", "key")),
    )


def titles(attributes: Iterable[Attribute]) -> Names:
    """How ids in values of these attributes are shown to people: by name."""
    targets = {one.target_id for one in attributes if one.target_id is not None}
    entries = Entry.objects.present().filter(type__in=targets) if targets else Entry.objects.none()
    return Names(
        components=dict(Component.objects.values_list("id", "name")),
        entries=dict(entries.values_list("id", "name")),
    )


def _entries(target: int) -> "Iterable[tuple[int, str, str]]":
    return Entry.objects.present().filter(type=target).values_list("id", "name", "key")


def _by_word(rows: "Iterable[tuple[int, str, str]]") -> _Words:
    """Ids by name and by short name, which names one alone even when something else is called so."""
    by_name: dict[str, set[int]] = defaultdict(set)
    by_key: _Words = {}
    for pk, name, key in rows:
        by_name[name.casefold()].add(pk)
        by_key[key.casefold()] = frozenset({pk})
    return {word: frozenset(ids) for word, ids in by_name.items()} | by_key
