"""The meter of one event on its screen: how far what it says is on its way; asks again by itself."""

from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from common import console
from incidents import telling
from incidents.models import Incident, Maintenance
from subscribers import meter

_PIECE = "admin/_event_meter.html"


@require_safe
@permission_required("incidents.view_incident", raise_exception=True)
def incident_meter(request: HttpRequest, public_id: str) -> HttpResponse:
    row = get_object_or_404(Incident.objects.public(), public_id=public_id)
    return console.page(request, _PIECE, context_of(row, now=timezone.now()))


@require_safe
@permission_required("incidents.view_maintenance", raise_exception=True)
def maintenance_meter(request: HttpRequest, public_id: str) -> HttpResponse:
    row = get_object_or_404(Maintenance, public_id=public_id)
    return console.page(request, _PIECE, context_of(row, now=timezone.now()))


def context_of(event: Incident | Maintenance, *, now: datetime) -> dict[str, Any]:
    """What the piece is drawn with; two queries."""
    if isinstance(event, Incident):
        topic, name = telling.incident_topic(event), "admin:incident_meter"
    else:
        topic, name = telling.maintenance_topic(event), "admin:maintenance_meter"
    meters = meter.of(topic=topic, now=now)
    return {
        "meters": meters,
        "refresh_s": meter.refresh_s(meters, now=now),
        "meter_url": reverse(name, args=[event.public_id]),
        "now": now,
    }
