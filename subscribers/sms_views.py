"""Where a provider of text messages hands over what subscribers answer."""

from xml.sax.saxutils import escape

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseForbidden
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from notifications.channels import providers
from subscribers import sms_hook

# A text message of ten parts with all of the provider's fields is far below this.
_BODY_MAX = 64 * 1024


@csrf_exempt
@require_POST
def inbound(request: HttpRequest, provider: str) -> HttpResponse:
    """One message; nothing is looked up before the signature is seen to be genuine (D5)."""
    known = providers.PROVIDERS.get(provider)
    if known is None or not known.is_set_up:
        raise Http404
    length = request.headers.get("Content-Length") or ""
    if not (length.isascii() and length.isdigit() and int(length) <= _BODY_MAX):
        return HttpResponseForbidden("Too long.", content_type="text/plain")
    params = {name: [str(one) for one in values] for name, values in request.POST.lists()}
    url = str(settings.SMS_HOOK_URL)
    if not known.is_genuine(url=url, params=params, headers=request.headers):
        return HttpResponseForbidden("Not signed by the provider.", content_type="text/plain")
    words = sms_hook.take(params=params, now=timezone.now())
    said = f"<Message>{escape(words)}</Message>" if words else ""
    body = f'<?xml version="1.0" encoding="UTF-8"?><Response>{said}</Response>'
    return HttpResponse(body, content_type="text/xml; charset=utf-8")
