"""The parts of the daemon that need no process: settings, map, queue, guard."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from candor_local import maps, settings, watching
from candor_local.unsent import Result, Unsent
from probing.health import Health
from probing.options import HttpOptions, Thresholds
from tests.clients.page import local_map, node


def parse(document: Mapping[str, Any]) -> maps.Map:
    return maps.parse(json.dumps({"data": document}).encode(), interval_s=120)


def result(replica: str = "tcp://db:5432", *, at: float = 1000.0, health: str = "dead") -> Result:
    return Result(
        service="s", node="n", replica=replica, health=Health(health), interval_s=60, at=at
    )


# -- settings


def test_the_command_line_counts_before_the_environment_and_that_before_the_file(
    tmp_path: Path,
) -> None:
    file, token = tmp_path / "local.toml", tmp_path / "token"
    file.write_text(
        'url = "https://file.test"\nlocation = "file"\ninterval_s = 30\nca = "ca.pem"\n'
    )
    token.write_text("from-file\n")
    environment = {
        "CANDOR_LOCAL_CONFIG": str(file),
        "CANDOR_LOCAL_TOKEN_FILE": str(token),
        "CANDOR_LOCAL_LOCATION": "environment",
        "CANDOR_LOCAL_INTERVAL_S": "40",
    }
    told = settings.read(["--interval-s", "50", "--allow", "10.0.0.0/8, ::1"], environment)
    assert (told.url, told.token, told.location) == (
        "https://file.test",
        "from-file",
        "environment",
    )
    assert (told.interval_s, told.ca, told.is_once) == (50, Path("ca.pem"), False)
    assert [str(network) for network in told.allow] == ["10.0.0.0/8", "::1/128"]


def test_a_misspelt_key_of_the_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "local.toml"
    file.write_text('urll = "https://file.test"')
    with pytest.raises(settings.SettingsInvalid, match="urll"):
        settings.read(["--config", str(file)], {})


# -- map


@pytest.mark.req("V2", "D7")
def test_our_own_options_of_a_node_count() -> None:
    (found,) = parse(
        local_map(
            node(
                replicas=["https://db.test/", "dns://db.test?type=A"],
                interval_s=15,
                retries=4,
                http={
                    "method": "POST",
                    "headers": {"X-Key": "one"},
                    "status_min": 201,
                    "status_below": 205,
                    "body_contains": None,
                    "body_regex": "^ok",
                    "follow_redirects": False,
                    "verify_tls": False,
                },
            )
        )
    ).nodes
    assert (found.service, found.id, found.interval_s) == ("service-1", "node-1", 15)
    assert list(found.replicas) == ["https://db.test/", "dns://db.test?type=A"]
    assert found.thresholds == Thresholds(sick_after_s=0.5, dead_after_s=1.0, retries=4)
    assert found.http == HttpOptions(
        method="POST",
        headers={"X-Key": "one"},
        status_min=201,
        status_below=205,
        body_regex="^ok",
        follow_redirects=False,
        verify_tls=False,
    )


@pytest.mark.req("V2", "D7")
def test_the_map_of_the_family_is_understood() -> None:
    found = parse(
        {
            "date": 7,
            "metrics": {"local": {"retry": 3, "delay_dead": 12, "delay_sick": 4}},
            "services": [
                {
                    "id": "s",
                    "nodes": [
                        {
                            "id": "a",
                            "replicas": ["http://127.0.0.1:8000/"],
                            "http": {
                                "status": {"healthy_above": 201, "healthy_below": 300},
                                "body": {"healthy_match": "ok", "dead_match": ""},
                            },
                        },
                        {"id": "b"},
                    ],
                }
            ],
        }
    )
    first, second = found.nodes
    assert found.date == 7
    assert first.interval_s == 120
    assert first.thresholds == Thresholds(sick_after_s=4, dead_after_s=12, retries=3)
    assert first.http == HttpOptions(status_min=201, status_below=300, body_contains="ok")
    assert second.replicas == {}


def test_one_wrong_address_costs_the_others_nothing() -> None:
    found = parse(local_map(node(replicas=["tcp://db", "tcp://db:5432"])))
    assert list(found.nodes[0].replicas) == ["tcp://db:5432"]
    assert "tcp://db is not checked" in found.complaints[0]


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'{"data": {"services": [{}]}}', b"[" * 9999])
def test_what_is_no_map_is_refused(text: bytes) -> None:
    with pytest.raises(maps.MapInvalid):
        maps.parse(text, interval_s=120)


# -- queue


def test_a_newer_result_takes_the_place_of_an_older_one() -> None:
    unsent = Unsent(None)
    older, newer = result(at=1000, health="dead"), result(at=1060, health="healthy")
    unsent.put(older)
    unsent.put(newer)
    unsent.done(older)  # it was under way when the newer one came
    assert list(unsent) == [newer]


def test_a_full_queue_drops_the_oldest_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    unsent = Unsent(None, limit=2)
    for number in (1, 2, 3):
        unsent.put(result(f"tcp://db-{number}:1", at=1000 + number))
    assert [kept.replica for kept in unsent] == ["tcp://db-2:1", "tcp://db-3:1"]
    assert "dropped the result of tcp://db-1:1" in caplog.text


def test_only_what_is_still_true_is_taken_up_again(tmp_path: Path) -> None:
    unsent = Unsent(tmp_path / "unsent.json")
    unsent.put(result("tcp://old:1", at=1000))
    unsent.put(result("tcp://new:1", at=1100))
    unsent.save()
    later = Unsent(tmp_path / "unsent.json")
    later.load(at=1130)
    assert [kept.replica for kept in later] == ["tcp://new:1"]
    later.drop_stale(at=1300)
    assert len(later) == 0


@pytest.mark.parametrize("text", ["", "[]", '{"unsent": [{"health": "dead"}]}', '{"unsent": 1}'])
def test_a_broken_queue_file_begins_empty(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "unsent.json").write_text(text)
    unsent = Unsent(tmp_path / "unsent.json")
    unsent.load(at=1000)
    assert len(unsent) == 0
    assert "begins empty" in caplog.text


def test_a_queue_that_cannot_be_written_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    unsent = Unsent(tmp_path / "file" / "unsent.json")
    unsent.put(result())
    unsent.save()
    unsent.save()
    assert caplog.text.count("cannot be written") == 1


# -- guard


@pytest.mark.parametrize(
    ("address", "is_allowed"),
    [
        ("10.0.0.5", True),
        ("127.0.0.1", True),
        ("fd00::1", True),
        ("169.254.169.254", False),
        ("::ffff:169.254.169.254", False),
        ("fe80::1", False),
        ("224.0.0.1", False),
        ("0.0.0.0", False),
        ("nonsense", False),
    ],
)
def test_hosts_may_be_checked_and_metadata_services_may_not(address: str, is_allowed: bool) -> None:
    assert watching.guard(())(address) is is_allowed


def test_networks_can_be_named() -> None:
    allow = settings.read(
        ["--url", "http://a.test", "--token", "t", "--allow", "10.0.0.0/8"], {}
    ).allow
    assert watching.guard(allow)("10.1.2.3")
    assert not watching.guard(allow)("192.168.0.1")
