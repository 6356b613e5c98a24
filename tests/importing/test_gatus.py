"""Configurations of Gatus as plans: every row of the mapping table, and what is no configuration."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
import yaml

from components.status import Status
from importing import gatus, gatus_files, gatus_history
from importing.plans import Component, Node, Plan
from importing.problems import SourceUnreadable
from probing import patterns
from probing.targets import parse_target

NOW = datetime(2026, 11, 19, 14, 32, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def read(config: object, environment: Mapping[str, str] | None = None, **options: bool) -> Plan:
    """The plan of one file; a mapping is written as YAML first."""
    data = config if isinstance(config, bytes) else yaml.safe_dump(config).encode()
    top, notes = gatus_files.documents([("config.yaml", data)], environment or {})
    return gatus.plan(top, notes, **options)


def one(
    *conditions: str, url: str = "https://shop.example/health", **keys: object
) -> tuple[Plan, Component]:
    """The plan of a single endpoint, and its component."""
    endpoint = {"name": "Shop", "url": url, "conditions": list(conditions)}
    found = read({"endpoints": [endpoint | keys]})
    return found, found.components[0]


def node(*conditions: str, url: str = "https://shop.example/health", **keys: object) -> Node:
    """The only node of a single endpoint."""
    (found,) = one(*conditions, url=url, **keys)[1].nodes
    return found


def reasons(plan: Plan) -> dict[str, str]:
    return {each.what: each.reason for each in plan.unmapped}


def test_a_group_an_endpoint_and_its_address_come_across() -> None:
    plan = read(
        {
            "endpoints": [
                {"name": "Front End", "group": "Core", "url": "https://shop.example"},
                {"name": "Mail", "group": "Core", "url": "tcp://mail.example:25"},
                {"name": "Router", "url": "icmp://192.0.2.1"},
            ]
        }
    )

    assert [(group.key, group.name) for group in plan.groups] == [("Core", "Core")]
    assert [(one.key, one.name, one.group) for one in plan.components] == [
        ("core_front-end", "Front End", "Core"),
        ("core_mail", "Mail", "Core"),
        ("_router", "Router", ""),
    ]
    assert [each.nodes[0].addresses for each in plan.components] == [
        ("https://shop.example/",),
        ("tcp://mail.example:25",),
        ("icmp://192.0.2.1",),
    ]
    assert all(each.nodes[0].mode == "poll" for each in plan.components)


@pytest.mark.parametrize(
    ("conditions", "low", "high"),
    [
        ([], 100, 599),
        (["[STATUS] == 200"], 200, 200),
        (["[STATUS] < 300"], 100, 299),
        (["[STATUS] <= 299", "[STATUS] >= 200"], 200, 299),
        (["[STATUS] > 199", "300 > [STATUS]"], 200, 299),
        (["[STATUS] == any(200, 204)"], 200, 204),
        (["[STATUS] == any(200, 429)"], 200, 200),
        (["[STATUS] != 500"], 100, 499),
    ],
)
def test_status_conditions_become_the_range_of_healthy_codes(
    conditions: list[str], low: int, high: int
) -> None:
    options = node(*conditions).options

    assert (options["http_status_min"], options["http_status_max"]) == (low, high)


def test_codes_outside_the_one_range_are_told() -> None:
    plan, _ = one("[STATUS] == any(200, 429)")

    assert reasons(plan)["Shop: [STATUS] 429"].startswith("one range of codes is healthy")


def test_conditions_that_no_code_meets_pause_the_check() -> None:
    assert node("[STATUS] == 200", "[STATUS] == 404").is_paused


def test_a_response_time_is_the_dead_delay_and_nothing_is_slow_unless_asked() -> None:
    options = node("[RESPONSE_TIME] < 300").options
    assert (options["dead_after_s"], options["sick_after_s"]) == (0.3, 0.3)
    options = node().options
    assert (options["dead_after_s"], options["sick_after_s"]) == (10, 10)
    options = node("[RESPONSE_TIME] < 1s", client={"timeout": "3s"}).options
    assert (options["dead_after_s"], options["sick_after_s"]) == (1, 1)

    config = {"name": "Shop", "url": "https://s.example", "conditions": ["[RESPONSE_TIME] < 300"]}
    (slow,) = read({"endpoints": [config]}, slow_is_sick=True).components[0].nodes
    assert (slow.options["dead_after_s"], slow.options["sick_after_s"]) == (10, 0.3)


@pytest.mark.parametrize(
    ("condition", "body", "is_found"),
    [
        ("[BODY] == pat(*UP*)", b"all UP now", True),
        ("[BODY] == pat(*UP*)", b"down", False),
        ("[BODY] == pat(OK ?*)", b"OK 1 2", True),
        ("[BODY] == pat(OK*)", b"not OK", False),
        ("[BODY] == a.b (c)", b" a.b (c)\n", True),
        ("[BODY] == a.b (c)", b"axb (c)", False),
        ("[BODY] == any(up, fine)", b"fine", True),
        ("[BODY] == any(up, fine)", b"finest", False),
        ("[BODY].status == UP", b'{"status" : "UP"}', True),
        ("[BODY].status == UP", b'{"status":"UPPER"}', False),
        ("[BODY].data[0].count == 3", b'{"data":[{"count":3}]}', True),
        ("[BODY].data[0].count == 3", b'{"data":[{"count":30}]}', False),
    ],
)
def test_body_conditions_become_a_text_or_a_pattern(
    condition: str, body: bytes, is_found: bool
) -> None:
    options = node(condition).options

    text, pattern = options.get("http_body_contains"), options.get("http_body_regex")
    found = str(text).encode() in body if text else patterns.found(str(pattern), body)
    assert found is is_found


@pytest.mark.parametrize(
    "condition",
    [
        "[DOMAIN_EXPIRATION] > 720h",
        "[CERTIFICATE_EXPIRATION] > 48h",
        "[IP] == 192.0.2.1",
        "len([BODY].users) < 5",
        "has([BODY].errors) == false",
        "[BODY].id == pat(1*)",
        "[BODY] != broken",
        "[HEADER].Server == nginx",
        "[STATUS] == fine",
        "nonsense",
    ],
)
def test_what_checks_cannot_ask_is_told_with_its_own_text(condition: str) -> None:
    plan, component = one(condition)

    assert f"Shop: {condition}" in reasons(plan)
    assert not component.nodes[0].is_paused


def test_a_path_in_json_is_told_to_hold_in_part_only() -> None:
    plan, _ = one("[BODY].status == UP")

    assert reasons(plan)["Shop: [BODY].status == UP"].startswith("only in part")


def test_connected_and_noerror_go_without_saying() -> None:
    plan, _ = one("[CONNECTED] == true", "[DNS_RCODE] == NOERROR")

    assert plan.unmapped == ()


def test_the_request_comes_across_as_it_is() -> None:
    found = node(
        interval="5m",
        method="HEAD",
        headers={"X-Test": "yes"},
        client={"timeout": "2s", "insecure": True, "ignore-redirect": True},
    )

    assert found.options["interval_s"] == 300
    assert found.options["dead_after_s"] == 2
    assert found.options["http_method"] == "HEAD"
    assert found.options["http_headers"] == {"X-Test": "yes"}
    assert found.options["http_verify_tls"] is False
    assert found.options["http_follow_redirects"] is False
    assert found.options["retries"] == 0
    assert not found.is_paused


@pytest.mark.parametrize(
    ("keys", "part"),
    [
        ({"headers": {"Authorization": "Bearer s3cret"}}, "header Authorization"),
        ({"headers": {"X-Api-Key": "s3cret"}}, "header X-Api-Key"),
        ({"client": {"oauth2": {"client-secret": "s3cret"}}}, "client.oauth2"),
        ({"url": "https://user:s3cret@shop.example/"}, "address"),
    ],
)
def test_credentials_are_listed_and_not_imported_and_the_check_waits_for_them(
    keys: dict[str, object], part: str
) -> None:
    plan, component = one(**keys)  # type: ignore[arg-type]  # of any shape

    assert [(secret.where) for secret in plan.secrets] == [f"Shop: {part}"]
    assert component.nodes[0].is_paused
    assert "s3cret" not in repr(plan)


def test_a_check_that_would_send_a_body_is_paused() -> None:
    plan, component = one(method="POST", body='{"a": 1}')

    assert component.nodes[0].is_paused
    assert "checks send no body" in reasons(plan)["Shop: body to send"]


def test_one_that_is_switched_off_is_imported_paused() -> None:
    assert node(enabled=False).is_paused
    assert not node().is_paused


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("tls://mail.example:993", "tcp://mail.example:993"),
        ("starttls://mail.example:587", "tcp://mail.example:587"),
        ("ssh://build.example:22", "tcp://build.example:22"),
        ("wss://chat.example/socket", "tcp://chat.example:443"),
        ("grpc://api.example:50051", "tcp://api.example:50051"),
    ],
)
def test_what_speaks_over_tcp_is_checked_that_far_and_told(url: str, address: str) -> None:
    plan, component = one("[CONNECTED] == true", url=url)

    assert component.nodes[0].addresses == (address,)
    assert any("only the connection over TCP" in reason for reason in reasons(plan).values())


@pytest.mark.parametrize("url", ["udp://ntp.example:123", "sctp://x.example:38412", "mqtt://x"])
def test_a_component_that_nothing_can_check_has_no_node(url: str) -> None:
    plan, component = one(url=url)

    assert component.nodes == ()
    assert any("cannot be probed" in reason for reason in reasons(plan).values())


def test_a_dns_question_has_its_server_and_the_answer_that_is_expected() -> None:
    found = node(
        "[BODY] == 192.0.2.7",
        url="9.9.9.9",
        dns={"query-name": "shop.example.", "query-type": "A"},
    )

    target = parse_target(found.addresses[0])
    assert target.dns is not None
    assert (target.host, target.dns.record_type, target.dns.server, target.dns.expected) == (
        "shop.example",
        "A",
        "9.9.9.9",
        ("192.0.2.7",),
    )


def test_an_external_endpoint_keeps_its_token_under_gatus_own_key() -> None:
    job = {"name": "Nightly Job", "group": "Batch", "heartbeat": {"interval": "30m"}}
    plan = read(
        {"endpoints": [], "external-endpoints": [{**job, "token": "${TOKEN}"}]}, {"TOKEN": "t0k"}
    )

    (kept,) = plan.kept_secrets
    assert (kept.kind, kept.secret, kept.label, kept.node) == (
        "external_endpoint",
        "t0k",
        "batch_nightly-job",
        plan.components[0].nodes[0].key,
    )
    (found,) = plan.components[0].nodes
    assert (found.mode, found.options) == ("push", {"silent_after_s": 1800})


def test_an_external_endpoint_without_a_heartbeat_may_be_silent_for_a_week() -> None:
    plan = read({"external-endpoints": [{"name": "Job", "token": "t"}]})

    assert plan.components[0].nodes[0].options == {"silent_after_s": 604_800}
    assert "Job: no heartbeat" in reasons(plan)


def test_an_external_endpoint_that_is_off_has_no_node_and_keeps_no_token() -> None:
    plan = read({"external-endpoints": [{"name": "Job", "token": "t", "enabled": False}]})

    assert (plan.components[0].nodes, plan.kept_secrets) == ((), ())
    assert "Job: enabled: false" in reasons(plan)


def test_windows_come_again_in_their_zone() -> None:
    plan = read(
        {
            "endpoints": [
                {
                    "name": "Shop",
                    "url": "https://shop.example",
                    "maintenance-windows": [{"start": "02:00", "duration": "30m"}],
                },
                {"name": "Mail", "url": "tcp://mail.example:25"},
            ],
            "maintenance": {
                "start": "23:00",
                "duration": "1h30m",
                "timezone": "Europe/Berlin",
                "every": ["Monday", "Thursday"],
            },
        }
    )

    own, all_of_it = plan.maintenances
    assert (own.rule, own.zone, own.components) == ("FREQ=DAILY", "UTC", ("_shop",))
    assert own.starts_at == datetime(2024, 1, 1, 2, 0, tzinfo=UTC)
    assert all_of_it.rule == "FREQ=WEEKLY;BYDAY=MO,TH"
    assert (all_of_it.zone, all_of_it.components) == ("Europe/Berlin", ("_shop", "_mail"))
    assert all_of_it.starts_at == datetime(2024, 1, 1, 22, 0, tzinfo=UTC)
    assert all_of_it.ends_at - all_of_it.starts_at == 90 * MINUTE


def test_a_window_that_is_off_is_told() -> None:
    config = {"endpoints": [{"name": "Shop", "url": "https://shop.example"}]}
    plan = read(config | {"maintenance": {"enabled": False, "start": "23:00", "duration": "1h"}})

    assert plan.maintenances == ()
    assert reasons(plan) == {"maintenance": "it is switched off"}


def announced(*rows: tuple[str, str, bool]) -> Plan:
    announcements = [
        {
            "timestamp": f"2026-01-0{day}T10:00:00Z",
            "type": kind,
            "message": message,
            "archived": old,
        }
        for day, (kind, message, old) in enumerate(rows, start=1)
    ]
    config = {"endpoints": [{"name": "Shop", "url": "https://shop.example"}]}
    return read(config | {"announcements": announcements})


def test_announcements_of_trouble_are_incidents_and_others_are_notes() -> None:
    plan = announced(
        ("outage", "**Payments** fail\n\nWe look into it.", False),
        ("operational", "All is well again.", False),
        ("warning", "Mail is slow", False),
        ("information", "New prices", False),
        ("none", "Old news", True),
        ("outage", "Long ago", True),
    )

    outage, warning, archived = plan.incidents
    assert (outage.title, outage.impact) == ("Payments fail", "major")
    assert [(each.state, each.text) for each in outage.updates] == [
        ("investigating", "**Payments** fail\n\nWe look into it."),
        ("resolved", "All is well again."),
    ]
    assert outage.resolved_at == datetime(2026, 1, 2, 10, tzinfo=UTC)
    assert (warning.impact, warning.resolved_at) == ("minor", None)
    assert (archived.impact, archived.resolved_at) == ("major", archived.started_at)
    assert [(each.title, each.ends_at) for each in plan.announcements] == [("New prices", None)]
    assert "announcement “Old news”" in reasons(plan)


def test_an_operational_announcement_by_itself_is_a_resolved_incident() -> None:
    (incident,) = announced(("operational", "We are back", False)).incidents

    assert (incident.impact, incident.updates[-1].state) == ("none", "resolved")
    assert incident.resolved_at == incident.started_at


def test_an_announcement_keeps_its_key_as_long_as_it_says_the_same() -> None:
    first, again = (announced(("warning", "Slow", False)).incidents[0].key for _ in range(2))
    other = announced(("warning", "Slower", False)).incidents[0].key

    assert first == again != other


def test_everything_else_is_told_with_a_reason_and_its_secrets_are_listed() -> None:
    plan = read(
        {
            "endpoints": [
                {
                    "name": "Shop",
                    "url": "https://shop.example",
                    "alerts": [{"type": "slack"}],
                    "extra-labels": {"team": "a"},
                    "ui": {"hide-url": True},
                    "client": {"proxy-url": "http://proxy.example:3128"},
                }
            ],
            "alerting": {"slack": {"webhook-url": "https://hooks.example/s3cret"}},
            "security": {"basic": {"username": "a", "password-bcrypt-base64": "s3cret"}},
            "storage": {"type": "postgres", "path": "postgres://u:s3cret@db/g"},
            "suites": [{"name": "Checkout", "endpoints": []}],
            "ui": {"title": "Our status", "logo": "https://shop.example/logo.png"},
            "metrics": True,
            "never-heard": 1,
        }
    )

    told = reasons(plan)
    for what in (
        *("Shop: alerts", "Shop: extra-labels", "Shop: ui", "Shop: client.proxy-url", "alerting"),
        *("security", "storage", "suite Checkout", "ui.logo", "metrics", "never-heard"),
    ):
        assert told[what]
    assert {each.where for each in plan.secrets} == {"alerting.slack", "security"}
    assert "s3cret" not in repr(plan)
    assert plan.page == {"name": "Our status"}


def test_variables_are_put_in_and_two_dollars_are_one() -> None:
    config = b"endpoints:\n  - {name: $NAME, group: '${GROUP} $$5', url: 'https://$HOST/${GONE}'}\n"
    plan = read(config, {"NAME": "Shop", "GROUP": "Core", "HOST": "shop.example"})

    assert plan.components[0].name == "Shop"
    assert plan.groups[0].name == "Core $5"
    assert plan.components[0].nodes[0].addresses == ("https://shop.example/",)
    assert "it is not set" in reasons(plan)["$GONE"]


def test_several_files_are_one_configuration() -> None:
    def file(name: str) -> bytes:
        return yaml.safe_dump({"endpoints": [{"name": name, "url": "icmp://192.0.2.1"}]}).encode()

    top, notes = gatus_files.documents([("a.yaml", file("A")), ("b.yaml", file("B"))], {})
    assert [one.name for one in gatus.plan(top, notes).components] == ["A", "B"]

    with pytest.raises(SourceUnreadable, match=r"b\.yaml: web\.port stands in two files"):
        gatus_files.documents([("a.yaml", b"web: {port: 1}"), ("b.yaml", b"web: {port: 2}")], {})


BOMB = b"a: &a [x,x,x,x,x,x,x,x,x,x]\n" + b"".join(
    b"%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n" % ((name, name) + (name - 1,) * 10)
    for name in range(ord("b"), ord("k"))
)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "empty"),
        (b"{}", "no endpoint"),
        (b"[]", "should be an object"),
        (b"endpoints: 7", "endpoints should be a list"),
        (b"endpoints: [7]", r"endpoints\[0\] should be an object"),
        (b"endpoints: [{url: 'https://a.example'}]", "name is missing"),
        (b"endpoints: [{name: [1], url: x}]", "name should be a text, but is a list"),
        (b"endpoints: [{name: A}]", "url is missing"),
        (b"endpoints: [{name: A, url: x, interval: soon}]", "a duration like"),
        (b"endpoints: [{name: A, url: x, conditions: {a: b}}]", "conditions should be a list"),
        (b"endpoints: [{name: A, url: x}, {name: a, url: x}]", "a second endpoint has the key _a"),
        (b"endpoints: [{name: A, url: x}]\nmaintenance: {start: 9, duration: 1h}", "like 23:00"),
        (
            b"endpoints: [{name: A, url: x}]\nmaintenance: {start: '09:00', duration: 99h}",
            "up to 24h",
        ),
        (
            b"endpoints: [{name: A, url: x}]\nannouncements: [{message: m, timestamp: today}]",
            "a time like",
        ),
        (b"endpoints: [{name: A, url: x}\n", "This is not YAML"),
        (b"endpoints: !!python/object/apply:os.system ['true']", "tag"),
        (b"a: \xff", "not UTF-8"),
        (BOMB, "too many aliases"),
        (b"[" * 10_000, "levels deep"),
        (b"#" * (2 * 1024 * 1024), "larger than"),
    ],
)
def test_what_is_no_configuration_is_refused_with_one_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(SourceUnreadable, match=sentence) as caught:
        read(data)

    assert str(caught.value).endswith((".", "?"))
    assert "\n" not in str(caught.value)


def status(key: str, *results: tuple[int, bool], events: object = None) -> dict[str, object]:
    """An endpoint as Gatus tells it: results at minutes."""
    return {
        "name": "x",
        "key": key,
        "results": [
            {"success": success, "timestamp": stamp(minute), "duration": 1_000_000, "status": 200}
            for minute, success in results
        ],
        "events": events or [],
    }


def stamp(minute: int) -> str:
    """A time as Go writes it, with nanoseconds."""
    return f"{NOW + minute * MINUTE:%Y-%m-%dT%H:%M:%S}.123456789Z"


def test_what_a_running_gatus_remembers_becomes_times_of_outage() -> None:
    plan, _ = one()
    events = [
        {"type": "START", "timestamp": stamp(-90)},
        {"type": "HEALTHY", "timestamp": stamp(-80)},
        {"type": "UNHEALTHY", "timestamp": stamp(-60)},
        {"type": "HEALTHY", "timestamp": stamp(-50)},
    ]
    listed = [status("_shop", (-10, True), (-9, False), (-8, False), (-7, True), (-6, False))]
    found = gatus_history.with_history(
        plan, [[*listed, status("_other", (-1, False))], status("_shop", events=events)]
    )

    assert [
        (span.component, span.status, span.ends_at and span.ends_at - span.starts_at)
        for span in found.spans
    ] == [
        ("_shop", Status.MAJOR_OUTAGE, 10 * MINUTE),
        ("_shop", Status.MAJOR_OUTAGE, 2 * MINUTE),
        ("_shop", Status.MAJOR_OUTAGE, None),
    ]
    (component,) = found.components
    assert component.created_at is not None
    assert component.known_until is not None
    assert NOW - component.created_at < 80 * MINUTE
    assert NOW - component.known_until < 6 * MINUTE


@pytest.mark.parametrize("page", [7, [7], [{"results": 1, "key": "a"}], {"name": "no key"}])
def test_an_answer_of_another_form_is_refused(page: object) -> None:
    plan, _ = one()

    with pytest.raises(SourceUnreadable):
        gatus_history.with_history(plan, [page])


def test_keys_are_those_of_gatus() -> None:
    assert gatus.key_of(" Core A/b_c", "X.y,z#1+2&3") == "core-a-b-c_x-y-z-1-2-3"
    assert re.fullmatch(r"[a-z-]*_[a-z-]+", gatus.key_of("", "Shop"))
