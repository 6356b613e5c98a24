"""Forms of the "Truth" screens: when monitors draft incidents, and when the watchdog barks."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.console import ConsoleForm
from components.models import Component
from incidents.models import EventTemplate
from incidents.models.templates import Kind
from monitoring.models import DraftPolicy, TruthSettings

_SETTINGS = (
    "drafts",
    "draft_after_s",
    "tells",
    "unsaid_after_s",
    "green_after_s",
    "silent_after_s",
    "overrun_after_s",
    "held_after_s",
)
_POLICY = ("drafts", "draft_after_s", "publishes", "resolves", "template")


def _from_model(model: Any, name: str) -> Any:
    field = model._meta.get_field(name).formfield()
    field.widget.is_required = False
    return field


class TruthSettingsForm(ConsoleForm):
    """The one row of settings, its labels and limits taken from the model."""

    def __init__(self, *args: Any, row: TruthSettings, **kwargs: Any) -> None:
        kwargs["initial"] = {name: getattr(row, name) for name in _SETTINGS}
        super().__init__(*args, **kwargs)
        self.fields.update({name: _from_model(TruthSettings, name) for name in _SETTINGS})


class DraftPolicyForm(ConsoleForm):
    """What happens by itself when one component is dead for long."""

    template = forms.ModelChoiceField(
        label=_("Template"),
        queryset=EventTemplate.objects.filter(kind=Kind.INCIDENT).order_by("name"),
        required=False,
        empty_label=_("None: “… does not answer”"),
    )

    def __init__(self, *args: Any, component: Component, **kwargs: Any) -> None:
        policy = DraftPolicy.objects.filter(component=component).first() or DraftPolicy()
        kwargs["initial"] = {name: getattr(policy, name) for name in _POLICY}
        super().__init__(*args, **kwargs)
        self.fields.update(
            {name: _from_model(DraftPolicy, name) for name in _POLICY if name != "template"}
        )
        self.order_fields(_POLICY)
