"""The console's screen "Ways to subscribe": what visitors are offered, and what codes may cost."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from common import console
from common.console import ConsoleForm
from notifications.channels import providers
from subscribers import texting, way_settings
from subscribers.models import WaySettings

_MAY = permission_required("subscribers.change_waysettings", raise_exception=True)
_WAYS = ("offers_sms", "offers_webpush", "offers_chat", "offers_webhook")
_TEXTS = ("sms_countries", "sms_per_day", "sms_per_hour", "sms_per_month", "sms_test_number")


class WaysForm(ConsoleForm):
    """The one row of settings, its labels and helps taken from the model."""

    def __init__(self, *args: Any, row: WaySettings, **kwargs: Any) -> None:
        kwargs["initial"] = {name: getattr(row, name) for name in (*_WAYS, *_TEXTS)}
        super().__init__(*args, **kwargs)
        for name in (*_WAYS, *_TEXTS):
            field: Any = WaySettings._meta.get_field(name).formfield()  # type: ignore[union-attr]
            field.widget.is_required = False
            self.fields[name] = field
        # Typed with gaps, a number is longer than it is stored.
        self.fields["sms_test_number"].max_length = 40  # type: ignore[attr-defined]

    @property
    def ways(self) -> list[Any]:
        return [self[name] for name in _WAYS]

    @property
    def texts(self) -> list[Any]:
        return [self[name] for name in _TEXTS]


@require_http_methods(["GET", "HEAD", "POST"])
@_MAY
def ways(request: HttpRequest) -> HttpResponse:
    now, row = timezone.now(), way_settings.current()
    form = WaysForm(request.POST or None, row=row)
    saved = form.carry_out(lambda: way_settings.save(**form.cleaned_data))
    if saved is not None:
        messages.success(request, _("Saved. The form of the page offers this from now on."))
        return redirect("admin:ways")
    hour, day, month = texting.used(now=now)
    context = {
        "title": _("Ways to subscribe"),
        "form": form,
        "row": row,
        "now": now,
        "provider": providers.chosen(),
        "sender": settings.SMS_FROM,
        "hook_url": settings.SMS_HOOK_URL,
        "offers_sms": way_settings.offers_sms(row),
        "used_hour": hour,
        "used_day": day,
        "used_month": month,
        "last": way_settings.last_test(row),
    }
    status = 422 if form.errors else 200
    return console.page(request, "admin/ways.html", context, status=status)


@require_POST
@_MAY
def ways_test(request: HttpRequest) -> HttpResponse:
    """Send a test to the stored number; no other can be named (A6)."""
    try:
        way_settings.send_test(now=timezone.now())
    except way_settings.NotReady as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The test is on its way; its result stands below in a moment."))
    return redirect("admin:ways")
