"""The HTML mail of a composer as it would look, in a tab of its own: POST with `do=mail` to a preview.

A mail brings its own styles, which the console's policy refuses; so it is a document of its own, which
may do nothing else: no script, no form, no origin.
"""

from django.http import HttpRequest, HttpResponse

from incidents.sampling import Samples

_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; sandbox"
)


def is_asked(request: HttpRequest) -> bool:
    return request.POST.get("do") == "mail"


def mail(samples: Samples) -> HttpResponse:
    """The mail as a document; its links lead nowhere that is one recipient's own."""
    return HttpResponse(samples.html, headers={"Content-Security-Policy": _POLICY})
