"""The console's "Team alerts" screen: who is mailed when a replica dies."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from common import console
from monitoring import alert_channels
from monitoring.forms import EmailAlertsForm
from monitoring.models import AlertChannel
from notifications import reading

may_change = permission_required("monitoring.change_alertchannel", raise_exception=True)


@require_http_methods(["GET", "HEAD", "POST"])
@may_change
def team_alerts(request: HttpRequest) -> HttpResponse:
    channel = AlertChannel.objects.filter(kind=alert_channels.EMAIL).first()
    form = EmailAlertsForm(request.POST or None, initial=_initial(channel, request))
    saved = form.carry_out(
        lambda: alert_channels.set_email(**form.cleaned_data, now=timezone.now())
    )
    if saved is None:
        return _page(request, form, channel)
    console.record(request, saved, console.CHANGED, ", ".join(form.changed_data))
    messages.success(request, _("Saved. It counts from the next alert."))
    return redirect("admin:team_alerts")


@require_POST
@may_change
def team_alerts_test(request: HttpRequest) -> HttpResponse:
    sent = alert_channels.send_test(now=timezone.now())
    if sent:
        text = ngettext(
            "A test is on its way to %(count)d address. Its fate shows below within seconds.",
            "A test is on its way to %(count)d addresses. Its fate shows below within seconds.",
            sent,
        )
        messages.success(request, text % {"count": sent})
    else:
        messages.warning(request, _("There is nobody to send a test to. Save an address first."))
    return redirect("admin:team_alerts")


def _initial(channel: AlertChannel | None, request: HttpRequest) -> dict[str, object]:
    """What is stored; before that, the operator who is looking, switched on but not yet saved."""
    if channel is None:
        address = getattr(request.user, "email", "")
        return {"is_enabled": True, "recipients": address, "tells_recovery": True}
    return {
        "is_enabled": channel.is_enabled,
        "recipients": "\n".join(channel.recipients),
        "tells_recovery": channel.tells_recovery,
    }


def _page(
    request: HttpRequest, form: EmailAlertsForm, channel: AlertChannel | None
) -> HttpResponse:
    recipients = channel.recipients if channel else []
    context = {
        "title": _("Team alerts"),
        "form": form,
        "is_silent": not (channel and channel.is_enabled and recipients),
        "has_recipients": bool(recipients),
        "last": reading.last_to(channel=alert_channels.EMAIL, addresses=recipients),
        "now": timezone.now(),
    }
    return console.page(
        request, "admin/team_alerts.html", context, status=422 if form.errors else 200
    )
