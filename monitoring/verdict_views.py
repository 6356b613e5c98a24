"""The console's screens for a node's verdicts: damping and places, and the back-test of others."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from common import console
from common.console import ConsoleForm
from monitoring import backtest, places, views
from monitoring.forms import SecondsField
from monitoring.models import Location, Node

_TRIED = ("sick_after_s", "dead_after_s", "bad_checks", "good_checks", "quorum")


class VerdictForm(ConsoleForm):
    """How many checks, and which places, make a verdict."""

    bad_checks = forms.IntegerField(
        label=gettext_lazy("Bad checks in a row"),
        min_value=1,
        max_value=20,
        help_text=gettext_lazy("That many make it worse"),
    )
    good_checks = forms.IntegerField(
        label=gettext_lazy("Good checks in a row"),
        min_value=1,
        max_value=20,
        help_text=gettext_lazy("That many make it better"),
    )
    is_polled_centrally = forms.BooleanField(
        label=gettext_lazy("Checked from here"), required=False
    )
    locations = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Also checked from"),
        queryset=Location.objects.order_by("name"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    new_location = forms.CharField(
        label=gettext_lazy("And from a new location"), max_length=100, required=False
    )
    quorum = forms.IntegerField(
        label=gettext_lazy("Places that must say dead"),
        min_value=1,
        max_value=100,
        required=False,
        help_text=gettext_lazy("Empty: the majority of those that checked lately"),
    )

    @classmethod
    def of(cls, node: Node) -> dict[str, Any]:
        """The values that the form shows first."""
        fields = ("bad_checks", "good_checks", "is_polled_centrally", "quorum")
        return {name: getattr(node, name) for name in fields} | {"locations": node.locations.all()}


class BacktestForm(ConsoleForm):
    """What is tried, on how many days."""

    days = forms.IntegerField(
        label=gettext_lazy("Days back"), min_value=1, max_value=backtest.MAX_DAYS
    )
    sick_after_s = SecondsField(
        label=gettext_lazy("Sick after, seconds"),
        validators=[MinValueValidator(0.001), MaxValueValidator(120)],
    )
    dead_after_s = SecondsField(
        label=gettext_lazy("Dead after, seconds"),
        validators=[MinValueValidator(0.05), MaxValueValidator(120)],
    )
    bad_checks = forms.IntegerField(
        label=gettext_lazy("Bad checks in a row"), min_value=1, max_value=20
    )
    good_checks = forms.IntegerField(
        label=gettext_lazy("Good checks in a row"), min_value=1, max_value=20
    )
    quorum = forms.IntegerField(
        label=gettext_lazy("Places that must say dead"),
        min_value=1,
        required=False,
        help_text=gettext_lazy("Empty: the majority of those that checked lately"),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        sick, dead = cleaned.get("sick_after_s"), cleaned.get("dead_after_s")
        if sick is not None and dead is not None and sick > dead:
            self.add_error(
                "sick_after_s",
                _("“Sick after” is longer than “dead after”. Make it shorter or equal."),
            )
        return cleaned


@require_safe
@permission_required("monitoring.view_node", raise_exception=True)
def node_backtest(request: HttpRequest, node_id: int) -> HttpResponse:
    """The form as the node is set now, or the result of what was sent."""
    node = get_object_or_404(Node.objects.select_related("component"), pk=node_id)
    initial = {"days": 7} | {name: getattr(node, name) for name in _TRIED}
    form = BacktestForm(request.GET if "days" in request.GET else None, initial=initial)
    result = None
    if form.is_valid():
        trial = {name: form.cleaned_data[name] for name in _TRIED}
        days = form.cleaned_data["days"]
        result = backtest.run(node=node, days=days, now=timezone.now(), **trial)
    context = {
        "title": _("Back-test of %(name)s") % {"name": node.name},
        "node": node,
        "form": form,
        "result": result,
    }
    return console.page(request, "admin/backtest.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("monitoring.change_node", raise_exception=True)
def node_verdict(request: HttpRequest, node_id: int) -> HttpResponse:
    """Damping, places and quorum of a node."""
    node = get_object_or_404(Node.objects.select_related("component"), pk=node_id)
    form = VerdictForm(request.POST or None, initial=VerdictForm.of(node))
    saved = form.carry_out(
        lambda: places.set_judging(node=node, now=timezone.now(), **form.cleaned_data)
    )
    if saved is not None:
        messages.success(request, _("“%(name)s” is saved.") % {"name": node.name})
        return redirect(views.at_node(node_id))
    title = _("Verdicts of %(name)s") % {"name": f"{node.component.name} / {node.name}"}
    context = {"title": title, "form": form, "button": _("Save"), "back": views.at_node(node_id)}
    return console.page(
        request, "admin/service_form.html", context, status=422 if form.errors else 200
    )
