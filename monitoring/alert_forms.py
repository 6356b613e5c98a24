"""Forms of the "Team alerts" screens; those of channels are made from what each channel declares."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from common.console import ConsoleForm, LocalDateTime
from monitoring import alert_channels, health_webhook
from monitoring.models import AlertChannel, AlertSettings, HealthHook, Node
from monitoring.reminders import Backoff
from notifications.channels.base import Field

_VALUE = "value_"
_CLEAR = "clear_"


class _FieldsForm(ConsoleForm):
    """The fields that a channel declares. A stored secret is never shown: keep, replace or clear."""

    def add_declared(self, declared: list[Field], stored: dict[str, str]) -> None:
        for each in declared:
            has_secret = each.is_secret and bool(stored.get(each.name))
            self.fields[_VALUE + each.name] = _form_field(each, has_secret=has_secret)
            if each.is_secret:
                self.initial.pop(_VALUE + each.name, None)
            else:
                self.initial[_VALUE + each.name] = stored.get(each.name, "")
            if has_secret and not each.is_required:
                label = _("Clear “%(name)s”") % {"name": each.label}
                self.fields[_CLEAR + each.name] = forms.BooleanField(label=label, required=False)

    @property
    def values(self) -> dict[str, str]:
        return _named(self.cleaned_data, _VALUE)

    @property
    def cleared(self) -> frozenset[str]:
        return frozenset(name for name, is_on in _named(self.cleaned_data, _CLEAR).items() if is_on)

    def take_errors(self, errors: forms.ValidationError) -> None:
        if hasattr(errors, "error_dict"):
            named = {
                _VALUE + name if _VALUE + name in self.fields else name: messages
                for name, messages in errors.message_dict.items()
            }
            errors = forms.ValidationError(named)
        super().take_errors(errors)


class ChannelForm(_FieldsForm):
    """One way operators are told."""

    is_enabled = forms.BooleanField(label=_("On"), required=False)
    name = forms.CharField(
        label=_("Name"), max_length=100, required=False, help_text=_("To tell two of a kind apart.")
    )
    tells_recovery = forms.BooleanField(label=_("Also tell when it recovers"), required=False)
    reminders_only = forms.BooleanField(
        label=_("Reminders only"),
        required=False,
        help_text=_("Nothing when a replica dies or recovers, only while it stays dead."),
    )

    def __init__(self, *args: Any, channel: AlertChannel, **kwargs: Any) -> None:
        names = ("is_enabled", "name", "tells_recovery", "reminders_only")
        kwargs["initial"] = {name: getattr(channel, name) for name in names}
        super().__init__(*args, **kwargs)
        self.add_declared(alert_channels.fields(channel.kind), alert_channels.stored(channel))
        declared = [name for name in self.fields if name.startswith((_VALUE, _CLEAR))]
        self.order_fields(["is_enabled", "name", *declared])

    def chosen(self) -> dict[str, Any]:
        """What was typed as keyword arguments of `alert_channels.save`."""
        own = {name: self.cleaned_data[name] for name in self.base_fields}
        return {**own, "values": self.values, "cleared": self.cleared}


class PushForm(ConsoleForm):
    """Which operators are told in their browsers."""

    is_enabled = forms.BooleanField(label=_("On"), required=False)
    operators = forms.ModelMultipleChoiceField(
        label=_("Operators"),
        queryset=User.objects.filter(is_active=True, is_staff=True).order_by("username"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Each connects their own browsers below."),
    )
    tells_recovery = forms.BooleanField(label=_("Also tell when it recovers"), required=False)
    reminders_only = forms.BooleanField(label=_("Reminders only"), required=False)

    def __init__(self, *args: Any, channel: AlertChannel, **kwargs: Any) -> None:
        names = ("is_enabled", "tells_recovery", "reminders_only")
        kwargs["initial"] = {name: getattr(channel, name) for name in names}
        kwargs["initial"]["operators"] = channel.options.get("operators", [])
        super().__init__(*args, **kwargs)


class HookForm(_FieldsForm):
    """One receiver of the health webhook."""

    is_enabled = forms.BooleanField(label=_("On"), required=False)
    name = forms.CharField(label=_("Name"), max_length=100)

    def __init__(self, *args: Any, hook: HealthHook, **kwargs: Any) -> None:
        kwargs["initial"] = {"is_enabled": hook.is_enabled, "name": hook.name}
        super().__init__(*args, **kwargs)
        self.add_declared(
            alert_channels.fields(health_webhook.CHANNEL), health_webhook.stored(hook)
        )

    def chosen(self) -> dict[str, Any]:
        """What was typed as keyword arguments of `health_webhook.save_hook`."""
        own = {name: self.cleaned_data[name] for name in self.base_fields}
        return {**own, "values": self.values, "cleared": self.cleared}


class AlertSettingsForm(ConsoleForm):
    """When operators are reminded, and how long a root cause is waited for."""

    reminder_interval_s = forms.IntegerField(
        label=_("Remind every, seconds"),
        required=False,
        min_value=10,
        max_value=604_800,
        help_text=_("While something is dead. Empty: no reminders."),
    )
    reminder_backoff = forms.ChoiceField(
        label=_("Reminders become rarer"),
        choices=[
            (Backoff.NONE, _("never: always after that time")),
            (Backoff.LINEAR, _("linearly: once, twice, three times that time")),
            (Backoff.SQUARE, _("squared: once, 4 times, 9 times that time")),
            (Backoff.CUBIC, _("cubed: once, 8 times, 27 times that time")),
        ],
    )
    reminder_limit = forms.IntegerField(
        label=_("Up to step"),
        min_value=1,
        max_value=100,
        help_text=_("From there on the wait stays the same."),
    )
    escalates = forms.BooleanField(
        label=_("Reminders get urgent for one recipient more each time"),
        required=False,
        help_text=_("Without this, every reminder is urgent for all."),
    )
    muted_until = forms.DateTimeField(
        label=_("No reminders until"), required=False, widget=LocalDateTime
    )
    dependency_window_s = forms.IntegerField(
        label=_("Wait for the root cause, seconds"),
        min_value=0,
        max_value=3600,
        help_text=_("How long the death of a node that depends on others is held back."),
    )

    @classmethod
    def of(cls, row: AlertSettings) -> dict[str, Any]:
        """The values that the form shows first."""
        return {name: getattr(row, name) for name in cls.base_fields}


class WarningForm(ConsoleForm):
    """Whether other places (a chat widget, a help desk) warn about the page, and from when."""

    warns = forms.BooleanField(label=_("On"), required=False)
    warns_after_s = forms.IntegerField(
        label=_("After, seconds"),
        min_value=0,
        max_value=604_800,
        help_text=_("How long the page has to be dead without a break."),
    )

    @classmethod
    def of(cls, row: AlertSettings) -> dict[str, Any]:
        """The values that the form shows first."""
        return {name: getattr(row, name) for name in cls.base_fields}


class NodeAlertsForm(ConsoleForm):
    """What a node's alerts depend on, and until when it has none."""

    muted_until = forms.DateTimeField(
        label=_("Muted until"),
        required=False,
        widget=LocalDateTime,
        help_text=_("Until then nobody is told that it died. Empty: not muted."),
    )
    depends_on = forms.ModelMultipleChoiceField(
        label=_("Depends on"),
        queryset=Node.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("While one of these is dead, this node's failures are told as part of it."),
    )

    def __init__(self, *args: Any, node: Node, may_configure: bool = True, **kwargs: Any) -> None:
        """Who may only mute sees what the node depends on, and posts it without effect."""
        kwargs["initial"] = {
            "muted_until": node.muted_until,
            "depends_on": list(node.depends_on.values_list("pk", flat=True)),
        }
        super().__init__(*args, **kwargs)
        others = Node.objects.exclude(pk=node.pk).select_related("component")
        field = self.fields["depends_on"]
        field.disabled = not may_configure
        field.queryset = others.order_by("component__name", "position", "name")  # type: ignore[attr-defined]
        field.label_from_instance = lambda other: f"{other.component.name} / {other.name}"  # type: ignore[attr-defined]


def _form_field(each: Field, *, has_secret: bool) -> forms.Field:
    hint = each.help_text
    if has_secret:
        kept = str(_("Stored, and not shown again. Empty: it stays as it is."))
        hint = f"{hint} {kept}".strip()
    quiet = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}
    widget: forms.Widget = forms.TextInput(attrs=quiet)
    if each.is_many:
        widget = forms.Textarea(attrs={"rows": 4, **quiet})
    elif each.is_secret:
        # What was typed is not sent back with an error either.
        widget = forms.PasswordInput(attrs={**quiet, "autocomplete": "new-password"})
    return forms.CharField(
        label=each.label, help_text=hint, required=False, max_length=4000, widget=widget
    )


def _named(data: dict[str, Any], prefix: str) -> dict[str, Any]:
    return {
        name.removeprefix(prefix): value for name, value in data.items() if name.startswith(prefix)
    }
