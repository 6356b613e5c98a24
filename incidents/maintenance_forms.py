"""The form that plans a maintenance, one window or a series, or changes its plan.

Times are wall clocks (naive) of the zone that the form names; what they mean as instants is for
`windows` and the operations.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common import console, time_zones
from common.long_select import LongSelect
from components.models import Component
from components.status import Status
from incidents import maintenance_plans as plans
from incidents import presets, texts, windows
from incidents.maintenance_plans import Plan
from incidents.maintenance_step_forms import ONE, SCOPES, MaintenanceBaseForm
from incidents.models import Maintenance
from incidents.presets import Repeat

_LEADS = (
    (15, gettext_lazy("15 minutes before")),
    (60, gettext_lazy("1 hour before")),
    (24 * 60, gettext_lazy("1 day before")),
    (3 * 24 * 60, gettext_lazy("3 days before")),
    (7 * 24 * 60, gettext_lazy("1 week before")),
)
_DAYS = (
    ("MO", gettext_lazy("Monday")),
    ("TU", gettext_lazy("Tuesday")),
    ("WE", gettext_lazy("Wednesday")),
    ("TH", gettext_lazy("Thursday")),
    ("FR", gettext_lazy("Friday")),
    ("SA", gettext_lazy("Saturday")),
    ("SU", gettext_lazy("Sunday")),
)


class WallClock(forms.Field):
    """A date and time of no zone; the zone stands in a field of its own."""

    widget = console.LocalDateTime
    default_error_messages = {"invalid": gettext_lazy("Write a date and a time.")}

    def to_python(self, value: Any) -> datetime | None:
        if value in self.empty_values:
            return None
        try:
            at = datetime.fromisoformat(str(value))
        except ValueError:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None
        if at.year not in plans.YEARS:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return at.replace(tzinfo=None, second=0, microsecond=0)

    def prepare_value(self, value: Any) -> Any:
        return f"{value:%Y-%m-%dT%H:%M}" if isinstance(value, datetime) else value


class MaintenanceForm(MaintenanceBaseForm):
    """A window to plan or to change. Without `can_repeat` it is one window, and stays one."""

    title = forms.CharField(
        label=gettext_lazy("Title"),
        max_length=texts.TITLE_LIMIT,
        error_messages={"required": gettext_lazy("Write a title.")},
    )
    text = forms.CharField(
        label=gettext_lazy("Message"),
        required=False,
        max_length=texts.TEXT_LIMIT,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=gettext_lazy("What is done, what will not work, and what still will. Markdown."),
    )
    components = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Components under maintenance"),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one component.")},
    )
    zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        widget=LongSelect,
        help_text=gettext_lazy("Start and end are read on the clocks of this zone."),
    )
    starts_at = WallClock(
        label=gettext_lazy("Start"),
        error_messages={"required": gettext_lazy("Say when it starts.")},
    )
    ends_at = WallClock(
        label=gettext_lazy("End"), error_messages={"required": gettext_lazy("Say when it ends.")}
    )
    scope = forms.ChoiceField(
        label=gettext_lazy("Change"),
        widget=forms.RadioSelect,
        choices=SCOPES,
    )
    repeat = forms.ChoiceField(
        label=gettext_lazy("Repeats"),
        choices=[(one.value, presets.LABELS[one]) for one in Repeat],
        initial=Repeat.ONCE,
    )
    week_days = forms.MultipleChoiceField(
        label=gettext_lazy("Weekly on"),
        required=False,
        choices=_DAYS,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None: on the day of the start."),
    )
    until = forms.DateField(
        label=gettext_lazy("Until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=gettext_lazy("The last day. Empty: until it is cancelled."),
    )
    rule = forms.CharField(
        label=gettext_lazy("Rule"),
        required=False,
        max_length=500,
        help_text=gettext_lazy("For “by rule”: an RRULE like FREQ=MONTHLY;BYDAY=2TU."),
    )
    lead_minutes = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Remind subscribers"),
        required=False,
        coerce=int,
        choices=_LEADS,
        widget=forms.CheckboxSelectMultiple,
    )
    auto_start = forms.BooleanField(label=gettext_lazy("Starts by itself"), required=False)
    auto_finish = forms.BooleanField(
        label=gettext_lazy("Finishes by itself"),
        required=False,
        help_text=gettext_lazy("Off: it runs until somebody completes it."),
    )
    mutes_alerts = forms.BooleanField(
        label=gettext_lazy("Alert nobody about these components meanwhile"),
        required=False,
        help_text=gettext_lazy("What is still dead at the end is told then."),
    )
    notify = forms.BooleanField(label=gettext_lazy("Tell subscribers"), required=False)

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        offered: Sequence[Component],
        can_repeat: bool = True,
        in_series: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(data, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["components"].choices = [(one.pk, one.name) for one in offered]
        fields["zone"].choices = [(name, name) for name in _zones(self.initial.get("zone", "UTC"))]
        if not in_series:
            del self.fields["scope"]
        if not can_repeat:
            for name in ("repeat", "week_days", "until", "rule"):
                del self.fields[name]
        offered_leads = dict(_LEADS)
        kept = [int(one) for one in self.initial.get("lead_minutes", ()) if _is_number(one)]
        others = [(lead, _lead(lead)) for lead in kept if lead not in offered_leads]
        fields["lead_minutes"].choices = [*_LEADS, *others]

    @property
    def groups(self) -> list[tuple[str, list[console.ConsoleField]]]:
        """The fields in the order and the groups in which they are drawn."""
        wanted = (
            ("", ("title", "text", "components")),
            ("fields fields--wide", ("zone", "starts_at", "ends_at")),
            ("", ("scope", "repeat")),
            ("", ("week_days",)),
            ("fields fields--wide", ("until", "rule")),
            ("", ("lead_minutes", "auto_start", "auto_finish", "mutes_alerts", "notify")),
        )
        found = [
            (css, [self[name] for name in names if name in self.fields]) for css, names in wanted
        ]
        return [(css, fields) for css, fields in found if fields]  # type: ignore[misc]

    @property
    def plan(self) -> Plan:
        """What a valid form says. Raises ValidationError by field."""
        values = self.cleaned_data
        return Plan(
            title=values["title"],
            text=values["text"],
            wall_start=values["starts_at"],
            duration=duration(values["starts_at"], values["ends_at"], values["zone"]),
            zone=values["zone"],
            components=self._statuses(values["components"]),
            auto_start=values["auto_start"],
            auto_finish=values["auto_finish"],
            mutes_alerts=values["mutes_alerts"],
            lead_minutes=values["lead_minutes"],
        )

    @property
    def recurrence(self) -> str:
        """The rule that a valid form asks for; empty for a single window."""
        values = self.cleaned_data
        if "repeat" not in values or (values.get("scope") == ONE):
            return ""
        return presets.rule(
            Repeat(values["repeat"]),
            first=values["starts_at"],
            week_days=values["week_days"],
            until=values["until"],
            custom=values["rule"],
        )

    def _statuses(self, ids: Sequence[int]) -> dict[int, Status]:
        """Under maintenance; or what a program chose for a component before."""
        kept = self.initial.get("statuses", {})
        return {one: kept.get(one, Status.UNDER_MAINTENANCE) for one in ids}


def duration(starts_at: datetime, ends_at: datetime, zone: str) -> timedelta:
    """The elapsed time between two wall clocks of a zone. Raises ValidationError for `zone`."""
    info = plans.zone_info(zone)
    return windows.instant(ends_at, zone=info) - windows.instant(starts_at, zone=info)


def blank(*, zone: str, now: datetime) -> dict[str, Any]:
    """What a new plan starts with: tomorrow at ten at night for an hour, reminded a day before."""
    tomorrow = windows.wall_clock(now, zone=plans.zone_info(zone)).date() + timedelta(days=1)
    start = datetime.combine(tomorrow, time(22, 0))
    return {
        "zone": zone,
        "starts_at": start,
        "ends_at": start + timedelta(hours=1),
        "lead_minutes": (24 * 60,),
        "auto_start": True,
        "auto_finish": True,
        "mutes_alerts": True,
        "notify": True,
        "repeat": Repeat.ONCE,
    }


def filled(row: Maintenance) -> dict[str, Any]:
    """What the form of a maintenance starts with."""
    plan = plans.of(row)
    values = {
        "title": plan.title,
        "text": plan.text,
        "components": list(plan.components),
        "statuses": dict(plan.components),
        "zone": plan.zone,
        "starts_at": plan.wall_start,
        "ends_at": windows.wall_clock(row.ends_at, zone=plan.zone_info),
        "lead_minutes": plan.lead_minutes,
        "auto_start": plan.auto_start,
        "auto_finish": plan.auto_finish,
        "mutes_alerts": plan.mutes_alerts,
        "notify": True,
        "scope": ONE,
        "repeat": Repeat.ONCE,
    }
    if row.series is not None:
        values |= {"repeat": Repeat.CUSTOM, "rule": row.series.rule}
    return values


def _zones(kept: str) -> list[str]:
    """Zones by region, without the aliases of old that nobody looks for, but for the one kept."""
    names = time_zones.names()
    listed = sorted(one for one in names if "/" in one and not one.startswith("Etc/"))
    return list(dict.fromkeys([kept, "UTC", *listed]))


def _is_number(typed: Any) -> bool:
    return str(typed).isdecimal() and len(str(typed)) < 6


def _lead(minutes: int) -> str:
    return _("%(count)d minutes before") % {"count": minutes}
