"""The console's "Team alerts" screens: channels, reminders, and who else hears of the page's health."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts import roles
from common import console
from monitoring import alert_channels, alerting, browsers, node_alerts, views
from monitoring.alert_forms import (
    AlertSettingsForm,
    ChannelForm,
    NodeAlertsForm,
    WarningForm,
)
from monitoring.models import AlertChannel, HealthHook, Node

may_change = permission_required("monitoring.change_alertchannel", raise_exception=True)
may_mute = permission_required(roles.MUTE, raise_exception=True)
get_and_post = require_http_methods(["GET", "HEAD", "POST"])


@get_and_post
@may_change
def team_alerts(request: HttpRequest) -> HttpResponse:
    form = AlertSettingsForm(
        request.POST or None, initial=AlertSettingsForm.of(alerting.settings_row())
    )
    if form.carry_out(lambda: alert_channels.save_settings(**form.cleaned_data)):
        messages.success(request, _("Saved. It counts from the next alert."))
        return redirect("admin:team_alerts")
    return _screen(request, form=form)


@require_POST
@may_change
def warning_edit(request: HttpRequest) -> HttpResponse:
    """Change the warning that other places show, from its pane on the screen."""
    form = WarningForm(
        request.POST, initial=WarningForm.of(alerting.settings_row()), auto_id="warning-%s"
    )
    if form.carry_out(lambda: alert_channels.save_settings(**form.cleaned_data)):
        messages.success(request, _("Saved. Other places know within seconds."))
        return redirect("admin:team_alerts")
    return _screen(request, warning=form)


def _screen(
    request: HttpRequest,
    *,
    form: AlertSettingsForm | None = None,
    warning: WarningForm | None = None,
) -> HttpResponse:
    row = alerting.settings_row()
    form = form or AlertSettingsForm(initial=AlertSettingsForm.of(row))
    warning = warning or WarningForm(initial=WarningForm.of(row), auto_id="warning-%s")
    panes = alert_channels.panes()
    context = {
        "title": _("Team alerts"),
        "form": form,
        "warning": warning,
        "panes": panes,
        "kinds": alert_channels.kinds(),
        "is_silent": not any(pane.channel.is_enabled and pane.recipients for pane in panes),
        "hooks": HealthHook.objects.order_by("name"),
        "now": timezone.now(),
    }
    status = 422 if form.errors or warning.errors else 200
    return console.page(request, "admin/team_alerts.html", context, status=status)


@get_and_post
@may_change
def channel_add(request: HttpRequest, kind: str) -> HttpResponse:
    if kind not in dict(alert_channels.kinds()):
        raise Http404
    return _channel(request, AlertChannel(kind=kind))


@get_and_post
@may_change
def channel_edit(request: HttpRequest, channel_id: int) -> HttpResponse:
    channel = get_object_or_404(AlertChannel, pk=channel_id)
    if channel.kind == browsers.KIND:
        return redirect("admin:push_alerts")
    return _channel(request, channel)


@require_POST
@may_change
def channel_switch(request: HttpRequest, channel_id: int) -> HttpResponse:
    channel = get_object_or_404(AlertChannel, pk=channel_id)
    is_enabled = "on" in request.POST
    alert_channels.switch(channel=channel, is_enabled=is_enabled)
    messages.success(request, _("Switched on.") if is_enabled else _("Switched off."))
    return redirect("admin:team_alerts")


@require_POST
@may_change
def channel_test(request: HttpRequest, channel_id: int) -> HttpResponse:
    channel = get_object_or_404(AlertChannel, pk=channel_id)
    sent = alert_channels.send_test(channel=channel, now=timezone.now())
    if sent:
        text = ngettext(
            "A test is on its way to %(count)d recipient. Its fate shows here within seconds.",
            "A test is on its way to %(count)d recipients. Its fate shows here within seconds.",
            sent,
        )
        messages.success(request, text % {"count": sent})
    else:
        messages.warning(request, _("There is nobody to send a test to. Edit the channel first."))
    return redirect("admin:team_alerts")


@get_and_post
@may_change
def channel_remove(request: HttpRequest, channel_id: int) -> HttpResponse:
    channel = get_object_or_404(AlertChannel, pk=channel_id)
    if request.method == "POST":
        alert_channels.remove(channel=channel)
        messages.success(request, _("The channel is removed."))
        return redirect("admin:team_alerts")
    context = {
        "title": _("Remove %(name)s?") % {"name": alert_channels.name_within(channel)},
        "consequences": [_("Nobody is told over this channel any more. Its secrets are deleted.")],
        "button": _("Remove channel"),
        "back": reverse("admin:channel_edit", args=[channel_id]),
    }
    return console.page(request, "admin/alert_confirm.html", context)


@get_and_post
@may_mute
def node_alerts_edit(request: HttpRequest, node_id: int) -> HttpResponse:
    node = get_object_or_404(Node.objects.select_related("component"), pk=node_id)
    may_configure = request.user.has_perm("monitoring.change_node")
    form = NodeAlertsForm(request.POST or None, node=node, may_configure=may_configure)
    saved = form.carry_out(lambda: node_alerts.set_alerts(node=node, **form.cleaned_data))
    if saved is not None:
        messages.success(request, _("“%(name)s” is saved.") % {"name": node.name})
        return redirect(views.at_node(node_id))
    title = _("Alerts of %(name)s") % {"name": f"{node.component.name} / {node.name}"}
    context = {"title": title, "form": form, "button": _("Save"), "back": views.at_node(node_id)}
    return console.page(
        request, "admin/service_form.html", context, status=422 if form.errors else 200
    )


def _channel(request: HttpRequest, channel: AlertChannel) -> HttpResponse:
    is_new = channel.pk is None
    form = ChannelForm(request.POST or None, channel=channel)
    saved = form.carry_out(lambda: alert_channels.save(channel=channel, **form.chosen()))
    if saved is not None:
        messages.success(request, _("Saved. It counts from the next alert."))
        return redirect("admin:team_alerts")
    context: dict[str, Any] = {
        "title": _("Add %(name)s") % {"name": alert_channels.title_within(channel.kind)}
        if is_new
        else _("Edit %(name)s") % {"name": alert_channels.name_within(channel)},
        "form": form,
        "button": _("Save"),
        "back": reverse("admin:team_alerts"),
        "remove_url": "" if is_new else reverse("admin:channel_remove", args=[channel.pk]),
    }
    return console.page(
        request, "admin/alert_form.html", context, status=422 if form.errors else 200
    )
