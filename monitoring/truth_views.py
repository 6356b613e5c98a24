"""The console's "Truth" screens: findings of the watchdog, its limits, and who drafts incidents."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from common import console
from components.models import Component
from monitoring import drafting, truth_settings, watchdog
from monitoring.models import DraftPolicy, Finding
from monitoring.truth_forms import DraftPolicyForm, TruthSettingsForm

may_set = permission_required("monitoring.change_truthsettings", raise_exception=True)
get_and_post = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@permission_required("monitoring.view_finding", raise_exception=True)
def truth(request: HttpRequest) -> HttpResponse:
    monitored = Component.objects.filter(nodes__isnull=False).distinct().in_page_order()
    policies = {policy.component_id: policy for policy in DraftPolicy.objects.all()}
    context = {
        "title": _("Truth watchdog"),
        "findings": watchdog.current(),
        "settings": drafting.settings_row(),
        "policies": [
            {"component": row, "policy": policies.get(row.pk) or DraftPolicy(component=row)}
            for row in monitored
        ],
        "now": timezone.now(),
    }
    return console.page(request, "admin/truth.html", context)


@require_POST
@permission_required("incidents.change_incident", raise_exception=True)
def finding_acknowledge(request: HttpRequest, finding_id: int) -> HttpResponse:
    finding = get_object_or_404(Finding, pk=finding_id)
    by = get_object_or_404(User, pk=request.user.pk)
    if watchdog.acknowledge(finding=finding, by=by, now=timezone.now()):
        messages.success(request, _("Acknowledged. It goes by itself once it is put right."))
    else:
        messages.info(request, _("Somebody was faster, or it is put right already."))
    back = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()})
    return redirect(back if is_ours else reverse("admin:truth"))


@get_and_post
@may_set
def truth_settings_edit(request: HttpRequest) -> HttpResponse:
    form = TruthSettingsForm(request.POST or None, row=drafting.settings_row())
    saved = form.carry_out(lambda: truth_settings.save(**form.cleaned_data))
    if saved is None:
        return _form(request, form, title=_("Limits of the watchdog"))
    messages.success(request, _("Saved. It counts from the next look, within ten seconds."))
    return redirect("admin:truth")


@get_and_post
@may_set
def draft_policy(request: HttpRequest, component_id: int) -> HttpResponse:
    component = get_object_or_404(Component, pk=component_id)
    form = DraftPolicyForm(request.POST or None, component=component)
    saved = form.carry_out(
        lambda: truth_settings.save_policy(component=component, **form.cleaned_data)
    )
    if saved is None:
        title = _("When %(name)s is dead for long") % {"name": component.name}
        return _form(request, form, title=title)
    messages.success(request, _("Saved for %(name)s.") % {"name": component.name})
    return redirect("admin:truth")


def _form(request: HttpRequest, form: console.ConsoleForm, *, title: str) -> HttpResponse:
    context = {"title": title, "form": form, "button": _("Save"), "back": reverse("admin:truth")}
    status = 422 if form.errors else 200
    return console.page(request, "admin/truth_form.html", context, status=status)
