"""/metrics, in the form that the scraper asks for."""

from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client.exposition import choose_encoder

from observability import access, families, reading


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer the metrics as Prometheus text or OpenMetrics, to whom it is allowed."""
    if not settings.METRICS_TOKEN and not settings.METRICS_NETWORKS:
        return _refusal("Set CANDOR_METRICS_TOKEN or CANDOR_METRICS_NETWORKS to read metrics.")
    if not access.allows(
        authorization=request.headers.get("Authorization", ""),
        client=str(request.META.get("REMOTE_ADDR", "")),
        token=settings.METRICS_TOKEN,
        networks=settings.METRICS_NETWORKS,
    ):
        response = _refusal("Send the metrics token: Authorization: Bearer <token>.")
        response.status_code = HTTPStatus.UNAUTHORIZED
        response.headers["WWW-Authenticate"] = 'Bearer realm="metrics"'
        return response
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    found = families.registry(reading.facts(now=timezone.now()))
    return HttpResponse(encode(found), content_type=content_type)


def _refusal(sentence: str) -> HttpResponse:
    return HttpResponse(
        f"{sentence}\n", status=HTTPStatus.FORBIDDEN, content_type="text/plain; charset=utf-8"
    )
