"""Uptime Kuma comes over: its monitors, its pages, its past with the same figures, its maintenance."""

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from components import uptime
from components.models import Component, ComponentGroup
from components.status import Status
from components.uptime import Weights
from importing import applying, kuma, kuma_source
from importing.models import ImportedRow
from importing.problems import SourceUnreadable
from importing.sources import Source
from incidents.models import Incident, Maintenance, MaintenanceSeries
from monitoring import tokens
from monitoring.models import Mode, Node, TokenKind
from tests.importing.apis import served
from tests.importing.kuma_files import Check, Database, backup, checks

pytestmark = pytest.mark.django_db

START = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)  # three days and a half before `now`
PUSH_TOKEN = "pushtokenofthirtytwocharacters00"


both_versions = pytest.mark.parametrize("version", [1, 2], ids=["1.23", "2.x"])


@pytest.fixture
def version() -> int:
    """Of the database; `both_versions` takes either in turn."""
    return 2


@pytest.fixture
def database(version: int, tmp_path: Path) -> Iterator[Database]:
    made = Database(tmp_path / "kuma.db", version=version)
    fill(made)
    yield made
    made.connection.close()


def fill(made: Database) -> None:
    add = made.add
    add("status_page", id=1, slug="main", title="Acme status", custom_css="body{}")
    add("status_page_cname", status_page_id=1, domain="status.acme.example")
    add("group", id=7, name="Edge", weight=2, status_page_id=1)
    add("group", id=8, name="Core", weight=1, status_page_id=1)
    add("monitor", id=1, name="API", type="keyword", url="https://api.acme.example/health",
        interval=60, maxretries=2, timeout=8, keyword="all good", method="POST",
        headers=json.dumps({"Accept": "text/plain"}), accepted_statuscodes_json='["200-299","301"]',
        maxredirects=0, ignore_tls=1)  # fmt: skip
    add("monitor", id=2, name="Database", type="port", hostname="db.acme.example", port=5432,
        interval=30)  # fmt: skip
    add("monitor", id=3, name="Nightly job", type="push", push_token=PUSH_TOKEN, interval=3600)
    add("monitor", id=4, name="Broker", type="mqtt", hostname="mqtt.acme.example", port=1883,
        mqtt_password="hidden-mqtt")  # fmt: skip
    add("monitor", id=5, name="Intern", type="http", url="https://intern.acme.example/",
        auth_method="basic", basic_auth_pass="hidden-basic")  # fmt: skip
    add("monitor", id=6, name="Names", type="dns", hostname="acme.example", port=53,
        dns_resolve_type="MX", dns_resolve_server="1.1.1.1")  # fmt: skip
    add("monitor", id=9, name="Offices", type="group")
    add("monitor", id=10, name="Paris", type="ping", hostname="paris.acme.example", parent=9,
        active=0)  # fmt: skip
    for place, monitor in enumerate((1, 2, 3)):
        add("monitor_group", monitor_id=monitor, group_id=8, weight=place)
    add("monitor_group", monitor_id=4, group_id=7)
    add("incident", id=1, title="Slow", content="It is **slow**.", style="warning",
        created_date="2026-11-18 08:00:00", last_updated_date="2026-11-18 10:00:00", active=0, pin=0)  # fmt: skip
    add("incident", id=2, title="Down", content="We look.", style="danger",
        created_date="2026-11-19 14:00:00")  # fmt: skip
    add("maintenance", id=1, title="Disks", description="New ones.", strategy="single",
        start_date="2026-11-25 22:00:00", end_date="2026-11-25 23:30:00", timezone="Europe/Berlin")  # fmt: skip
    add("maintenance", id=2, title="Tuesdays", strategy="recurring-weekday", weekdays="[2,4]",
        start_date="2026-10-01 00:00:00", start_time="03:00", end_time="04:30", duration=5400,
        timezone="SAME_AS_SERVER", cron="0 3 * * 2,4")  # fmt: skip
    add("maintenance", id=3, title="Off", strategy="manual", active=0)
    add("maintenance", id=4, title="Nobody's", strategy="manual")
    for work in (1, 2, 3):
        add("monitor_maintenance", monitor_id=1, maintenance_id=work)
    add("setting", key="serverTimezone", value='"America/New_York"')
    add(
        "notification",
        id=1,
        name="Ops",
        config=json.dumps({"type": "slack", "hook": "hidden-slack"}),
    )
    add("monitor_tag", monitor_id=1, tag_id=1, value="x")
    add("user", id=1, username="admin", password="hidden-hash")
    made.add_past(2, checks(START, count=100, every_s=30, words=[(10, 20, 0)]))


def past_of_api() -> list[Check]:
    """Down for 40 checks after 2 retries, a hiccup of one retry, an outage over midnight, maintenance."""
    return checks(
        START,
        count=4600,
        every_s=60,
        words=[(100, 102, 2), (102, 142, 0), (300, 301, 2), (870, 960, 0), (2000, 2060, 3)],
    )


def imported(made: Database, now: datetime, *, dry_run: bool = False) -> Any:
    plan = kuma.read(Source(name=str(made.path)))
    return applying.apply(plan, now=now, dry_run=dry_run)


@both_versions
def test_monitors_become_components_with_their_checks(database: Database, now: datetime) -> None:
    outcome = imported(database, now)

    assert outcome.refused == ()
    assert [group.name for group in ComponentGroup.objects.order_by("position")][:2] == [
        "Core",
        "Edge",
    ]
    shown = Component.objects.visible().in_page_order()
    assert [row.name for row in shown] == ["API", "Database", "Nightly job", "Broker"]
    assert Component.objects.get(name="Paris").group == ComponentGroup.objects.get(name="Offices")
    api = Node.objects.get(name="API")
    assert (api.interval_s, api.retries, api.dead_after_s, api.sick_after_s) == (60, 2, 8.0, 8.0)
    assert (api.http_method, api.http_body_contains) == ("POST", "all good")
    assert (api.http_status_min, api.http_status_max) == (200, 301)
    assert (api.http_follow_redirects, api.http_verify_tls) == (False, False)
    assert api.http_headers == {"Accept": "text/plain"}
    addresses = {
        node.name: [one.address for one in node.replicas.all()] for node in Node.objects.all()
    }
    assert addresses["API"] == ["https://api.acme.example/health"]
    assert addresses["Database"] == ["tcp://db.acme.example:5432"]
    assert addresses["Names"] == ["dns://acme.example?type=MX&server=1.1.1.1"]
    assert addresses["Paris"] == []  # paused there
    assert addresses["Intern"] == []  # it would fail without its password
    assert "Broker" not in addresses


def test_what_has_no_place_is_told_and_secrets_are_named_and_nowhere(
    database: Database, now: datetime
) -> None:
    outcome = imported(database, now)

    told = {one.what: one.reason for one in outcome.unmapped}
    assert "tcp://mqtt.acme.example:1883" in told["Broker: type mqtt"]
    assert "200 to 301" in told["API: status codes 200-299, 301-301"]
    assert told["Maintenance Off"] == "It is switched off there."
    assert told["Maintenance Nobody's"] == "It names no monitor."
    assert {
        "3 monitors on no page",
        "1 × user",
        "Tags of 1 monitors",
        "Domain status.acme.example",
    } <= told.keys()
    assert {one.where for one in outcome.secrets} == {
        "Broker: mqtt_password",
        "Intern: basic_auth_pass",
        "Notification Ops",
    }
    assert "hidden" not in json.dumps(outcome.as_json()).replace("hidden_", "")
    assert "hidden" not in "\n".join(outcome.lines())


def test_a_push_monitor_keeps_its_address(database: Database, now: datetime) -> None:
    imported(database, now)

    node = Node.objects.get(name="Nightly job")
    assert (node.mode, node.silent_after_s) == (Mode.PUSH, 3620)
    token = tokens.verify(secret=PUSH_TOKEN, kinds=[TokenKind.PUSH_URL])
    assert token is not None
    assert token.node == node


def test_a_push_token_that_is_too_short_is_asked_for(tmp_path: Path, now: datetime) -> None:
    made = Database(tmp_path / "kuma.db", version=1)
    made.add("monitor", id=1, name="Job", type="push", push_token="short-one", interval=60)

    outcome = imported(made, now)

    assert Node.objects.get().mode == Mode.PUSH
    assert "too short" in outcome.secrets[0].what
    assert "short-one" not in json.dumps(outcome.as_json())


@both_versions
def test_incidents_and_maintenance_come_along(database: Database, now: datetime) -> None:
    imported(database, now)

    slow, down = Incident.objects.order_by("started_at")
    assert (slow.impact, slow.state) == ("minor", "resolved")
    assert slow.resolved_at == datetime(2026, 11, 18, 10, tzinfo=UTC)
    assert slow.updates.get().html == "<p>It is <strong>slow</strong>.</p>"
    assert (down.impact, down.is_open, down.origin) == ("major", True, "import")
    disks = Maintenance.objects.get(series=None)
    assert disks.starts_at == datetime(2026, 11, 25, 21, tzinfo=UTC)
    assert disks.affected.get().component.name == "API"
    tuesdays = MaintenanceSeries.objects.get()
    assert (tuesdays.zone, tuesdays.rule) == ("America/New_York", "FREQ=WEEKLY;BYDAY=TU,TH")
    assert tuesdays.duration == timedelta(minutes=90)
    first = tuesdays.occurrences.order_by("starts_at")[0]
    assert first.starts_at == datetime(2026, 11, 24, 8, tzinfo=UTC)


@both_versions
def test_uptime_is_that_of_the_source_within_rounding(database: Database, now: datetime) -> None:
    made = past_of_api()
    database.add_past(1, made)
    imported(database, now)

    api = Component.objects.get(name="API")
    changes = [uptime.Change(at=one.at, status=Status(one.status)) for one in api.changes.all()]
    assert api.created_at == made[0].at
    figures = figures_of_1(made) if database.version == 1 else figures_of_2(made)
    assert len(figures) == 4
    for (start, end), percent in figures.items():
        spent = uptime.tally(changes, start=start, end=end)
        assert spent.unknown_us == 0
        assert float(uptime.percent(spent, Weights()) or 0) == pytest.approx(percent, abs=0.01)


def figures_of_1(made: list[Check]) -> dict[tuple[datetime, datetime], float]:
    """What 1.x shows: the time up of all time, in a window that ends with the last check."""
    found = {}
    end = made[-1].at
    for start in (made[0].at, *(end - timedelta(days=days) for days in (1, 2, 3))):
        chosen = [one for one in made if one.at > start]
        up_s = sum(one.duration_s for one in chosen if one.status in {1, 3})
        found[start, end] = 100 * up_s / sum(one.duration_s for one in chosen)
    return found


def figures_of_2(made: list[Check]) -> dict[tuple[datetime, datetime], float]:
    """What 2.x shows: the share of checks of a day that found it up."""
    found = {}
    for day in sorted({one.at.date() for one in made}):
        start = datetime.combine(day, time(), tzinfo=UTC)
        chosen = [one for one in made if one.at.date() == day]
        up = sum(one.status == 1 for one in chosen)
        down = sum(one.status in {0, 2} for one in chosen)
        ends = min(start + timedelta(days=1), made[-1].at)
        found[max(start, made[0].at), ends] = 100 * up / (up + down)
    return found


def test_days_of_which_only_counts_are_left_keep_their_figure(
    tmp_path: Path, now: datetime
) -> None:
    made = Database(tmp_path / "kuma.db", version=2)
    made.add("monitor", id=1, name="API", type="http", url="https://acme.example/", interval=60)
    first = int(datetime(2026, 10, 1, tzinfo=UTC).timestamp())
    for place, (up, down) in enumerate([(1440, 0), (1380, 60), (0, 0), (1439, 1)]):
        if (up, down) != (0, 0):
            made.add("stat_daily", monitor_id=1, timestamp=first + place * 86_400, up=up, down=down)
    imported(made, now)

    api = Component.objects.get()
    changes = [uptime.Change(at=one.at, status=Status(one.status)) for one in api.changes.all()]
    found = []
    for place in range(4):
        start = datetime(2026, 10, 1, tzinfo=UTC) + timedelta(days=place)
        spent = uptime.tally(changes, start=start, end=start + timedelta(days=1))
        found.append((spent.seconds(Status.MAJOR_OUTAGE), spent.unknown_s))
    assert found == [(0, 0), (3600, 0), (0, 86_400), (60, 0)]


def test_time_in_which_it_did_not_run_is_unknown(tmp_path: Path, now: datetime) -> None:
    made = Database(tmp_path / "kuma.db", version=1)
    made.add("monitor", id=1, name="API", type="http", url="https://acme.example/", interval=60)
    before = checks(START, count=60, every_s=60)
    after = checks(START + timedelta(hours=5), count=60, every_s=60)
    made.add_past(1, [*before, *after])
    imported(made, now)

    api = Component.objects.get()
    changes = [uptime.Change(at=one.at, status=Status(one.status)) for one in api.changes.all()]
    spent = uptime.tally(
        changes, start=START, end=START + timedelta(hours=6) - timedelta(minutes=1)
    )
    assert spent.unknown_s == 4 * 3600
    assert uptime.tally(changes, start=START + timedelta(hours=6), end=now).known_us == 0


def test_it_is_read_with_what_is_in_its_log_only_and_left_as_it_is(
    database: Database, now: datetime
) -> None:
    files = sorted(database.path.parent.iterdir())
    assert (database.path.with_name("kuma.db-wal")).stat().st_size > 0
    before = {file: file.read_bytes() for file in files}

    imported(database, now)

    assert Component.objects.exists()
    assert {file: file.read_bytes() for file in files} == before
    assert sorted(database.path.parent.iterdir()) == files


def test_a_second_run_changes_nothing_and_a_dry_run_writes_nothing(
    database: Database, now: datetime
) -> None:
    imported(database, now, dry_run=True)
    assert not Component.objects.exists()
    assert not ImportedRow.objects.exists()
    imported(database, now)
    rows = list(Component.objects.order_by("id").values())

    again = imported(database, now + timedelta(hours=1))

    assert again.created == ()
    assert list(Component.objects.order_by("id").values()) == rows


def test_a_backup_file_brings_its_monitors(tmp_path: Path, now: datetime) -> None:
    file = backup(
        tmp_path / "backup.json",
        monitors=[
            {"id": 1, "name": "Sites", "type": "group", "childrenIDs": [2], "active": True},
            {"id": 2, "name": "Shop", "type": "http", "url": "https://shop.acme.example", "parent": 1,
             "interval": 120, "retryInterval": 60, "accepted_statuscodes": ["200-299"], "active": 1,
             "ignoreTls": False, "upsideDown": False, "maxredirects": 10, "method": "GET",
             "tags": [{"tag_id": 1, "name": "x"}]},
            {"id": 3, "name": "Alarm", "type": "http", "url": "https://a.example", "upsideDown": True},
        ],
    )  # fmt: skip
    outcome = applying.apply(kuma.read(Source(name=str(file))), now=now, dry_run=False)

    shop = Component.objects.get(name="Shop")
    assert shop.is_visible
    assert shop.group == ComponentGroup.objects.get(name="Sites")
    node = shop.nodes.get()
    assert (node.interval_s, node.dead_after_s) == (120, 96.0)
    assert not Component.objects.get(name="Alarm").nodes.exists()
    assert "slack" in outcome.secrets[0].what


@pytest.mark.parametrize(
    ("columns", "rule"),
    [
        pytest.param(
            {"strategy": "recurring-interval", "interval_day": 3},
            "FREQ=DAILY;INTERVAL=3",
            id="days",
        ),
        pytest.param(
            {"strategy": "recurring-day-of-month", "days_of_month": '[1,"lastDay1"]'},
            "FREQ=MONTHLY;BYMONTHDAY=1,-1",
            id="days of the month",
        ),
        pytest.param(
            {"strategy": "cron", "cron": "30 2 * * MON-WED,6"},
            "FREQ=WEEKLY;BYDAY=MO,TU,WE,SA",
            id="cron by days of the week",
        ),
        pytest.param(
            {"strategy": "cron", "cron": "30 2 1,15 1-3 *"},
            "FREQ=MONTHLY;BYMONTHDAY=1,15;BYMONTH=1,2,3",
            id="cron by days of the month",
        ),
        pytest.param({"strategy": "cron", "cron": "*/5 * * * *"}, "", id="cron every five minutes"),
        pytest.param({"strategy": "cron", "cron": "0 2 1 * MON"}, "", id="cron with both days"),
        pytest.param({"strategy": "recurring-weekday", "weekdays": "[9]"}, "", id="no such day"),
        pytest.param({"strategy": "moon"}, "", id="unknown"),
    ],
)
def test_recurring_maintenance_becomes_a_rule_or_is_told(
    tmp_path: Path, columns: dict[str, Any], rule: str
) -> None:
    made = Database(tmp_path / "kuma.db", version=1)
    made.add("monitor", id=1, name="API", type="http", url="https://acme.example/")
    made.add("monitor_maintenance", monitor_id=1, maintenance_id=1)
    made.add("maintenance", id=1, title="Work", start_date="2026-11-01 00:00:00",
             start_time="02:30", end_time="01:00", timezone="UTC", **columns)  # fmt: skip
    plan = kuma.read(Source(name=str(made.path)))

    if not rule:
        assert plan.maintenances == ()
        assert "Maintenance Work" in {one.what for one in plan.unmapped}
        return
    work = plan.maintenances[0]
    assert work.rule == rule
    assert work.ends_at - work.starts_at == timedelta(hours=22, minutes=30)
    assert work.starts_at == datetime(2026, 11, 1, 2, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param(b"", "is not JSON", id="empty"),
        pytest.param(b'{"monitors": []}', "no monitorList", id="another JSON"),
        pytest.param(b'{"monitorList": [7]}', "monitorList[0] should be an object", id="odd list"),
        pytest.param(b'{"monitorList": [{"id": "x"}]}', "should be a number", id="odd id"),
        pytest.param(b"SQLite format 3\x00" + b"\xff" * 5000, "cannot be read", id="torn database"),
    ],
)
def test_a_file_that_is_none_is_one_sentence_and_nothing_is_saved(
    tmp_path: Path, content: bytes, sentence: str
) -> None:
    file = tmp_path / "kuma.db"
    file.write_bytes(content)

    with pytest.raises(CommandError, match="Nothing was imported") as caught:
        call_command("import_uptime_kuma", str(file))

    assert sentence in str(caught.value)
    assert not Component.objects.exists()


def test_a_backup_is_read_from_an_address_in_our_network_when_that_is_said(
    tmp_path: Path,
) -> None:
    file = backup(tmp_path / "backup.json", monitors=[{"id": 1, "name": "Shop", "type": "manual"}])
    content = file.read_bytes()
    with served(lambda path, *_: (200 if path == "/b.json" else 404, {}, content)) as api:
        with pytest.raises(CommandError, match="add --allow-private"):
            call_command("import_uptime_kuma", f"{api.url}/b.json")
        with pytest.raises(CommandError, match="answers with 404"):
            call_command("import_uptime_kuma", f"{api.url}/c.json", "--allow-private")
        assert not Component.objects.exists()
        call_command("import_uptime_kuma", f"{api.url}/b.json", "--allow-private")
    assert Component.objects.get().name == "Shop"


def test_another_database_is_refused(tmp_path: Path) -> None:
    other = Database(tmp_path / "other.db", version=1)
    other.connection.execute("DROP TABLE heartbeat")
    other.connection.commit()

    with pytest.raises(CommandError, match="not one of Uptime Kuma"):
        call_command("import_uptime_kuma", str(other.path))


def test_a_key_in_an_address_comes_along_and_is_told_of(tmp_path: Path) -> None:
    url = "https://a.example/health?api_key=hidden1&sig=hidden2&monkey=1"
    made = Database(tmp_path / "kuma.db", version=2)
    made.add("monitor", id=1, name="API", type="http", url=url)
    made.connection.close()

    plan = kuma.read(Source(name=str(tmp_path / "kuma.db")))

    assert plan.components[0].nodes[0].addresses == (url,)
    told = [one.what for one in plan.unmapped if "parameter" in one.what]
    assert told == ["API: parameter api_key of the address", "API: parameter sig of the address"]
    assert "hidden" not in str(plan.unmapped)


@pytest.mark.parametrize("table", ["monitor", "heartbeat"])
def test_a_view_in_place_of_a_table_is_not_read(tmp_path: Path, table: str) -> None:
    path = tmp_path / "kuma.db"
    connection = sqlite3.connect(path)
    for name in {"monitor", "heartbeat"} - {table}:
        connection.execute(f"CREATE TABLE {name} (id)")
    connection.execute(
        f"CREATE VIEW {table} AS WITH RECURSIVE c(id) AS"
        " (SELECT 1 UNION ALL SELECT id + 1 FROM c LIMIT 1000) SELECT id FROM c"
    )
    connection.close()

    with pytest.raises(SourceUnreadable, match="not one of Uptime Kuma"):
        kuma.read(Source(name=str(path)))


def test_tables_that_fill_the_memory_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kuma_source, "LARGEST_TABLES", 20_000)
    made = Database(tmp_path / "kuma.db", version=2)
    for number in range(20):
        made.add("monitor", id=number, name="x" * 900, type="ping", hostname="a.example")
    made.connection.close()

    with pytest.raises(SourceUnreadable, match="too large"):
        kuma.read(Source(name=str(tmp_path / "kuma.db")))


def test_the_command_prints_a_table_or_json_and_its_exit_code_says_what_was_refused(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("import_uptime_kuma", str(database.path), "--dry-run")
    text = capsys.readouterr().out
    assert "Would be created" in text
    assert "Dry run, nothing was changed." in text
    assert not Component.objects.exists()

    call_command("import_uptime_kuma", str(database.path), "--json")
    said = json.loads(capsys.readouterr().out)
    assert said["dry_run"] is False
    assert {"kind": "component", "name": "API"} in said["created"]
    assert Component.objects.filter(name="API").exists()

    database.add("incident", id=3, title="", content="x", created_date="2026-11-18 08:00:00")
    database.add("maintenance", id=9, title="Long", strategy="single", timezone="UTC",
                 start_date="2100-01-01 00:00:00", end_date="2101-01-01 00:00:00")  # fmt: skip
    database.add("monitor_maintenance", monitor_id=1, maintenance_id=9)
    with pytest.raises(SystemExit) as ended:
        call_command("import_uptime_kuma", str(database.path))
    assert ended.value.code == 3
    text = capsys.readouterr().out
    assert "A maintenance lasts 30 days at most." in text
    assert "imported before" in text
