"""The forms of pages: setting the main one up, adding a sub-page, the settings of each."""

from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from common import console, time_zones
from components.models import Page
from statuspage import pages_reading
from statuspage.pages_links import Source

_ONE = Decimal(1)


def offered_zones() -> list[str]:
    """What the field of the time zone proposes."""
    return sorted(zone for zone in time_zones.names() if "/" in zone or zone == "UTC")


def _weight(label: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, min_value=Decimal(0), max_value=_ONE, max_digits=4, decimal_places=3
    )


def _switch(name: str, label: Any) -> forms.BooleanField:
    """A switch of the page, which says of itself what it does."""
    column: Any = Page._meta.get_field(name)
    return forms.BooleanField(label=label, required=False, help_text=column.help_text)


class NamedPageForm(console.ConsoleForm):
    """What every page has: name, slug, time zone, language."""

    name = forms.CharField(
        label=_("Page name"),
        max_length=100,
        help_text=_("Stands at the top of the page and in every message."),
        error_messages={"required": _("Give the page a name, like that of your company.")},
    )
    slug = forms.CharField(
        label=_("Slug"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
        help_text=_("Small letters, digits and hyphens. The address is made from it."),
        error_messages={"required": _("Write a slug, like acme.")},
    )
    time_zone = forms.CharField(
        label=_("Time zone"),
        max_length=64,
        widget=forms.TextInput(attrs={"list": "time-zones", "autocomplete": "off"}),
        help_text=_("Days and times on the page are cut and shown in this zone."),
        error_messages={"required": _("Write a time zone, like Europe/Paris or UTC.")},
    )
    language = forms.ChoiceField(
        label=_("Language"),
        help_text=_("Of the page and of what its subscribers get. What you write stays as it is."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["language"].choices = settings.LANGUAGES
        if len(settings.LANGUAGES) == 1:  # nothing to choose
            del self.fields["language"]

    def clean(self) -> dict[str, Any]:
        return {"language": settings.LANGUAGE_CODE} | self.cleaned_data


class PageForm(NamedPageForm):
    """The settings of a page. Which services it shows is asked of those that do not show all."""

    groups = forms.TypedMultipleChoiceField(
        label=_("Whole groups"),
        required=False,
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("With every service that is put into them later."),
    )
    components = forms.TypedMultipleChoiceField(
        label=_("Services"), required=False, coerce=int, widget=forms.CheckboxSelectMultiple
    )
    partial_outage_weight = _weight(_("Partial outage counts as down"))
    major_outage_weight = _weight(_("Major outage counts as down"))
    degraded_performance_weight = _weight(_("Degraded performance counts as down"))
    under_maintenance_weight = _weight(_("Maintenance counts as down"))

    v2_tells_maintenance = _switch(
        "v2_tells_maintenance", _("Maintenance is an indicator of its own")
    )
    v2_counts_incidents = _switch("v2_counts_incidents", _("Open incidents raise the indicator"))

    INDICATOR = ("v2_tells_maintenance", "v2_counts_incidents")
    WEIGHTS = (
        "partial_outage_weight",
        "major_outage_weight",
        "degraded_performance_weight",
        "under_maintenance_weight",
    )

    def __init__(
        self, *args: Any, page: Page | None = None, source: Source | None = None, **kwargs: Any
    ) -> None:
        """`source` is the entry that says part of what the form would ask otherwise."""
        super().__init__(*args, **kwargs)
        self.chooses = source is None and not (page is not None and page.shows_all)
        fields: dict[str, Any] = self.fields
        if self.chooses:
            fields["groups"].choices = pages_reading.group_choices()
            fields["components"].choices = pages_reading.component_choices()
        else:
            del self.fields["groups"], self.fields["components"]
        if source is not None:
            del self.fields["name"]
            if source.says_zone:
                del self.fields["time_zone"]

    @property
    def indicator(self) -> list[Any]:
        return [self[name] for name in self.INDICATOR]

    @property
    def weights(self) -> list[Any]:
        return [self[name] for name in self.WEIGHTS]

    @property
    def has_services(self) -> bool:
        fields: dict[str, Any] = self.fields
        return self.chooses and bool(fields["components"].choices)

    @property
    def columns(self) -> dict[str, Any]:
        """What a valid form says of the page's own columns."""
        return {
            name: value
            for name, value in self.cleaned_data.items()
            if name not in {"groups", "components"}
        }

    @property
    def members(self) -> dict[str, Any]:
        """What a valid form says of the services; nothing where it does not ask."""
        if not self.chooses:
            return {}
        return {
            "component_ids": self.cleaned_data["components"],
            "group_ids": self.cleaned_data["groups"],
        }


class SettingsForm(console.ConsoleForm):
    """What concerns the whole installation, whatever the page."""

    maintenance_hides_monitors = _switch(
        "maintenance_hides_monitors", _("Maintenance hides what monitors say")
    )
    tells_status_changes = _switch("tells_status_changes", _("Tell people of a status set by hand"))
