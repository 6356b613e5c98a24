"""The webhook of Alertmanager, and what operators' rules make of its alerts."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from components import claims
from components.models import Component, StatusClaim
from components.status import Source, Status
from incidents import publishing
from incidents.models import Incident
from monitoring import outside_alerts, rule_book, tokens
from monitoring.models import AlertEffect, AlertRule, OutsideAlert, TokenKind
from tests import build

pytestmark = [pytest.mark.django_db, pytest.mark.req("P6", "E4")]

STARTED = "2026-11-21T10:00:00.739266876+01:00"
LATER = "2026-11-21T10:30:00Z"
NONE = "0001-01-01T00:00:00Z"


def alert(status: str = "firing", **fields: Any) -> dict[str, Any]:
    """An alert in Alertmanager's form."""
    labels = {"alertname": "HighLatency", "severity": "critical", "team": "web"}
    return {
        "status": status,
        "labels": labels | fields.pop("labels", {}),
        "annotations": {"summary": "p99 is above 2 s"},
        "startsAt": STARTED,
        "endsAt": NONE if status == "firing" else LATER,
        "generatorURL": "http://prometheus.example/graph",
        "fingerprint": "c6eadffa33fcdf37",
        **fields,
    }


def message(*alerts: dict[str, Any]) -> dict[str, Any]:
    return {
        "version": "4",
        "groupKey": '{}:{alertname="HighLatency"}',
        "truncatedAlerts": 0,
        "status": alerts[0]["status"] if alerts else "firing",
        "receiver": "candor",
        "groupLabels": {},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.example",
        "alerts": list(alerts),
    }


class World:
    def __init__(self, client: Client, now: datetime) -> None:
        self.client, self.now = client, now
        self.shop = build.component(slug="shop", name="Shop")
        self.mail = build.component(slug="mail", name="Mail")
        self.secret = tokens.create(kind=TokenKind.ALERTS, now=now)[1]

    def post(self, body: Any, auth: str | None = None) -> Any:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.secret}" if auth is None else auth}
        return self.client.post(
            "/api/alertmanager", raw, content_type="application/json", headers=headers
        )

    def tell(self, *alerts: dict[str, Any]) -> list[dict[str, str]]:
        got = self.post(message(*alerts))
        assert got.status_code == 200, got.content
        found: list[dict[str, str]] = got.json()["not_mapped"]
        return found

    def rule(self, labels: dict[str, str], **fields: Any) -> AlertRule:
        values = {"component": None, "status": "", "effect": AlertEffect.STATUS} | fields
        return rule_book.save_rule(rule=AlertRule(), labels=labels, now=self.now, **values)

    def status(self, component: Component) -> Status:
        return Component.objects.get(pk=component.pk).shown_status


@pytest.fixture
def world(client: Client, now: datetime) -> World:
    return World(client, now)


def test_nothing_happens_without_a_rule_and_the_answer_says_so(world: World) -> None:
    unmapped = world.tell(alert(labels={"candor_component": "shop"}))

    assert [(one["alertname"], one["reason"]) for one in unmapped] == [
        ("HighLatency", "no rule fits its labels")
    ]
    assert not StatusClaim.objects.exists()
    assert not Incident.objects.exists()


def test_a_firing_alert_sets_the_status_and_a_resolved_one_takes_it_back(world: World) -> None:
    world.rule({"team": "web"}, component=world.shop, status=Status.PARTIAL_OUTAGE)

    assert world.tell(alert()) == []
    assert world.status(world.shop) == Status.PARTIAL_OUTAGE
    assert world.tell(alert()) == [], "a repeat changes nothing"
    assert StatusClaim.objects.count() == 1

    world.tell(alert("resolved"))
    assert world.status(world.shop) == Status.OPERATIONAL
    assert not StatusClaim.objects.exists()


@pytest.mark.parametrize(
    ("severity", "status"),
    [
        ("critical", Status.MAJOR_OUTAGE),
        ("error", Status.PARTIAL_OUTAGE),
        ("warning", Status.DEGRADED_PERFORMANCE),
        ("whatever", Status.DEGRADED_PERFORMANCE),
        ("info", Status.OPERATIONAL),
    ],
)
def test_label_and_severity_say_which_service_and_how_bad(
    world: World, severity: str, status: Status
) -> None:
    world.rule({"candor_component": "*"})
    world.tell(alert(labels={"candor_component": "mail", "severity": severity}))

    assert world.status(world.mail) == status
    assert world.status(world.shop) == Status.OPERATIONAL


def test_the_worst_of_several_alerts_shows_and_the_first_rule_that_fits_decides(
    world: World,
) -> None:
    world.rule({"team": "ops"}, component=world.mail)
    world.rule({"alertname": "*"}, component=world.shop)
    one = alert(labels={"severity": "warning"}, fingerprint="aa")
    two = alert(labels={"severity": "error"}, fingerprint="bb")
    other = alert(labels={"team": "ops"}, fingerprint="cc")
    world.tell(one, two, other)
    assert world.status(world.shop) == Status.PARTIAL_OUTAGE
    assert world.status(world.mail) == Status.MAJOR_OUTAGE

    world.tell(alert("resolved", fingerprint="bb"))
    assert world.status(world.shop) == Status.DEGRADED_PERFORMANCE


def test_what_names_no_service_is_answered_and_listed(world: World) -> None:
    world.rule({"team": "web"})

    assert world.tell(alert())[0]["reason"] == "it has no label candor_component"
    unknown = world.tell(alert(labels={"candor_component": "gone"}, fingerprint="dd"))
    assert unknown[0]["reason"] == "there is no service gone"


def test_messages_out_of_order_leave_the_page_as_it_is(world: World) -> None:
    world.rule({"team": "web"}, component=world.shop)
    world.tell(alert("resolved"))
    world.tell(alert())
    assert world.status(world.shop) == Status.OPERATIONAL, "its firing came after its end"

    world.tell(alert(startsAt="2026-11-21T11:00:00Z"))
    assert world.status(world.shop) == Status.MAJOR_OUTAGE
    world.tell(alert("resolved"))
    assert world.status(world.shop) == Status.MAJOR_OUTAGE, "the end of an older firing"


def test_an_alert_that_is_not_told_again_no_longer_counts(world: World) -> None:
    world.rule({"team": "web"}, component=world.shop)
    world.tell(alert())
    told_at = OutsideAlert.objects.get().received_at

    assert outside_alerts.expire(now=told_at + timedelta(hours=11)) == 0
    assert outside_alerts.expire(now=told_at + timedelta(hours=12)) == 1

    assert world.status(world.shop) == Status.OPERATIONAL


def test_an_end_that_is_known_counts_and_a_far_one_does_not(world: World) -> None:
    far = (datetime.now(UTC) + timedelta(days=400)).isoformat()
    world.tell(alert(endsAt=far, startsAt=far))

    row = OutsideAlert.objects.get()
    assert row.expires_at <= row.received_at + timedelta(days=7)
    assert row.starts_at <= row.received_at + timedelta(minutes=5)


def test_a_rule_counts_at_once_for_what_fires_and_its_end_too(world: World) -> None:
    world.tell(alert())
    rule = world.rule({"team": "web"}, component=world.shop)
    assert world.status(world.shop) == Status.MAJOR_OUTAGE

    rule_book.remove_rule(rule=rule, now=world.now)

    assert world.status(world.shop) == Status.OPERATIONAL


def test_alerts_are_hidden_by_hand_and_hide_nothing(world: World) -> None:
    world.rule({"team": "web"}, component=world.shop)
    claims.hold_by_hand(component=world.shop, held=Status.OPERATIONAL, now=world.now)
    world.tell(alert())
    assert world.status(world.shop) == Status.OPERATIONAL

    claims.set_claim(
        component=world.mail,
        source=Source.INCIDENT,
        reference="x",
        claimed=Status.MAJOR_OUTAGE,
        now=world.now,
    )
    world.rule({"team": "ops"}, component=world.mail, status=Status.DEGRADED_PERFORMANCE)
    world.tell(alert(labels={"team": "ops"}, fingerprint="ee"))
    assert world.status(world.mail) == Status.MAJOR_OUTAGE


def test_a_draft_is_made_once_and_its_end_is_proposed(world: World) -> None:
    world.rule({"team": "web"}, component=world.shop, effect=AlertEffect.DRAFT)
    world.tell(alert(), alert(fingerprint="ff", labels={"severity": "warning"}))
    world.tell(alert())

    incident = Incident.objects.get()
    assert incident.is_draft
    assert (incident.title, incident.origin) == ("Problems with Shop", "alertmanager")
    assert {line["sentence"] for line in incident.evidence} == {"p99 is above 2 s"}
    assert world.status(world.shop) == Status.OPERATIONAL, "visitors see nothing of a draft"

    world.tell(alert("resolved"), alert("resolved", fingerprint="ff"))
    incident.refresh_from_db()
    assert "over since" in incident.proposed_text

    publishing.discard_draft(incident=incident)
    world.tell(alert(startsAt="2026-11-21T12:00:00Z"))
    assert Incident.objects.count() == 1, "it fires anew"


def test_a_discarded_draft_stays_away_while_its_alert_fires_on(world: World) -> None:
    world.rule({"team": "web"}, component=world.shop, effect=AlertEffect.DRAFT)
    world.tell(alert())
    publishing.discard_draft(incident=Incident.objects.get())

    world.tell(alert())

    assert not Incident.objects.exists()


def test_no_draft_where_an_incident_speaks_already(world: World) -> None:
    world.rule({"team": "web"}, component=world.shop, effect=AlertEffect.DRAFT)
    build.incident(components={world.shop: None})

    world.tell(alert())

    assert Incident.objects.count() == 1


@pytest.mark.parametrize("scheme", ["bearer", "basic"])
def test_both_ways_to_show_the_token(world: World, scheme: str) -> None:
    basic = base64.b64encode(f"prometheus:{world.secret}".encode()).decode()
    auth = f"Bearer {world.secret}" if scheme == "bearer" else f"Basic {basic}"

    assert world.post(message(alert()), auth=auth).status_code == 200


def test_strangers_and_other_tokens_are_refused(world: World) -> None:
    reporter = tokens.create(kind=TokenKind.REPORTER, now=world.now)[1]
    for auth in ("", "Bearer ", "Bearer wrong", f"Bearer {reporter}"):
        assert world.post(message(alert()), auth=auth).status_code == 401
    assert world.client.get("/api/alertmanager").status_code == 405
    assert not OutsideAlert.objects.exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"\xff\x00", 400),
        (b"[" * 100_000, 400),
        (b"[]", 400),
        (b'{"version": "3", "alerts": []}', 400),
        (b'{"alerts": {}}', 400),
        (message(alert("pending")), 400),
        (message(alert() | {"status": []}), 400),
        (message(alert() | {"status": {}}), 400),
        (message(alert(labels={"a": 1})), 400),
        (message(alert(labels={str(n): "x" for n in range(70)})), 400),
        (message(alert(annotations=[])), 200),
        (message(alert(annotations=["x"])), 400),
        (message(alert(fingerprint={"$gt": 1}, startsAt="x" * 99, endsAt=5)), 200),
        (message(alert(startsAt="9999-12-31T23:59:59-14:00")), 200),
        (message(alert(startsAt="0001-01-01T00:00:00+14:00")), 200),
        (message(alert(labels={"x\x00": "\x00\u202e" * 500})), 200),
        (b'{"alerts": [], "x": "' + b"x" * 1_100_000 + b'"}', 413),
        (message(), 200),
    ],
)
def test_hostile_messages_are_refused_or_cut(world: World, body: Any, status: int) -> None:
    world.rule({"team": "web"}, component=world.shop)

    assert world.post(body).status_code == status
    for row in OutsideAlert.objects.all():
        assert all(len(value) <= 300 and value.isprintable() for value in row.labels.values())


def test_an_alert_that_cannot_be_read_takes_no_other_with_it(world: World) -> None:
    unreadable = alert(labels={str(n): "x" for n in range(70)}, fingerprint="aa")
    got = world.post(message(unreadable, alert(fingerprint="bb"), alert("pending")))

    assert got.status_code == 200
    assert (got.json()["received"], got.json()["ignored"]) == (1, 2)
    assert [row.fingerprint for row in OutsideAlert.objects.all()] == ["bb"]


def test_of_a_flood_of_alerts_only_so_many_are_kept_and_the_rest_is_asked_for_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outside_alerts, "KEPT_AT_MOST", 3)
    flood = [alert(fingerprint=f"{n:x}") for n in range(510)]
    got = world.post(message(*flood))

    assert got.status_code == 503
    assert int(got["Retry-After"]) > 0
    assert OutsideAlert.objects.count() == 3, "what there was room for counts"

    got = world.post(message(*(one | {"status": "resolved"} for one in flood)))
    assert got.status_code == 200, "an end of what was never kept needs no second try"
    assert (got.json()["received"], got.json()["ignored"]) == (500, 10)
    reasons = [one["reason"] for one in got.json()["not_mapped"]]
    assert reasons.count("too many alerts are kept") == 497


def test_what_fires_finds_room_where_only_alerts_are_kept_that_are_over(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outside_alerts, "KEPT_AT_MOST", 4)
    world.rule({"team": "web"}, component=world.shop)
    world.tell(alert(fingerprint="aa", labels={"team": "ops"}))
    for name in ("b1", "b2", "b3"):
        world.tell(alert("resolved", fingerprint=name))

    unmapped = world.tell(*(alert("resolved", fingerprint=f"c{n}") for n in range(4)), alert())

    kept = set(OutsideAlert.objects.values_list("fingerprint", flat=True))
    assert {"aa", alert()["fingerprint"]} < kept, "what fires comes first"
    assert len(kept) == 4
    assert not kept & {"b1", "b2", "b3"}, "the oldest that are over made way"
    assert world.status(world.shop) == Status.MAJOR_OUTAGE
    assert [one["reason"] for one in unmapped] == ["too many alerts are kept"] * 2
