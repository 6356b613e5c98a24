"""Service level statements over the API."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.roles import Role
from components.models import PageKind, StatusChange
from components.status import Source, Status
from sla import sealing
from tests import build
from tests.management_api.calling import Caller

pytestmark = pytest.mark.django_db


def test_a_month_is_told_with_every_stretch_and_its_seal() -> None:
    now = timezone.now()
    at = (now.replace(day=1) - timedelta(days=1)).replace(day=10, hour=12, minute=0, second=0)
    began = at.replace(microsecond=0)
    component = build.component(name="Basket", created_at=began - timedelta(days=30))
    for moment, status in (
        (began, Status.MAJOR_OUTAGE),
        (began + timedelta(minutes=30), Status.OPERATIONAL),
    ):
        StatusChange.objects.create(
            component=component,
            status=status,
            at=moment,
            recorded_at=moment,
            cause=Source.MONITOR,
        )
    page = build.page(
        components=[component], kind=PageKind.CUSTOMER, now=began - timedelta(days=30)
    )
    api = Caller()
    month = f"{began:%Y-%m}"
    months = api.get(f"/pages/{page.public_id}/statements").json()["data"]
    assert month in [each["month"] for each in months]
    told = api.get(f"/pages/{page.public_id}/statements/{month}").json()
    assert told["together"]["down_minutes"] == 30
    (stretch,) = told["stretches"]
    assert (stretch["component"], stretch["minutes"], stretch["share"]) == ("Basket", 30, "1")
    assert datetime.fromisoformat(stretch["start"]).astimezone(UTC) == began
    assert (told["sealed_at"], told["digest"]) == (None, None)
    sealing.seal_due(now=now + timedelta(days=20))
    sealed = api.get(f"/pages/{page.public_id}/statements/{month}").json()
    assert sealed["sealed_at"] is not None
    assert len(sealed["digest"]) == 64


def test_there_is_no_statement_of_other_months_and_none_for_viewers() -> None:
    page = build.page(kind=PageKind.CUSTOMER)
    api = Caller()
    assert api.get(f"/pages/{page.public_id}/statements/2099-01").status_code == 404
    assert api.get(f"/pages/{page.public_id}/statements/2026-13").status_code == 422
    assert api.get("/pages/99/statements").status_code == 404
    assert Caller(role=Role.VIEWER).get(f"/pages/{page.public_id}/statements").status_code == 403
