"""Where a provider of text messages reports what became of each."""

import re

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseForbidden
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from notifications import reports
from notifications.channels import providers

# A report holds a dozen short fields.
_BODY_MAX = 16 * 1024
_OF = re.compile("([0-9]{1,18})-([0-9a-f]{32})")


@csrf_exempt
@require_POST
def sms_status(request: HttpRequest, provider: str) -> HttpResponse:
    """One report; nothing is looked up before the signature is seen to be genuine (D5, G3)."""
    known = providers.PROVIDERS.get(provider)
    if known is None or not known.is_set_up:
        raise Http404
    of = _OF.fullmatch(request.META.get("QUERY_STRING", "").removeprefix("of="))
    length = request.headers.get("Content-Length") or ""
    is_short = length.isascii() and length.isdigit() and int(length) <= _BODY_MAX
    if of is None or not is_short:
        return HttpResponseForbidden("No report.", content_type="text/plain")
    params = {name: [str(one) for one in values] for name, values in request.POST.lists()}
    url = f"{settings.SMS_STATUS_URL}?of={of[0]}"
    if not known.is_genuine(url=url, params=params, headers=request.headers):
        return HttpResponseForbidden("Not signed by the provider.", content_type="text/plain")
    report = known.report(params)
    if report is not None:
        now = timezone.now()
        reports.take(channel="sms", number=int(of[1]), delivery_id=of[2], report=report, now=now)
    return HttpResponse(status=204)
