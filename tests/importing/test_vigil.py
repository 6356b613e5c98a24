"""Configurations of Vigil as plans: every row of the mapping table, and what is no configuration."""

import re
from typing import Any

import pytest

from importing import vigil
from importing.plans import Node, Plan
from importing.problems import SourceUnreadable
from probing import patterns

SERVICE = """
[[probe.service]]
id = "web"
label = "Web"

[[probe.service.node]]
id = "front"
label = "Front end"
"""
POLLED = SERVICE + 'mode = "poll"\nreplicas = ["https://shop.example"]\n'


def read(text: str, environment: dict[str, str] | None = None, **options: bool) -> Plan:
    return vigil.plan(text.encode(), environment or {}, **options)


def node(text: str = POLLED, **options: Any) -> Node:
    """The only node of a configuration."""
    (found,) = read(text, **options).components[0].nodes
    return found


def reasons(plan: Plan) -> dict[str, str]:
    return {each.what: each.reason for each in plan.unmapped}


def test_services_are_groups_and_nodes_components_with_replicas() -> None:
    plan = read(
        SERVICE
        + """
mode = "poll"
replicas = ["icmp://192.0.2.1", "tcp://shop.example:443", "https://shop.example/health"]

[[probe.service]]
id = "db"
label = "Databases"

[[probe.service.node]]
id = "main"
label = "Main"
mode = "push"
"""
    )

    assert [(group.key, group.name, group.position) for group in plan.groups] == [
        ("web", "Web", 0),
        ("db", "Databases", 1),
    ]
    assert [(one.key, one.name, one.group) for one in plan.components] == [
        ("web/front", "Front end", "web"),
        ("db/main", "Main", "db"),
    ]
    assert plan.components[0].nodes[0].addresses == (
        "icmp://192.0.2.1",
        "tcp://shop.example:443",
        "https://shop.example/health",
    )


def test_without_metrics_a_check_is_as_vigil_makes_it() -> None:
    assert node().options == {
        "interval_s": 120,
        "retries": 2,
        "dead_after_s": 10,
        "sick_after_s": 5,
        "http_status_min": 200,
        "http_status_max": 399,
        "http_follow_redirects": False,
        "http_method": "HEAD",
    }


def test_metrics_are_the_thresholds_of_every_check() -> None:
    metrics = """
[metrics]
poll_interval = 30
poll_retry = 1
poll_http_status_healthy_above = 100
poll_http_status_healthy_below = 300
poll_delay_dead = 8
poll_delay_sick = 2.5
"""
    options = node(metrics + POLLED).options

    assert (options["interval_s"], options["retries"]) == (30, 1)
    assert (options["http_status_min"], options["http_status_max"]) == (100, 299)
    assert (options["dead_after_s"], options["sick_after_s"]) == (8, 2.5)


def test_a_push_node_counts_silence_from_the_announced_interval_on() -> None:
    metrics = """
[metrics]
push_delay_dead = 45
push_system_cpu_sick_above = 0.9
push_system_ram_sick_above = 0.8
"""
    assert node(SERVICE + 'mode = "push"\n').options == {
        "silent_after_s": 20,
        "silence_rule": "announced",
        "cpu_sick_above": 0.99,
        "ram_sick_above": 0.99,
    }
    found = node(metrics + SERVICE + 'mode = "push"\n')
    assert found.mode == "push"
    assert (found.options["silent_after_s"], found.options["cpu_sick_above"]) == (45, 0.9)
    assert found.options["ram_sick_above"] == 0.8


def test_a_local_node_keeps_its_replicas_for_the_daemon() -> None:
    found = node(
        "[metrics]\nlocal_delay_dead = 90\n"
        + SERVICE
        + 'mode = "local"\nreplicas = ["tcp://10.0.0.5:5432"]\n'
    )

    assert (found.mode, found.addresses) == ("local", ("tcp://10.0.0.5:5432",))
    assert found.options["silent_after_s"] == 90


def test_scripts_are_never_taken_over() -> None:
    plan = read(SERVICE + 'mode = "script"\nscripts = ["rm -rf /"]\n')

    assert plan.components[0].nodes == ()
    assert "never run" in reasons(plan)["web/front: mode script"]
    assert "rm -rf" not in repr(plan)


def test_the_request_comes_across_and_its_credentials_are_listed() -> None:
    plan = read(
        POLLED
        + """
http_method = "GET"
http_body_healthy_match = "^ok (yes|fine)$"
http_headers = { "X-Test" = "1", "Authorization" = "Bearer s3cret" }
"""
    )

    (found,) = plan.components[0].nodes
    assert found.options["http_method"] == "GET"
    assert found.options["http_headers"] == {"X-Test": "1"}
    assert patterns.found(str(found.options["http_body_regex"]), b"ok fine")
    assert found.is_paused
    assert [each.where for each in plan.secrets] == ["web/front: header Authorization"]
    assert "s3cret" not in repr(plan)


@pytest.mark.parametrize(
    ("line", "method", "is_paused"),
    [
        ("", "HEAD", False),
        ('http_body_healthy_match = "ok"', "GET", False),
        ('http_method = "POST"', "POST", False),
        ('http_method = "POST"\nhttp_body = "x"', "POST", True),
        ('http_body = "x"', "HEAD", False),
    ],
)
def test_the_method_is_the_one_that_vigil_would_use(
    line: str, method: str, is_paused: bool
) -> None:
    found = node(f"{POLLED}{line}\n")

    assert (found.options["http_method"], found.is_paused) == (method, is_paused)


def test_a_pattern_that_we_cannot_use_is_told() -> None:
    plan = read(POLLED + 'http_body_healthy_match = "(?=ok)"\n')

    assert "http_body_regex" not in plan.components[0].nodes[0].options
    assert "regular expression" in reasons(plan)["web/front: http_body_healthy_match (?=ok)"]


def test_ssh_is_checked_as_far_as_the_connection() -> None:
    plan = read(SERVICE + 'mode = "poll"\nreplicas = ["ssh://build.example:2222"]\n')

    assert plan.components[0].nodes[0].addresses == ("tcp://build.example:2222",)
    assert "web/front: ssh://" in reasons(plan)


REST = """
[server]
inet = "[::1]:8080"
manager_token = "${MANAGER}"
reporter_token = "${REPORTER}"

[assets]
path = "./res"

[branding]
page_title = "Acme status"
page_url = "https://status.example"
custom_html = "<script>evil()</script>"

[metrics]
poll_parallelism = 4
poll_retry_wait = 500
script_interval = 300

[notify]
startup_notification = true
reminder_interval = 300

[notify.slack]
hook_url = "https://hooks.example/s3cret"

[plugins.rabbitmq]
api_url = "http://localhost:15672"
auth_password = "s3cret"
"""
SECRETS = {"MANAGER": "s3cret-m", "REPORTER": "s3cret-r"}


def test_all_else_is_told_and_secrets_are_listed() -> None:
    plan = read(
        REST
        + POLLED
        + 'rabbitmq_queue = "q"\nreveal_replica_name = true\nlink_url = "https://x"\n',
        SECRETS,
    )

    assert {each.where for each in plan.secrets} == {
        "server.manager_token",
        "server.reporter_token",
        "notify.slack",
    }
    told = reasons(plan)
    for what in (
        *("branding.page_url", "branding.custom_html", "metrics.poll_parallelism"),
        *("metrics.poll_retry_wait", "metrics.script_interval", "notify.reminder_interval"),
        *("notify.startup_notification", "plugins.rabbitmq", "web/front: rabbitmq_queue"),
        *("web/front: reveal_replica_name", "web/front: link_url"),
    ):
        assert told[what]
    assert plan.page == {"name": "Acme status"}
    assert plan.kept_secrets == ()
    assert not re.search("s3cret|evil", repr(plan))


def test_the_reporters_token_is_kept_only_when_it_is_asked_for() -> None:
    plan = read(REST + SERVICE + 'mode = "push"\n', SECRETS, keeps_reporter_token=True)

    (kept,) = plan.kept_secrets
    assert (kept.kind, kept.secret, kept.node) == ("reporter", "s3cret-r", "")
    assert "server.reporter_token" not in {each.where for each in plan.secrets}
    assert "give each reporter the names" in reasons(plan)["reporters"]


def test_a_service_may_be_one_component_that_reporters_call_as_before() -> None:
    plan = read(
        POLLED
        + """
[[probe.service.node]]
id = "relay"
label = "Relay"
mode = "push"

[[probe.service]]
id = "two words"
label = "Two words"
""",
        services_are_components=True,
    )

    assert plan.groups == ()
    assert [(one.key, one.slug, one.name) for one in plan.components] == [
        ("web", "web", "Web"),
        ("two words", "", "Two words"),
    ]
    assert [(one.key, one.slug, one.mode) for one in plan.components[0].nodes] == [
        ("web/front", "front", "poll"),
        ("web/relay", "relay", "push"),
    ]
    assert "reporters" not in reasons(plan)


def test_a_variable_that_is_not_set_is_told() -> None:
    assert "${MANAGER}" in reasons(read(REST + POLLED))


def test_values_out_of_our_bounds_are_moved_and_told() -> None:
    plan = read("[metrics]\npoll_retry = 50\npoll_delay_dead = 900\n" + POLLED)

    options = plan.components[0].nodes[0].options
    assert (options["retries"], options["dead_after_s"]) == (10, 120)
    assert "web/front: poll_retry 50" in reasons(plan)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "no \\[\\[probe.service\\]\\]"),
        ("not toml", "not TOML"),
        ("probe = 7", "probe should be an object"),
        ("[probe]\nservice = [7]", r"probe.service\[0\] should be an object"),
        ("[[probe.service]]\nlabel = 'x'", "id is missing"),
        (SERVICE, "mode is missing"),
        (SERVICE + "mode = 'pull'", "poll, push, local or script, not pull"),
        (SERVICE + "mode = 'poll'\nreplicas = 'x'", "replicas should be a list"),
        (SERVICE + "mode = 'poll'\nreplicas = [[1]]", "should be a text, but is a list"),
        (SERVICE + "mode = 'poll'\nhttp_headers = 7", "http_headers should be an object"),
        ("[metrics]\npoll_interval = 'soon'\n" + POLLED, "poll_interval should be a number"),
        ("[metrics]\npoll_interval = inf\n" + POLLED, "a number of usual size"),
        (
            "[metrics]\npoll_http_status_healthy_above = 500\n" + POLLED,
            "should be below",
        ),
        (POLLED + "[[probe.service]]\nid = 'web'", "a second service has the id web"),
        ("a = " + "[" * 5000, "not TOML"),
        ("#" * (2 * 1024 * 1024), "larger than"),
    ],
)
def test_what_is_no_configuration_is_refused_with_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(SourceUnreadable, match=sentence) as caught:
        read(text)

    assert "\n" not in str(caught.value)


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(SourceUnreadable, match="not UTF-8"):
        vigil.plan(b"\xff\xfe", {})
