"""What a customer was promised: the target and the hours, from their entry of the catalog."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from catalog.models import EntryPage
from components.models import Page
from sla import service_hours
from sla.service_hours import NotHours

# The attributes of an entry that are read, by their keys.
TARGET, HOURS = "sla_target", "service_hours"
_ALWAYS = "24/7"
_DECIMALS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """`target` in per cent, None when none was agreed; `hours` as `service_hours.parse` reads them.

    `unread` is what the catalog says of hours when it cannot be read: every hour is counted then.
    """

    target: Decimal | None = None
    hours: str = _ALWAYS
    unread: str = ""

    @property
    def decimals(self) -> int:
        """How many decimals a figure needs that is rounded down and then compared with the target."""
        exponent = 0 if self.target is None else self.target.normalize().as_tuple().exponent
        return max(_DECIMALS, -int(exponent))


def of_page(page: Page) -> Promise:
    """Return what was promised to whoever a page is for."""
    row = EntryPage.objects.filter(page=page).values_list("entry__values", flat=True).first()
    return of_values(row or {})


def of_values(values: Mapping[str, object]) -> Promise:
    """Return what the values of an entry promise."""
    hours = str(values.get(HOURS) or "").strip() or _ALWAYS
    try:
        service_hours.parse(hours)
    except NotHours:
        return Promise(target=_target(values.get(TARGET)), unread=hours)
    return Promise(target=_target(values.get(TARGET)), hours=hours)


def _target(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    target = Decimal(str(value))
    return target if 0 < target <= 100 else None
