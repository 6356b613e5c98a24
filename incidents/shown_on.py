"""On which pages an event appears: what the composers and the dashboard say, and who may be chosen."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import roles
from components import pages
from components.models import Page
from incidents import dedicated
from incidents.lifecycle import Impact, State
from incidents.models import Incident

Key = TypeVar("Key")
_NAMED = 4


def pages_of(component_ids: Collection[int]) -> list[Page]:
    """The live pages that show an event about these components, the main page first."""
    return pages.showing_by({0: component_ids})[0]


def may_name(user: Any) -> bool:
    """Whether somebody may read the names of customers."""
    return bool(user.has_perm(roles.CUSTOMERS))


def sentence(component_ids: Collection[int], *, names_customers: bool) -> str:
    """The pages that show an event about these components, in words; see `sentences`."""
    return sentences({0: component_ids}, names_customers=names_customers).get(0, "")


def sentences(events: Mapping[Key, Collection[int]], *, names_customers: bool) -> Mapping[Key, str]:
    """For each event, by its components, on which pages it appears; empty while there is one page.

    `names_customers` is what `may_name` says of the reader. With its components belong those that
    it keeps (`dedicated.touched`).
    """
    if not Page.objects.live().filter(shows_all=False).exists():
        return {}
    return {
        key: words(rows, names_customers=names_customers)
        for key, rows in pages.showing_by(events).items()
    }


def everywhere(*, names_customers: bool) -> str:
    """Every live page, in words; empty while there is one."""
    rows = list(Page.objects.live().order_by("-shows_all", "-kind", "name"))
    return words(rows, names_customers=names_customers) if len(rows) > 1 else ""


def words(rows: Iterable[Page], *, names_customers: bool) -> str:
    """Pages by name, but several customer pages, and public ones beyond a few, as a number.

    Like "Acme Status, EU, 3 customer pages"; a single customer by name for who may read it.
    """
    found = list(rows)
    customers = sum(row.is_customer for row in found)
    is_named = customers == 1 and names_customers
    public = [row.name for row in found if not row.is_customer or is_named]
    customers = 0 if is_named else customers
    said = public[:_NAMED]
    if more := len(public) - len(said):
        said.append(ngettext("%(count)d more", "%(count)d more", more) % {"count": more})
    if customers:
        counted = ngettext("%(count)d customer page", "%(count)d customer pages", customers)
        said.append(counted % {"count": customers})
    return ", ".join(said)


def check_audience(
    *,
    incident: Incident,
    audience: Page,
    state: State,
    impact: Impact | None,
    components: Mapping[int, object] | None,
) -> None:
    """Check that an update may be for one page only: it says more to some, never something else.

    What is new for the state or for a service is new for everybody. Raises ValidationError by field.
    """
    errors: dict[str, str] = {}
    if audience not in pages_of(dedicated.touched(incident)):
        errors["audience"] = _("“%(name)s” does not show this incident.") % {"name": audience.name}
    if state != incident.state_value:
        errors["state"] = _("A new state is told to everybody: keep it, or choose “Everybody”.")
    if impact is not None and impact != incident.impact_value:
        errors["impact"] = _("A new impact is told to everybody: keep it, or choose “Everybody”.")
    if components is not None and dict(components) != _chosen(incident):
        errors["audience"] = _(
            "What services become is told to everybody: leave them as they are, or choose "
            "“Everybody”."
        )
    if errors:
        raise ValidationError(dict(errors))


def _chosen(incident: Incident) -> dict[int, object]:
    rows = incident.affected.all()
    return {row.component_id: row.claimed if row.is_overridden else None for row in rows}
