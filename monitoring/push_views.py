"""Screens of Web Push: which operators are told in their browsers, and connecting a browser."""

import json
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.models import User
from common import console
from monitoring import alert_channels, browsers
from monitoring.alert_forms import PushForm
from monitoring.alert_views import get_and_post, may_change
from monitoring.models import AlertChannel, Browser
from notifications import vapid


@get_and_post
@may_change
def push(request: HttpRequest) -> HttpResponse:
    channel = AlertChannel.objects.filter(kind=browsers.KIND).first()
    channel = channel or AlertChannel(kind=browsers.KIND)
    form = PushForm(request.POST or None, channel=channel)
    saved = form.carry_out(lambda: alert_channels.save_push(channel=channel, **form.cleaned_data))
    if saved is not None:
        messages.success(request, _("Saved. It counts from the next alert."))
        return redirect("admin:push_alerts")
    context = {
        "title": _("Alerts in the browser"),
        "form": form,
        "button": _("Save"),
        "back": reverse("admin:team_alerts"),
        "browsers": Browser.objects.select_related("user").order_by("user__username", "pk"),
        "public_key": vapid.public_key(),
        "now": timezone.now(),
    }
    return console.page(
        request, "admin/push_alerts.html", context, status=422 if form.errors else 200
    )


@require_POST
@may_change
def push_connect(request: HttpRequest) -> HttpResponse:
    """What the browser's script sends after the operator agreed."""
    try:
        sent = json.loads(request.body)
        browsers.connect(
            user=_user(request),
            subscription={
                "endpoint": str(sent["endpoint"]),
                "p256dh": str(sent["keys"]["p256dh"]),
                "auth": str(sent["keys"]["auth"]),
            },
            name=str(sent.get("name", "")),
            now=timezone.now(),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return JsonResponse({"error": _("This is no subscription of a browser.")}, status=400)
    except ValidationError as error:
        return JsonResponse({"error": error.messages[0]}, status=422)
    return JsonResponse({}, status=201)


@require_POST
@may_change
def push_disconnect(request: HttpRequest, browser_id: int) -> HttpResponse:
    if browsers.disconnect(user=_user(request), browser_id=browser_id):
        messages.success(request, _("The browser is disconnected."))
    return redirect("admin:push_alerts")


def _user(request: HttpRequest) -> User:
    user: Any = request.user
    return User.objects.get(pk=user.pk)
