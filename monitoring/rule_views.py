"""The console's "Alertmanager" screens: what its alerts mean for the page, and which fire now."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from common import console
from common.console import ConsoleForm
from components.models import Component
from components.status import Status
from monitoring import outside_alerts, rule_book
from monitoring.models import ALERT_STATUSES, AlertEffect, AlertRule, Token, TokenKind

may_change = permission_required("monitoring.change_alertrule", raise_exception=True)
get_and_post = require_http_methods(["GET", "HEAD", "POST"])


class RuleForm(ConsoleForm):
    """One rule: the labels of an alert, and what happens."""

    labels = forms.CharField(
        label=gettext_lazy("Labels of the alert"),
        max_length=8000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocapitalize": "none"}),
        help_text=gettext_lazy(
            "One a line, as severity=critical. All must fit; * stands for any value."
        ),
    )
    component = forms.ModelChoiceField(
        label=gettext_lazy("Service"),
        queryset=Component.objects.none(),
        required=False,
        empty_label=gettext_lazy("The one that its label candor_component names"),
    )
    status = forms.ChoiceField(label=gettext_lazy("Status"), required=False)
    effect = forms.ChoiceField(label=gettext_lazy("What happens"), choices=AlertEffect.choices)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        components: Any = self.fields["component"]
        components.queryset = Component.objects.in_page_order()
        statuses: Any = self.fields["status"]
        statuses.choices = [
            ("", _("As its label severity says")),
            *((one.value, _(one.label)) for one in ALERT_STATUSES),
        ]

    @classmethod
    def of(cls, rule: AlertRule) -> dict[str, Any]:
        return {
            "labels": "\n".join(f"{name}={value}" for name, value in sorted(rule.labels.items())),
            "component": rule.component_id,
            "status": rule.status,
            "effect": rule.effect,
        }

    def clean_labels(self) -> dict[str, str]:
        labels = {}
        for row in self.cleaned_data["labels"].splitlines():
            if not row.strip():
                continue
            name, sign, value = row.partition("=")
            if not sign or not name.strip() or not value.strip():
                raise forms.ValidationError(
                    _("“%(line)s” is not a label. Write name=value."), params={"line": row[:60]}
                )
            labels[name.strip()] = value.strip().strip('"')
        return labels


@get_and_post
@may_change
def alertmanager(request: HttpRequest) -> HttpResponse:
    """The rules, a form for one more, and the alerts that fire."""
    form = RuleForm(request.POST or None, initial={"effect": AlertEffect.DRAFT})
    saved = form.carry_out(lambda: _save(AlertRule(), form))
    if saved is not None:
        messages.success(request, _("The rule counts from now on."))
        return redirect("admin:alertmanager")
    context = {
        "title": _("Alertmanager"),
        "form": form,
        "rules": [
            {"row": rule, "status": _(Status(rule.status).label) if rule.status else ""}
            for rule in AlertRule.objects.select_related("component").order_by("position", "pk")
        ],
        "firing": [
            {"one": one, "status": one.meaning and _(one.meaning.status.label)}
            for one in outside_alerts.firing(now=timezone.now())
        ],
        "url": request.build_absolute_uri("/api/alertmanager"),
        "has_token": Token.objects.filter(kind=TokenKind.ALERTS, revoked_at=None).exists(),
        "now": timezone.now(),
    }
    return console.page(
        request, "admin/alertmanager.html", context, status=422 if form.errors else 200
    )


@get_and_post
@may_change
def rule_edit(request: HttpRequest, rule_id: int) -> HttpResponse:
    rule = get_object_or_404(AlertRule, pk=rule_id)
    form = RuleForm(request.POST or None, initial=RuleForm.of(rule))
    saved = form.carry_out(lambda: _save(AlertRule.objects.get(pk=rule_id), form))
    if saved is not None:
        messages.success(request, _("The rule counts from now on."))
        return redirect("admin:alertmanager")
    context = {
        "title": _("Edit rule"),
        "form": form,
        "button": _("Save"),
        "back": reverse("admin:alertmanager"),
        "remove_url": reverse("admin:alert_rule_remove", args=[rule_id]),
        "move_url": reverse("admin:alert_rule_move", args=[rule_id]),
    }
    return console.page(
        request, "admin/alert_rule_form.html", context, status=422 if form.errors else 200
    )


@require_POST
@may_change
def rule_move(request: HttpRequest, rule_id: int) -> HttpResponse:
    rule = get_object_or_404(AlertRule, pk=rule_id)
    rule_book.move_rule(rule=rule, up="up" in request.POST, now=timezone.now())
    return redirect("admin:alertmanager")


@get_and_post
@may_change
def rule_remove(request: HttpRequest, rule_id: int) -> HttpResponse:
    rule = get_object_or_404(AlertRule, pk=rule_id)
    if request.method == "POST":
        rule_book.remove_rule(rule=rule, now=timezone.now())
        messages.success(request, _("The rule is removed."))
        return redirect("admin:alertmanager")
    context = {
        "title": _("Remove this rule?"),
        "consequences": [_("What alerts made the page say by this rule is taken back.")],
        "button": _("Remove rule"),
        "back": reverse("admin:alert_rule_edit", args=[rule_id]),
    }
    return console.page(request, "admin/alert_confirm.html", context)


def _save(rule: AlertRule, form: RuleForm) -> AlertRule:
    return rule_book.save_rule(rule=rule, now=timezone.now(), **form.cleaned_data)
