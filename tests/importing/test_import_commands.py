"""The commands that import from running products and files: twice, dry, and with nothing to read."""

import json
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.utils import timezone

from api.receiving import Receiving
from components import catalogue, uptime
from components.models import Component, ComponentGroup
from components.status import Status
from components.uptime import Weights
from importing.models import ImportedRow
from incidents.models import Incident, IncidentUpdate, Maintenance, MaintenanceSeries
from monitoring import tokens
from monitoring.models import Node, Replica, Token, TokenKind
from notifications.models import Delivery
from subscribers.models import Subscriber
from tests.api import callers
from tests.importing import apis, test_cachet, test_statuspage
from tests.importing.apis import Answer, Query

pytestmark = pytest.mark.django_db


def run(capsys: pytest.CaptureFixture[str], command: str, *words: str) -> dict[str, Any]:
    """The report of a command as JSON."""
    call_command(command, *words, "--json", "--allow-private")
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def kinds(report: dict[str, Any]) -> set[str]:
    return {each["kind"] for each in report["created"]}


def rows() -> tuple[int, ...]:
    """How many rows of everything an import may write."""
    models = (Component, ComponentGroup, Node, Replica, Incident, IncidentUpdate, Maintenance)
    more = (MaintenanceSeries, Subscriber, Token, ImportedRow)
    return tuple(model.objects.count() for model in (*models, *more))


def run_thrice(capsys: pytest.CaptureFixture[str], command: str, *words: str) -> dict[str, Any]:
    """Dry, for good, and again: the first writes nothing, the last changes nothing. The second's report."""
    before = rows()
    dry = run(capsys, command, *words, "--dry-run")
    assert rows() == before
    report = run(capsys, command, *words)
    assert report["created"] == dry["created"]
    assert report["refused"] == []
    after = rows()
    again = run(capsys, command, *words)
    assert (rows(), again["created"]) == (after, [])
    assert mail.outbox == []
    assert Delivery.objects.count() == 0
    return report


# ---- Cachet ------------------------------------------------------------------------------------

LISTS: Mapping[str, list[object]] = {
    "components": [test_cachet.component(number, group_id=1) for number in range(1, 6)],
    "components/groups": [{"id": 1, "name": "Core", "order": 1, "collapsed": 0, "visible": 1}],
    "incidents": [
        test_cachet.incident(status=4, updates=[test_cachet.update(11, 4, "13:00")]),
        {
            name: value
            for name, value in test_cachet.incident(id=8, name="Old form", status=4).items()
            if name != "updates"
        },
        test_cachet.incident(id=9, name="Hidden", visible=0),
    ],
    "incidents/8/updates": [test_cachet.update(21, 4, "14:00")],
    "schedules": [
        test_cachet.schedule(status=2, scheduled_at="2026-01-01 10:00:00"),
    ],
    "subscribers": [test_cachet.subscriber(1), test_cachet.subscriber(2, verified_at=None)],
}


def as_cachet(path: str, query: Query, headers: Mapping[str, str]) -> Answer:
    """Cachet 2: hidden incidents and subscribers only with the token."""
    name = path.removeprefix("/api/v1/")
    has_token = headers.get("X-Cachet-Token") == "t0ken"
    if name not in LISTS:
        return 404, {}, {}
    if name == "subscribers" and not has_token:
        return 401, {}, {}
    found = [row for row in LISTS[name] if has_token or row.get("visible") != 0]  # type: ignore[attr-defined]
    return apis.enveloped(found, query)


def test_all_of_cachet_comes_across_with_its_token(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    key = tmp_path / "key"
    key.write_text("t0ken\n")
    with apis.served(as_cachet) as api:
        report = run_thrice(
            capsys, "import_cachet", api.url, "--timezone", "Europe/Berlin", "--key-file", str(key)
        )

    assert Component.objects.count() == 5
    assert ComponentGroup.objects.get(name="Core").components.count() == 5
    assert Incident.objects.get(title="Old form").updates.count() == 2
    assert Incident.objects.get(title="Hidden").published_at is None
    assert Maintenance.objects.get().state == "completed"
    assert {one.address: one.confirmed_at is not None for one in Subscriber.objects.all()} == {
        "s1@example.com": True,
        "s2@example.com": False,
    }
    assert report["source"] == "cachet"


def test_without_a_token_only_what_everybody_sees_comes_across(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with apis.served(as_cachet) as api:
        report = run(capsys, "import_cachet", f"{api.url}/api/v1", "--timezone", "UTC")

    assert not Incident.objects.filter(title="Hidden").exists()
    assert Subscriber.objects.count() == 0
    assert "subscribers and hidden things" in {each["what"] for each in report["not_mapped"]}


def test_cachet_is_not_read_without_its_time_zone() -> None:
    with pytest.raises(CommandError, match="--timezone Europe/Paris"):
        call_command("import_cachet", "https://status.example.com")


def test_cachet_3_and_other_servers_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    newer = [{"id": "1", "type": "components", "attributes": {"name": "API"}}]
    for value, sentence in ((newer, "This is Cachet 3"), (None, "answers with 404")):

        def answer(
            path: str, query: Query, headers: Mapping[str, str], value: Any = value
        ) -> Answer:
            return apis.ok({"data": value}) if value else (404, {}, {})

        with apis.served(answer) as api, pytest.raises(CommandError, match=sentence):
            run(capsys, "import_cachet", api.url, "--timezone", "UTC")
    assert rows() == (0,) * len(rows())


def test_a_private_address_is_asked_only_when_it_is_meant() -> None:
    with apis.served(as_cachet) as api:
        with pytest.raises(CommandError, match="add --allow-private"):
            call_command("import_cachet", api.url, "--timezone", "UTC")
        assert api.asked == []


# ---- Statuspage --------------------------------------------------------------------------------

OPEN = test_statuspage.incident(
    id="4pnbcdfghjkl", name="Slow", status="identified", resolved_at=None, impact="minor"
) | {
    "started_at": "2026-11-18T10:00:00.000Z",
    "incident_updates": [
        test_statuspage.entry("3pdbcdfghjkl", "identified", "18T10:00"),
    ],
}
MANAGED: Mapping[str, list[object]] = {
    "components": [
        test_statuspage.component(test_statuspage.API, group_id=test_statuspage.CORE),
        test_statuspage.component(test_statuspage.WEB),
    ],
    "component-groups": [{"id": test_statuspage.CORE, "name": "Core", "position": 1}],
    "incidents": [
        *(
            test_statuspage.incident(
                id=f"{number:012}",
                incident_updates=[test_statuspage.entry(f"1{number:011}", "resolved", "10T11:00")],
            )
            for number in range(2)
        ),
        OPEN,
    ],
    "incident_templates": [{"id": "t", "name": "T", "title": "T", "body": "B"}],
}


def as_statuspage(path: str, query: Query, headers: Mapping[str, str]) -> Answer:
    """The management API of one page, with the pages of its lists."""
    if headers.get("Authorization") != "OAuth k3y":
        return 401, {}, {"message": "no"}
    if path == "/v1/pages":
        return apis.ok([test_statuspage.PAGE])
    name = path.removeprefix(f"/v1/pages/{test_statuspage.PAGE['id']}/")
    if name == "subscribers":
        people: list[object] = [
            test_statuspage.subscriber(f"{query['state']}{one}") for one in "ab"
        ]
        return apis.numbered(people, query, first=0)
    return apis.numbered(MANAGED[name], query) if name in MANAGED else (404, {}, {})


def test_all_of_statuspage_comes_across_with_a_key_and_keeps_its_ids(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATUSPAGE_API_KEY", "k3y")
    busy: list[Answer] = [(420, {"Retry-After": "0"}, {}), (429, {"Retry-After": "0"}, {})]

    def answer(path: str, query: Query, headers: Mapping[str, str]) -> Answer:
        return busy.pop() if busy else as_statuspage(path, query, headers)

    with apis.served(answer) as api:
        report = run_thrice(capsys, "import_statuspage", f"{api.url}/v1", "--pause", "0")

    assert Incident.objects.count() == 3
    assert {row.public_id for row in Component.objects.all()} == {
        test_statuspage.API,
        test_statuspage.WEB,
    }
    assert ComponentGroup.objects.get().public_id == test_statuspage.CORE
    slow = Incident.objects.get(public_id="4pnbcdfghjkl")
    assert (slow.state, slow.updates.get().public_id) == ("identified", "3pdbcdfghjkl")
    assert Subscriber.objects.filter(confirmed_at__isnull=True).count() == 2
    assert "template" in kinds(report)
    assert "k3y" not in json.dumps(report)


def test_the_page_is_named_when_a_key_has_several(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATUSPAGE_API_KEY", "k3y")
    pages = [test_statuspage.PAGE, test_statuspage.PAGE | {"id": "0zgbcdfghjkl", "name": "Other"}]

    def answer(path: str, query: Query, headers: Mapping[str, str]) -> Answer:
        return apis.ok(pages) if path == "/v1/pages" else as_statuspage(path, query, headers)

    with apis.served(answer) as api:
        words = ("import_statuspage", f"{api.url}/v1", "--pause", "0", "--dry-run")
        with pytest.raises(CommandError, match=r"name one with --page: 0pgbcdfghjkl \(Acme\), 0zg"):
            run(capsys, *words)
        report = run(capsys, *words, "--page", str(test_statuspage.PAGE["id"]))
    assert report["page"]["name"] == "Acme"


def test_a_key_that_is_not_accepted_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATUSPAGE_API_KEY", "wrong")
    with (
        apis.served(as_statuspage) as api,
        pytest.raises(CommandError, match="key is not accepted"),
    ):
        run(capsys, "import_statuspage", f"{api.url}/v1")


def test_a_key_does_not_travel_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATUSPAGE_API_KEY", "k3y")
    with pytest.raises(CommandError, match="over https:// only"):
        call_command("import_statuspage", "http://api.example.com/v1")


def as_public(path: str, query: Query, headers: Mapping[str, str]) -> Answer:
    """The public documents of the same page."""
    leaves = [
        test_statuspage.component(test_statuspage.API, group_id=test_statuspage.CORE),
        test_statuspage.group(),
    ]
    documents: dict[str, dict[str, object]] = {
        "/api/v2/components.json": {"components": leaves},
        "/api/v2/incidents.json": {"incidents": [test_statuspage.incident(), OPEN]},
        "/api/v2/scheduled-maintenances.json": {"scheduled_maintenances": []},
    }
    if path not in documents:
        return 404, {}, {}
    return apis.ok({"page": test_statuspage.PAGE, **documents[path]})


def test_public_documents_come_across_without_a_key(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STATUSPAGE_API_KEY", raising=False)
    with apis.served(as_public) as api:
        run_thrice(capsys, "import_statuspage", api.url, "--pause", "0")
        assert all("Authorization" not in headers for headers in api.headers)

    found = Incident.objects.get(public_id="4ncbcdfghjkl")
    assert [each.text for each in found.updates.order_by("at")] == [
        "One\ntwo & three",
        "It is resolved.",
    ]
    api_row = Component.objects.get(public_id=test_statuspage.API)
    assert [(each.at, each.status) for each in changes_of(api_row)[1:]] == [
        (found.started_at, Status.PARTIAL_OUTAGE),
        (found.resolved_at, Status.OPERATIONAL),
    ]


def test_documents_may_lie_in_a_folder_or_a_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    _, _, components = as_public("/api/v2/components.json", {}, {})
    (tmp_path / "components.json").write_text(json.dumps(components))

    report = run(capsys, "import_statuspage", str(tmp_path), "--dry-run")
    assert kinds(report) >= {"component", "group"}
    report = run(capsys, "import_statuspage", str(tmp_path / "components.json"), "--dry-run")
    assert kinds(report) >= {"component", "group"}
    (tmp_path / "components.json").unlink()
    with pytest.raises(CommandError, match=r"has none of components\.json"):
        run(capsys, "import_statuspage", str(tmp_path))


# ---- Gatus and Vigil ---------------------------------------------------------------------------


def changes_of(component: Component) -> list[uptime.Change]:
    """The history of a component, oldest first."""
    rows = component.changes.order_by("at", "id")
    return [uptime.Change(at=one.at, status=Status(one.status)) for one in rows]


def write_gatus(folder: Path) -> None:
    shop = {
        "name": "Shop",
        "group": "Core",
        "url": "https://$HOST/health",
        "interval": "1m",
        "conditions": ["[STATUS] == 200", "[RESPONSE_TIME] < 500"],
    }
    job = {"name": "Nightly", "token": "a-long-enough-token", "heartbeat": {"interval": "1h"}}
    window = {"start": "23:00", "duration": "1h", "every": ["Sunday"]}
    (folder / "a.yaml").write_text(yaml.safe_dump({"endpoints": [shop]}))
    (folder / "inner").mkdir()
    (folder / "inner" / "b.yml").write_text(
        yaml.safe_dump({"external-endpoints": [job], "maintenance": window})
    )
    (folder / "notes.txt").write_text("not a configuration")


def test_a_folder_of_gatus_comes_across_and_its_tokens_go_on_working(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOST", "shop.example")
    write_gatus(tmp_path)

    run_thrice(capsys, "import_gatus", str(tmp_path))

    node = Node.objects.get(component__name="Shop")
    assert [each.address for each in node.replicas.all()] == ["https://shop.example/health"]
    assert (node.interval_s, node.dead_after_s, node.http_status_max) == (60, 0.5, 200)
    job = Node.objects.get(component__name="Nightly")
    assert (job.mode, job.silent_after_s) == ("push", 3600)
    token = Token.objects.get()
    assert (token.kind, token.node_id, token.key) == (
        TokenKind.EXTERNAL_ENDPOINT,
        job.pk,
        "_nightly",
    )
    assert MaintenanceSeries.objects.get().rule == "FREQ=WEEKLY;BYDAY=SU"
    answer = callers.call(
        Receiving(lambda environ, start_response: [], clock=timezone.now),
        "POST",
        "/api/v1/endpoints/_nightly/external?success=true",
        auth="Bearer a-long-enough-token",
    )
    assert answer.status == 200
    assert job.replicas.get().health == "healthy"


def test_no_secret_of_candor_gets_into_what_is_imported(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "of-candor-itself"
    for name in ("SECRET_KEY", "DATABASE_URL", "CANDOR_TWILIO_TOKEN", "OTHER"):
        monkeypatch.setenv(name, secret)
    url = "https://evil.example/$SECRET_KEY/${DATABASE_URL}/$CANDOR_TWILIO_TOKEN"
    gatus = yaml.safe_dump({"endpoints": [{"name": "A", "url": url}]}).encode()
    own = tmp_path / "own.yaml"
    own.write_bytes(gatus)
    vigil = tmp_path / "own.cfg"
    vigil.write_text(VIGIL.replace("https://a.example", "https://a.example/${SECRET_KEY}"))

    report = run(capsys, "import_gatus", str(own))
    run(capsys, "import_vigil", str(vigil))
    foreign = gatus.replace(b"$SECRET_KEY", b"$OTHER").replace(b"name: A", b"name: B")
    with apis.served(lambda path, query, headers: apis.ok(foreign)) as api:
        run(capsys, "import_gatus", f"{api.url}/config.yaml")

    assert not [each for each in Replica.objects.all() if secret in each.address]
    assert Node.objects.filter(component__name__in=["A", "B"]).count() == 2
    assert "$SECRET_KEY" in {each["what"] for each in report["not_mapped"]}


def test_uptime_is_what_a_running_gatus_counted(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 500 checks a minute apart 40 failed: Gatus says 92 %, so do we."""
    monkeypatch.setenv("HOST", "shop.example")
    write_gatus(tmp_path)
    begin = timezone.now() - timedelta(minutes=500)
    results = [
        {
            "success": not (100 <= number < 120 or 300 <= number < 320),
            "timestamp": (begin + timedelta(minutes=number)).isoformat(),
        }
        for number in range(500)
    ]

    def answer(path: str, query: Query, headers: Mapping[str, str]) -> Answer:
        if path.endswith("/core_shop/statuses"):
            return apis.ok({"key": "core_shop", "name": "Shop", "results": [], "events": []})
        page, size = int(query["page"]), int(query["pageSize"])
        end = len(results) - (page - 1) * size
        return apis.ok([{"key": "core_shop", "results": results[max(0, end - size) : max(0, end)]}])

    with apis.served(answer) as api:
        run_thrice(capsys, "import_gatus", str(tmp_path), "--history", api.url)

    shop = Component.objects.get(name="Shop")
    spent = uptime.tally(changes_of(shop), start=begin, end=timezone.now() + timedelta(minutes=1))
    assert uptime.percent(spent, Weights()) == pytest.approx(Decimal(92), abs=Decimal("0.05"))


VIGIL = """
[server]
manager_token = "s3cret-manager"
reporter_token = "s3cret-reporter-of-vigil"

[[probe.service]]
id = "web"
label = "Web"

[[probe.service.node]]
id = "front"
label = "Front"
mode = "poll"
replicas = ["https://a.example", "https://b.example"]

[[probe.service.node]]
id = "relay"
label = "Relay"
mode = "push"

[[probe.service.node]]
id = "inner"
label = "Inner"
mode = "local"
replicas = ["tcp://shop.example:5432"]
"""


def test_a_file_of_vigil_comes_across(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "config.cfg").write_text(VIGIL)

    report = run_thrice(capsys, "import_vigil", str(tmp_path / "config.cfg"))

    assert ComponentGroup.objects.get().name == "Web"
    assert Replica.objects.filter(node__name="Front").count() == 2
    assert [each.mode for each in Node.objects.order_by("id")] == ["poll", "push", "local"]
    assert {each["where"] for each in report["secrets"]} == {
        "server.manager_token",
        "server.reporter_token",
    }
    assert Token.objects.count() == 0
    assert Replica.objects.get(node__name="Inner").address == "tcp://shop.example:5432"


def test_reporters_of_vigil_report_as_before(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "config.cfg").write_text(VIGIL)
    options = ("--keep-reporter-token", "--services-as-components")
    run_thrice(capsys, "import_vigil", str(tmp_path / "config.cfg"), *options)

    answer = callers.call(
        callers.app(),
        "POST",
        "/reporter/web/relay/",
        {"replica": "10.0.0.1", "interval": 30, "load": {"cpu": 0.1, "ram": 0.2}},
        auth=callers.basic("s3cret-reporter-of-vigil"),
    )

    assert answer.status == 200
    assert Replica.objects.get(node__slug="relay").address == "10.0.0.1"

    without = run(capsys, "import_vigil", str(tmp_path / "config.cfg"), options[1])
    assert {"kind": "token", "name": "server.reporter_token", "reason": "kept before"} in without[
        "skipped"
    ]
    assert [each["where"] for each in without["secrets"]] == ["server.manager_token"]
    tokens.revoke(token=Token.objects.get(), now=timezone.now())
    without = run(capsys, "import_vigil", str(tmp_path / "config.cfg"), options[1])
    assert "server.reporter_token" in {each["where"] for each in without["secrets"]}


def test_a_database_that_cannot_be_written_is_told_in_whole_sentences(tmp_path: Path) -> None:
    (tmp_path / "config.cfg").write_text(VIGIL)

    with (
        connection.execute_wrapper(_refused),
        pytest.raises(CommandError) as told,
    ):
        call_command("import_vigil", str(tmp_path / "config.cfg"))

    assert str(told.value) == (
        "The database could not be written: attempt to write a readonly database. Run the same "
        "command again: it goes on where it stopped."
    )


def _refused(*_: object) -> object:
    """What a database answers that may only be read."""
    raise OperationalError("attempt to write a readonly database")


@pytest.mark.parametrize(
    ("command", "content", "sentence"),
    [
        ("import_gatus", "endpoints: 7", "endpoints should be a list"),
        ("import_vigil", "x", "not TOML"),
        ("import_statuspage", "{", "is not JSON"),
    ],
)
def test_a_file_that_is_something_else_is_one_sentence_and_nothing_is_saved(
    command: str, content: str, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.write_text(content)

    with pytest.raises(CommandError, match=rf"{sentence}.*\. Nothing was imported\."):
        run(capsys, command, str(file))
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        run(capsys, command, str(tmp_path / "none"))
    assert rows() == (0,) * len(rows())
    assert catalogue.page() is not None
