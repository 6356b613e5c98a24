"""What becomes of stored secrets when a form is saved: kept, replaced, cleared, or moved aside. Pure."""

from collections.abc import Collection, Mapping, Sequence

from notifications.channels.base import Field

_BEFORE = "previous_"


def merged(
    *,
    declared: Sequence[Field],
    stored: Mapping[str, str],
    typed: Mapping[str, str],
    cleared: Collection[str] = (),
) -> dict[str, str]:
    """The values to check and store, for every declared field.

    A secret that was left empty stays as it is, unless it is in `cleared`. One that is replaced
    becomes its `previous_…` where such a field is declared, so that receivers can change over.
    """
    wanted = {each.name: typed.get(each.name, "").strip() for each in declared}
    for each in declared:
        if each.is_secret and not wanted[each.name] and each.name not in cleared:
            wanted[each.name] = stored.get(each.name, "")
    for name in list(wanted):
        before, aside = stored.get(name, ""), _BEFORE + name
        if aside in wanted and before and wanted[name] != before and not typed.get(aside):
            wanted[aside] = before
    return wanted
