"""The console's screen of what is on its way to subscribers."""

from django.contrib import messages as notes
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.roles import PROGRESS
from common import console
from subscribers import meter, parking

may_retry = permission_required("notifications.change_delivery", raise_exception=True)


@require_safe
@permission_required(PROGRESS, raise_exception=True)
def messages(request: HttpRequest) -> HttpResponse:
    """The last events that subscribers were told of, each with its meter."""
    now = timezone.now()
    context = {"title": _("Messages"), "now": now, "meters": meter.recent(now=now)}
    return console.page(request, "admin/told.html", context)


@require_POST
@may_retry
def message_again(request: HttpRequest, number: int) -> HttpResponse:
    """Prepare the messages of an event once more that could not be prepared."""
    if parking.try_again(broadcast_id=number, now=timezone.now()):
        notes.success(request, _("The messages are prepared once more, within a few seconds."))
    else:
        notes.info(request, _("This event does not wait for another try any more."))
    return redirect("admin:messages")
