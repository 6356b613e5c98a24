"""How deliveries end without another attempt: the columns, for every place that ends some."""

from typing import Any

from django.db import models
from django.db.models import Case, F, Value, When

from notifications.messages import BLANK
from notifications.models import State


def ending(state: State) -> dict[str, Any]:
    """The columns of deliveries, many at once, that end without another attempt.

    An earlier copy of some may have arrived: "perhaps sent". The content of sensitive ones goes.
    """
    return {
        "state": Case(
            When(copies__gt=0, then=Value(State.UNKNOWN.value)), default=Value(state.value)
        ),
        "message": Case(
            When(is_sensitive=True, then=Value(dict(BLANK), models.JSONField())),
            default=F("message"),
        ),
        "next_attempt_at": None,
        "lease_token": "",
    }
