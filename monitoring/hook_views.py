"""Screens of the health webhook: who is told by `status:health:changed`, and what became of it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from common import console
from monitoring import health_webhook, page_health
from monitoring.alert_forms import HookForm
from monitoring.alert_views import get_and_post, may_change
from monitoring.models import HealthHook


@get_and_post
@may_change
def hook_add(request: HttpRequest) -> HttpResponse:
    return _hook(request, HealthHook())


@get_and_post
@may_change
def hook_edit(request: HttpRequest, hook_id: int) -> HttpResponse:
    return _hook(request, get_object_or_404(HealthHook, pk=hook_id))


@require_POST
@may_change
def hook_test(request: HttpRequest, hook_id: int) -> HttpResponse:
    hook = get_object_or_404(HealthHook, pk=hook_id)
    if health_webhook.send_test(hook=hook, health=page_health.present(), now=timezone.now()):
        messages.success(request, _("A test is on its way. Its fate shows here within seconds."))
    else:
        messages.warning(request, _("Its address cannot be read any more. Enter it again."))
    return redirect("admin:hook_edit", hook_id)


@get_and_post
@may_change
def hook_remove(request: HttpRequest, hook_id: int) -> HttpResponse:
    hook = get_object_or_404(HealthHook, pk=hook_id)
    if request.method == "POST":
        health_webhook.remove_hook(hook=hook)
        messages.success(request, _("The receiver is removed."))
        return redirect("admin:team_alerts")
    context = {
        "title": _("Remove %(name)s?") % {"name": hook.name},
        "consequences": [_("It is no longer told when the page's health changes.")],
        "button": _("Remove receiver"),
        "back": reverse("admin:hook_edit", args=[hook_id]),
    }
    return console.page(request, "admin/alert_confirm.html", context)


def _hook(request: HttpRequest, hook: HealthHook) -> HttpResponse:
    is_new = hook.pk is None
    form = HookForm(request.POST or None, hook=hook)
    before = health_webhook.stored(hook).get("secret")
    saved = form.carry_out(lambda: health_webhook.save_hook(hook=hook, **form.chosen()))
    if saved is not None:
        secret = health_webhook.stored(saved).get("secret", "")
        if secret != before and not form.values.get("secret"):
            text = _("Saved. Its signing secret is %(secret)s. It is not shown again.")
            messages.success(request, text % {"secret": secret})
        else:
            messages.success(request, _("Saved. It counts from the next change."))
        return redirect("admin:hook_edit", saved.pk)
    context = {
        "title": _("Add a health webhook")
        if is_new
        else _("Edit %(name)s") % {"name": form.initial["name"]},
        "form": form,
        "button": _("Save"),
        "back": reverse("admin:team_alerts"),
        "remove_url": "" if is_new else reverse("admin:hook_remove", args=[hook.pk]),
        "sends_test_to": "" if is_new else reverse("admin:hook_test", args=[hook.pk]),
        "attempts": [] if is_new else health_webhook.attempts(hook=hook),
        "now": timezone.now(),
    }
    return console.page(
        request, "admin/alert_form.html", context, status=422 if form.errors else 200
    )
