"""Forms of the console's screens for services, nodes and replicas.

They only read what was typed; whether it may be saved is said by the operations, whose errors the
views hand back with `take_errors`.
"""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from common.console import ConsoleForm, SlugField
from components.models import Component, ComponentGroup
from monitoring.models import Mode, Node, SilenceRule
from probing.options import METHODS

_INTERVALS_S = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
_HEADER_HINT = _("One a line, as in Authorization: Bearer abc. They are stored encrypted.")


def _spelled(seconds: int) -> Any:
    if seconds % 60:
        return ngettext_lazy("%d second", "%d seconds", seconds) % seconds
    return ngettext_lazy("%d minute", "%d minutes", seconds // 60) % (seconds // 60)


class SecondsField(forms.FloatField):
    """A time in seconds."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.NumberInput(attrs={"step": "any", "min": "0", "inputmode": "decimal"})
        super().__init__(widget=widget, **kwargs)


class AddressField(forms.CharField):
    """What to watch. Not a URLField: the rules of `probing.targets` say what is accepted."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(
            attrs={
                "inputmode": "url",
                "autocapitalize": "none",
                "autocomplete": "off",
                "spellcheck": "false",
                "placeholder": "https://example.com/",
            }
        )
        super().__init__(max_length=2000, widget=widget, **kwargs)


class _ServiceForm(ConsoleForm):
    """What every service has."""

    name = forms.CharField(label=_("Name"), max_length=100)
    group = forms.ModelChoiceField(
        label=_("Group"),
        queryset=ComponentGroup.objects.order_by("position", "name"),
        required=False,
        empty_label=_("No group"),
    )
    new_group = forms.CharField(label=_("Or a new group"), max_length=100, required=False)
    description = forms.CharField(
        label=_("Description"),
        max_length=500,
        required=False,
        help_text=_("One line for visitors: what this service does."),
    )
    slug = SlugField(
        label=_("Slug"),
        max_length=100,
        required=False,
        help_text=_("Part of the address on the page. Empty: made from the name."),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("group") and cleaned.get("new_group"):
            self.add_error("new_group", _("Choose a group or name a new one, not both."))
        return cleaned


class NewServiceForm(_ServiceForm):
    """A service that is added, with an address to watch from the start."""

    address = AddressField(
        label=_("Address to watch"),
        required=False,
        help_text=_(
            "https://…, tcp://host:port, icmp://host or dns://name. More can be added later; "
            "without one you set the status by hand."
        ),
    )
    field_order = ("name", "address", "group", "new_group", "description", "slug")


class ServiceForm(_ServiceForm):
    """A service that is changed."""

    is_visible = forms.BooleanField(label=_("Shown on the page"), required=False)
    only_where_chosen = forms.BooleanField(
        label=_("Only on pages that choose it; the main page does not show it"), required=False
    )
    shows_addresses = forms.BooleanField(
        label=_("Show visitors the addresses of replicas, not only their numbers"), required=False
    )

    @classmethod
    def of(cls, component: Component) -> dict[str, Any]:
        """The values that the form shows first."""
        return {name: getattr(component, name) for name in cls.base_fields if name != "new_group"}


class JudgingForm(ConsoleForm):
    """How often a node's replicas are checked, and when they are sick or dead."""

    interval_s = forms.TypedChoiceField(label=_("Check every"), coerce=int)
    retries = forms.IntegerField(
        label=_("Retries before dead"),
        min_value=0,
        max_value=10,
        help_text=_("A failed check is repeated at once"),
    )
    sick_after_s = SecondsField(
        label=_("Sick after, seconds"), help_text=_("A slower answer makes it sick")
    )
    dead_after_s = SecondsField(
        label=_("Dead after, seconds"), help_text=_("No answer by then makes it dead")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        present = self.initial.get("interval_s")
        intervals = sorted({*_INTERVALS_S, *([present] if present else [])})
        field = self.fields["interval_s"]
        field.choices = [(seconds, _spelled(seconds)) for seconds in intervals]  # type: ignore[attr-defined]

    @classmethod
    def of(cls, node: Node) -> dict[str, Any]:
        """The values that the form shows first."""
        return {name: getattr(node, name) for name in cls.base_fields if hasattr(node, name)}


class PushJudgingForm(ConsoleForm):
    """When the replicas of a node that reports by itself are sick or dead."""

    silent_after_s = SecondsField(
        label=_("Dead after silence, seconds"),
        required=False,
        help_text=_("Empty: 60; for a job that pings its grace, an hour. See “All options”."),
    )
    cpu_sick_above = forms.FloatField(
        label=_("Sick above CPU load"),
        min_value=0,
        max_value=100,
        help_text=_("By number of CPUs: 0.5 is half of them"),
    )
    ram_sick_above = forms.FloatField(
        label=_("Sick above RAM used"),
        min_value=0,
        max_value=100,
        help_text=_("0.75 is three quarters"),
    )

    @classmethod
    def of(cls, node: Node) -> dict[str, Any]:
        """The values that the form shows first."""
        return {name: getattr(node, name) for name in cls.base_fields}


class LocalJudgingForm(JudgingForm):
    """How a daemon checks a node's replicas, and when its silence makes them dead."""

    silent_after_s = SecondsField(
        label=_("Dead after silence, seconds"),
        required=False,
        help_text=_("Empty: the announced interval and 40 s"),
    )


QuickForm = JudgingForm | PushJudgingForm


def judging_form(mode: str) -> type[QuickForm]:
    """The form with what judges a node of this mode."""
    forms_by_mode: dict[Mode, type[QuickForm]] = {
        Mode.POLL: JudgingForm,
        Mode.PUSH: PushJudgingForm,
        Mode.LOCAL: LocalJudgingForm,
    }
    return forms_by_mode[Mode(mode)]


class NodeForm(JudgingForm):
    """All options of a node. Stored headers are never shown again: keep, replace or clear them."""

    name = forms.CharField(label=_("Name"), max_length=100)
    slug = SlugField(
        label=_("Slug"),
        max_length=100,
        required=False,
        help_text=_("Names the node in the API and in files. Empty: made from the name."),
    )
    mode = forms.ChoiceField(
        label=_("How it is watched"),
        choices=[
            (Mode.POLL, _("Poll: we ask its replicas")),
            (Mode.PUSH, _("Push: an application reports")),
            (Mode.LOCAL, _("Local: a daemon in its network asks")),
        ],
    )
    silent_after_s = SecondsField(
        label=_("Dead after silence, seconds"),
        required=False,
        help_text=_(
            "No report for that long. Empty: 60 for push; for local the announced interval and 40 s. "
            "For a job that pings: how late it may be, an hour when empty."
        ),
    )
    silence_rule = forms.ChoiceField(
        label=_("Silence is counted by"),
        choices=[
            (SilenceRule.LONGER, _("The longer of that and the announced interval with grace")),
            (SilenceRule.LAST_REPORT, _("That alone, since the last report")),
            (SilenceRule.ANNOUNCED, _("That on top of the announced interval")),
        ],
    )
    cpu_sick_above = forms.FloatField(
        label=_("Sick above CPU load"),
        min_value=0,
        max_value=100,
        help_text=_("By number of CPUs: 0.5 is half of them. Strictly above."),
    )
    ram_sick_above = forms.FloatField(
        label=_("Sick above RAM used"),
        min_value=0,
        max_value=100,
        help_text=_("0.75 is three quarters. Strictly above."),
    )
    http_method = forms.ChoiceField(
        label=_("Method"), choices=[(method, method) for method in METHODS]
    )
    http_status_min = forms.IntegerField(label=_("Lowest healthy status code"))
    http_status_max = forms.IntegerField(label=_("Highest healthy status code"))
    http_body_contains = forms.CharField(
        label=_("Body contains"), max_length=500, required=False, strip=False
    )
    http_body_regex = forms.CharField(
        label=_("Body matches"),
        max_length=500,
        required=False,
        strip=False,
        help_text=_("A regular expression (RE2), looked for in the first 64 KB."),
    )
    http_follow_redirects = forms.BooleanField(label=_("Follow redirects"), required=False)
    http_verify_tls = forms.BooleanField(label=_("Check the certificate"), required=False)
    headers_are = forms.ChoiceField(
        label=_("Request headers"),
        choices=[
            ("keep", _("Keep those stored")),
            ("replace", _("Replace with those below")),
            ("clear", _("Send none")),
        ],
        required=False,
    )
    headers = forms.CharField(
        label=_("Headers"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocomplete": "off"}),
        help_text=_HEADER_HINT,
    )
    field_order = ("name", "slug")

    def __init__(self, *args: Any, has_headers: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not has_headers:
            del self.fields["headers_are"]

    def clean_headers(self) -> dict[str, str]:
        headers = {}
        for line in self.cleaned_data["headers"].splitlines():
            if not line.strip():
                continue
            name, colon, value = line.partition(":")
            if not colon or not name.strip():
                raise forms.ValidationError(
                    _("“%(line)s” is not a header. Write Name: value."), params={"line": line[:60]}
                )
            headers[name.strip()] = value.strip()
        return headers

    def options(self) -> dict[str, Any]:
        """What was typed as keyword arguments of the operations; `http_headers` None keeps them."""
        options = {
            name: value
            for name, value in self.cleaned_data.items()
            if name not in {"headers", "headers_are"}
        }
        typed = self.cleaned_data["headers"]
        wish = self.cleaned_data.get("headers_are") or "keep"
        if typed and wish == "keep":
            wish = "replace"
        options["http_headers"] = {"keep": None, "replace": typed, "clear": {}}[wish]
        return options


class ReplicaForm(ConsoleForm):
    address = AddressField(
        label=_("Address"),
        help_text=_("https://…, http://…, tcp://host:port, icmp://host or dns://name"),
    )
