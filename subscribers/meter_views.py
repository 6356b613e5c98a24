"""The console's screen of what is on its way to subscribers."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.roles import PROGRESS
from common import console
from subscribers import meter


@require_safe
@permission_required(PROGRESS, raise_exception=True)
def messages(request: HttpRequest) -> HttpResponse:
    """The last events that subscribers were told of, each with its meter."""
    now = timezone.now()
    context = {"title": _("Messages"), "now": now, "meters": meter.recent(now=now)}
    return console.page(request, "admin/told.html", context)
