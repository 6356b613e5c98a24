"""Ask once more, just before a message leaves, whether its recipient still wants it.

Who knows is an app above this one: settings.DELIVERY_GRANTS names, for the word before the colon of
a grant ("subscriber:17"), the function that returns those of some grants that still hold. A grant
that nobody knows about holds.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence

from django.conf import settings
from django.utils.module_loading import import_string

from notifications import endings
from notifications.models import Delivery, State

_Ask = Callable[[Collection[str]], Collection[str]]


def only_granted(rows: Sequence[Delivery]) -> list[Delivery]:
    """The claimed rows that may still be sent; the others are cancelled."""
    asked: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        asked[row.grant.partition(":")[0]].add(row.grant)
    withdrawn: set[str] = set()
    for kind, path in settings.DELIVERY_GRANTS.items():
        if kind in asked:
            still_granted: _Ask = import_string(path)
            withdrawn |= asked[kind] - set(still_granted(asked[kind]))
    if not withdrawn:
        return list(rows)
    void = [row for row in rows if row.grant in withdrawn]
    Delivery.objects.filter(
        id__in=[row.id for row in void], lease_token=void[0].lease_token, state=State.LEASED
    ).update(**endings.ending(State.CANCELLED), last_error="Not wanted any more.")
    return [row for row in rows if row.grant not in withdrawn]
