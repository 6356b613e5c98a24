"""The compose file and the Caddyfile beside it: one way in, and nothing for the outside behind it."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
CADDYFILE = (ROOT / "Caddyfile").read_text("utf-8")


def test_only_the_proxy_listens_to_the_outside() -> None:
    """Reliability G2: a port scan finds 80 and 443."""
    published = {
        name: [port.partition("/")[0] for port in service.get("ports", [])]
        for name, service in COMPOSE["services"].items()
    }
    assert {name for name, ports in published.items() if ports} == {"caddy"}
    assert set(published["caddy"]) == {"80:80", "443:443"}
    assert not any("network_mode" in service for service in COMPOSE["services"].values())


def test_the_proxy_asks_candor_before_it_gets_a_certificate_and_for_nobody_else() -> None:
    """Reliability A9; a story shows that it does."""
    assert "on_demand_tls" in CADDYFILE
    assert "/.well-known/candor/ask" in CADDYFILE
    assert re.search(r"respond /\.well-known/candor/\* 404", CADDYFILE)
    assert re.search(r"^\s*admin off$", CADDYFILE, re.MULTILINE)
    upstream = COMPOSE["services"]["caddy"]["environment"]["CANDOR_UPSTREAM"]
    command = COMPOSE["services"]["candor"]["command"]
    assert upstream == "candor:8000"
    assert command.endswith("--port 8000")


def test_candor_counts_the_one_proxy_and_knows_where_it_takes_tls() -> None:
    environment = COMPOSE["services"]["candor"]["environment"]
    assert environment["TRUSTED_PROXY_HOPS"] == "${TRUSTED_PROXY_HOPS:-1}"
    assert environment["CANDOR_PROXY_TLS"] == "caddy:443"
