from datetime import datetime, timedelta

import pytest

from common import rows
from monitoring.models import Replica, Sample
from tests import build, counting

pytestmark = pytest.mark.django_db


def test_rows_get_their_own_values_and_keep_what_is_not_named(now: datetime) -> None:
    node = build.node()
    first, second, third = [build.replica(node=node, detail="as before") for _ in range(3)]
    phases = {"dns_ms": 0.1, "tls_ms": 1e-9}
    rows.update(
        Replica,
        [
            {"id": first.id, "last_outcome_at": now, "latency_ms": 0.1 + 0.2, "phases": phases},
            {"id": second.id, "last_outcome_at": None, "latency_ms": None, "phases": {}},
        ],
    )
    columns = ("last_outcome_at", "latency_ms", "phases", "detail")
    assert list(Replica.objects.order_by("id").values_list(*columns)) == [
        (now, 0.1 + 0.2, phases, "as before"),
        (None, None, {}, "as before"),
        (third.last_outcome_at, None, {}, "as before"),
    ]


def test_text_comes_back_as_it_went_in(now: datetime) -> None:
    texts = ['it\'s "quoted"', "100 %s", "ünï → 🐢", "back\\slash \\u0041", ""]
    node = build.node()
    replicas = [build.replica(node=node) for _ in texts]
    rows.update(
        Replica,
        [{"id": row.id, "detail": text} for row, text in zip(replicas, texts, strict=True)],
    )
    assert list(Replica.objects.order_by("id").values_list("detail", flat=True)) == texts


def test_rows_are_added_in_one_statement_whatever_their_number(now: datetime) -> None:
    replica = build.replica()
    moments = [now + timedelta(milliseconds=100 * number) for number in range(40)]
    with counting.statements() as counted:
        rows.insert(
            Sample,
            [
                {"replica_id": replica.id, "at": at, "latency_ms": None, "outcome": 2}
                for at in moments
            ],
        )
    assert len(counted) == 1
    found = Sample.objects.order_by("at").values_list("at", "latency_ms", "outcome", "place")
    assert list(found) == [(at, None, 2, "") for at in moments]


def test_nothing_to_write_is_no_statement() -> None:
    with counting.statements() as counted:
        rows.update(Replica, [])
        rows.insert(Sample, [])
    assert counted == []
