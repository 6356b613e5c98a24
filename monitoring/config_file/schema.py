"""What may stand in a config file: the shape, the limits and the defaults, as pydantic models.

Limits and defaults are those of the database's models (a test compares them). Every key is
described in docs/reference/config-file.md (a test reads it).
"""

from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, Field

from monitoring.config_file.alert_schema import Alerts
from monitoring.config_file.catalog_schema import CatalogType
from monitoring.config_file.node_schema import Node
from monitoring.config_file.page_schema import Language, PageSlug, SubPage, TimeZone
from monitoring.config_file.values import Description, Name, Section, Slug, fault


def _weight(value: float) -> float:
    if round(value, 3) != value:
        raise fault("At most three digits after the point are kept.")
    return value


Weight = Annotated[float, Field(ge=0, le=1), AfterValidator(_weight)]


class Weights(Section):
    """How much of the time in a status counts as down, from 0 to 1."""

    major_outage: Weight = 1.0
    partial_outage: Weight = 1.0
    degraded_performance: Weight = 0.0
    under_maintenance: Weight = 0.0

    def exact(self, status: str) -> Decimal:
        """The weight as it is stored."""
        return Decimal(str(getattr(self, status))).quantize(Decimal("0.001"))


class Page(Section):
    """The main page. Left out, everything but `time_zone` keeps what is stored."""

    name: Name
    slug: PageSlug | None = None
    time_zone: TimeZone = "UTC"
    language: Language | None = None
    weights: Weights | None = None
    maintenance_hides_monitors: bool | None = None


class Location(Section):
    """A named place that nodes are checked from, besides the central poller."""

    name: Name
    slug: Slug = Field("", validate_default=True)


class Component(Section):
    """A service that visitors know by name. Left out, `manual` stays what people made it."""

    name: Name
    slug: Slug = Field("", validate_default=True)
    description: Description = ""
    visible: bool = True
    only_where_chosen: bool = False
    show_addresses: bool = False
    manual: bool | None = None
    nodes: list[Node] = []


class Group(Section):
    """A heading with components under it."""

    name: Name
    collapsed: bool = False
    components: list[Component] = []


class Document(Section):
    """A whole config file."""

    page: Page | None = None
    locations: list[Location] | None = None
    groups: list[Group] = []
    components: list[Component] = []  # those without a group, shown after the groups
    pages: list[SubPage] | None = None
    catalog: list[CatalogType] | None = None
    alerts: Alerts | None = None
