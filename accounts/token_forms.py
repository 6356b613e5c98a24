"""The form of a new access token: what for, until when, and what it may be used for."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts import scopes as scope_rules
from common.console import ConsoleForm

_NEVER = "never"
_DAYS = (30, 90, 365)
_NAMES = {
    scope_rules.ALL: _("Everything"),
    "page": _("Pages"),
    "components": _("Components"),
    "groups": _("Groups"),
    "nodes": _("Nodes"),
    "replicas": _("Replicas"),
    "incidents": _("Incidents"),
    "maintenances": _("Maintenance"),
    "templates": _("Templates"),
    "postmortems": _("Postmortems"),
    "announcements": _("Announcements"),
    "subscribers": _("Subscribers"),
    "catalog": _("Catalog"),
    "customer_pages": _("Customer pages"),
    "channels": _("Alert channels"),
    "deliveries": _("Deliveries"),
    "uptime": _("Uptime"),
    "sla": _("Monthly statements"),
}


@dataclass(frozen=True, slots=True)
class Tick:
    """A box of the table of scopes."""

    scope: str
    is_ticked: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A resource of the table; one that no program writes has no second box."""

    name: Any
    read: Tick
    write: Tick | None


class TokenForm(ConsoleForm):
    """What a new token is for; `lines` are its scopes as a table."""

    label = forms.CharField(
        label=_("Used by"), max_length=100, help_text=_("Like the name of the program.")
    )
    lasts = forms.ChoiceField(
        label=_("Works for"),
        choices=[
            *((str(days), _("%(count)d days") % {"count": days}) for days in _DAYS),
            (_NEVER, _("Until it is revoked")),
        ],
        initial="90",
    )
    scopes = forms.MultipleChoiceField(
        label=_("May be used for"),
        choices=[(scope, scope) for scope in scope_rules.every()],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one scope.")},
    )

    @property
    def lines(self) -> Iterator[Line]:
        """The resources, everything first, with what is ticked."""
        ticked = frozenset(self["scopes"].value() or ())
        for name in (scope_rules.ALL, *scope_rules.RESOURCES):
            read, write = (f"{name}:{verb}" for verb in (scope_rules.READ, scope_rules.WRITE))
            yield Line(
                name=_NAMES.get(name, name),
                read=Tick(read, read in ticked),
                write=None if name in scope_rules.READ_ONLY else Tick(write, write in ticked),
            )

    def expires_at(self, *, now: datetime) -> datetime | None:
        """Until when the token works; None for one without an end."""
        lasts = self.cleaned_data["lasts"]
        return None if lasts == _NEVER else now + timedelta(days=int(lasts))
