"""Ask once more, just before a message leaves, whether its recipient still wants it.

Who knows is an app above this one: settings.DELIVERY_GRANTS names, for the word before the colon of
a grant ("subscriber:17"), the function that returns those of some grants that still hold, and
settings.DELIVERY_GRANT_REASONS, if it knows more, the one that says of some that do not hold why. A
grant that nobody knows about holds.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence

from django.conf import settings
from django.utils.module_loading import import_string

from notifications import endings
from notifications.models import Delivery, State

_Ask = Callable[[Collection[str]], Collection[str]]
_AskWhy = Callable[[Collection[str]], Mapping[str, str]]
_NOT_WANTED = "Not wanted any more."
_ERROR_MAX = 500


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
    reasons = _reasons(withdrawn)
    by_reason: dict[str, list[int]] = defaultdict(list)
    for row in void:
        by_reason[reasons.get(row.grant, _NOT_WANTED)].append(row.id)
    for reason, ids in by_reason.items():
        Delivery.objects.filter(
            id__in=ids, lease_token=void[0].lease_token, state=State.LEASED
        ).update(**endings.ending(State.CANCELLED), last_error=reason[:_ERROR_MAX])
    return [row for row in rows if row.grant not in withdrawn]


def _reasons(withdrawn: Collection[str]) -> dict[str, str]:
    """Why some grants do not hold any more, as far as anybody says more than that."""
    found: dict[str, str] = {}
    for kind, path in settings.DELIVERY_GRANT_REASONS.items():
        theirs = {grant for grant in withdrawn if grant.partition(":")[0] == kind}
        if theirs:
            reasons: _AskWhy = import_string(path)
            found |= reasons(theirs)
    return found
