"""Pages, groups, components, the claims about them and every change of what visitors see."""

from components.models.claims import DeclaredPeriod, StatusChange, StatusClaim
from components.models.pages import (
    Page,
    PageComponent,
    PageGroup,
    PageHost,
    PageKind,
    PageQuerySet,
    _check_time_zone,  # a migration that has shipped names it here
)
from components.models.services import Component, ComponentGroup, ComponentQuerySet

__all__ = [
    "Component",
    "ComponentGroup",
    "ComponentQuerySet",
    "DeclaredPeriod",
    "Page",
    "PageComponent",
    "PageGroup",
    "PageHost",
    "PageKind",
    "PageQuerySet",
    "StatusChange",
    "StatusClaim",
    "_check_time_zone",
]
