"""An exported file applies to the same state, whatever people have typed into names and texts."""

import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components import claims
from components.models import Component
from components.status import Status
from monitoring import inventory
from monitoring.config_file import applying, exporting, loading
from monitoring.config_file.plans import Plan
from monitoring.models import AlertChannel
from tests import build

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 19, 14, 32, tzinfo=UTC)

# What YAML, 1.1 or 1.2, would take for something else than text.
_TRAPS = [
    *("yes", "No", "on", "null", "~", "true", "010", "1e3", "1_000", "12:30", "2026-01-01", ".5"),
    *("a: b", "# x", "- a", "'", '"', "=", "<<", "!tag", "*a", "&a", "%x", "@x", "`x", "{a", "[a"),
    *(
        "? x",
        "| x",
        "> x",
        "---",
        "...",
        "a #b",
        ": x",
        "0x1f",
        "0o7",
        ".inf",
        "\ufeffx",
        "日本 語",
    ),
]


def _text(limit: int) -> st.SearchStrategy[str]:
    signs = st.characters(categories=["L", "N", "P", "S", "Zs"])
    free = st.text(signs, min_size=1, max_size=limit).map(str.strip).filter(bool)
    return st.sampled_from(_TRAPS) | free


_slugs = st.text("abcdefgh-_0123456789", min_size=1, max_size=10)
_addresses = st.sampled_from(
    [
        *("https://example.com/", "http://127.0.0.1:8080/a?b=c#d", "tcp://127.0.0.1:5432"),
        *("icmp://127.0.0.1", "icmp://[::1]", "dns://example.com?type=MX&server=127.0.0.1:5353"),
        *("https://bücher.example/ä", "tcp://[::1]:22"),
    ]
)


@st.composite
def _nodes(draw: st.DrawFn) -> dict[str, Any]:
    dead_after_s = draw(st.floats(0.05, 120))
    status = sorted(draw(st.tuples(st.integers(100, 599), st.integers(100, 599))))
    body = draw(st.none() | _text(20))
    return {
        "name": draw(_text(20)),
        "slug": draw(_slugs),
        "interval_s": draw(st.integers(1, 86_400)),
        "retries": draw(st.integers(0, 10)),
        "dead_after_s": dead_after_s,
        "sick_after_s": draw(st.floats(0.001, dead_after_s)),
        "http": {
            "status": status,
            "body_contains": body,
            "method": draw(st.sampled_from(["GET", "POST"] if body else ["GET", "HEAD"])),
            "follow_redirects": draw(st.booleans()),
            "verify_tls": draw(st.booleans()),
        },
        "replicas": draw(st.lists(_addresses, max_size=3, unique=True)),
        "bad_checks": draw(st.integers(1, 20)),
        "good_checks": draw(st.integers(1, 20)),
        "locations": draw(st.lists(st.sampled_from(["paris", "ny"]), max_size=2, unique=True)),
        "quorum": draw(st.none() | st.integers(1, 3)),
        "muted_until": draw(st.none() | st.just("2026-12-01T09:00:00+01:00")),
    }


@st.composite
def _components(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "name": draw(_text(20)),
        "description": draw(st.just("") | _text(30)),
        "visible": draw(st.booleans()),
        "show_addresses": draw(st.booleans()),
        "manual": draw(st.booleans()),
        "nodes": draw(st.lists(_nodes(), max_size=2, unique_by=lambda node: node["slug"])),
    }


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(st.lists(_text(20), max_size=3, unique=True))
    slugs = iter(draw(st.lists(_slugs, min_size=8, max_size=8, unique=True)))
    some = st.lists(_components(), max_size=2)

    def components() -> list[dict[str, Any]]:
        return [{**component, "slug": next(slugs)} for component in draw(some)]

    groups: list[dict[str, Any]] = [
        {"name": name, "collapsed": draw(st.booleans()), "components": components()}
        for name in names
    ]
    loose = components()
    everything = [*loose, *(inner for group in groups for inner in group["components"])]
    _let_depend(draw, everything)
    weight = st.integers(0, 1000).map(lambda thousandths: thousandths / 1000)
    return {
        "page": {
            "name": draw(_text(20)),
            "time_zone": draw(st.sampled_from(["UTC", "Europe/Paris"])),
            "weights": {"major_outage": draw(weight), "degraded_performance": draw(weight)},
        },
        "locations": [{"name": "Paris", "slug": "paris"}, {"name": draw(_text(20)), "slug": "ny"}],
        "groups": groups,
        "components": loose,
        "alerts": draw(_alerts()),
    }


def _let_depend(draw: st.DrawFn, components: list[dict[str, Any]]) -> None:
    """Let nodes depend on others without a circle: each on later ones only."""
    nodes = [
        (node, f"{component['slug']}/{node['slug']}")
        for component in components
        for node in component["nodes"]
    ]
    for index, (node, _) in enumerate(nodes):
        later = [label for _, label in nodes[index + 1 :]]
        some = st.lists(st.sampled_from(later), max_size=2, unique=True) if later else st.just([])
        node["depends_on"] = draw(some)


@st.composite
def _alerts(draw: st.DrawFn) -> dict[str, Any]:
    switches = {
        "enabled": st.booleans(),
        "recovery": st.booleans(),
        "reminders_only": st.booleans(),
    }
    to = st.sampled_from([["ops@example.com"], ["a@x.org", "b@x.org"]])
    name = {"name": _text(20)}
    channels = {
        "email": st.fixed_dictionaries({**name, **switches, "to": to}),
        "slack": st.fixed_dictionaries({**name, **switches, "url": st.just({"env": "SLACK_URL"})}),
        "telegram": st.fixed_dictionaries(
            {
                **switches,
                "token": st.just({"env": "TELEGRAM_TOKEN"}),
                "chats": st.sampled_from([["-100", "@ops"], ["1"]]),
            }
        ),
    }
    hook = {"url": st.just({"env": "HOOK_URL"}), "secret": st.just({"env": "HOOK_SECRET"})}
    return draw(
        st.fixed_dictionaries(
            {
                "email": st.fixed_dictionaries({**switches, "to": to}),
                "channels": st.fixed_dictionaries(
                    {
                        kind: st.lists(each, max_size=1, unique_by=lambda row: row.get("name", ""))
                        for kind, each in channels.items()
                    }
                ),
                "health_webhooks": st.lists(
                    st.fixed_dictionaries({**name, **hook, "enabled": st.booleans()}), max_size=1
                ),
                "reminders": st.fixed_dictionaries(
                    {
                        "interval_s": st.none() | st.integers(10, 604_800),
                        "backoff": st.sampled_from(["none", "cubic"]),
                        "limit": st.integers(1, 100),
                        "escalates": st.booleans(),
                        "muted_until": st.none() | st.just("2026-12-01T09:00:00.123456Z"),
                    }
                ),
                "grouping": st.fixed_dictionaries({"window_s": st.integers(0, 3600)}),
                "warning": st.fixed_dictionaries({"enabled": st.booleans()}),
            }
        )
    )


def _written(document: dict[str, Any]) -> str:
    """The document as a file, by another writer than ours: JSON is YAML."""
    return json.dumps(document, ensure_ascii=False).replace("\ufeff", "\\ufeff")


def apply(text: str, *, prunes: bool = False) -> Plan:
    return applying.apply(loaded=loading.load(text.encode()), now=NOW, prunes=prunes)


@contextlib.contextmanager
def empty_database() -> Iterator[None]:
    """Take back what is stored in it."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_URL", "https://hooks.slack.com/services/T000/B000/very-secret")
    monkeypatch.setenv("TELEGRAM_TOKEN", "123456:ABC-DEF-very-secret-0123")
    monkeypatch.setenv("HOOK_URL", "https://billing.example.com/very-secret")
    monkeypatch.setenv("HOOK_SECRET", "whsec_" + "c2VjcmV0" * 4)


def _with_references(exported: str) -> str:
    """The exported file as it is used where nothing is stored yet: references for secrets."""
    source = loading.load(exported.encode()).source.value
    assert isinstance(source, dict)
    alerts = source["alerts"]
    for kind, rows in [
        *alerts.get("channels", {}).items(),
        ("hook", alerts.get("health_webhooks")),
    ]:
        for row in rows or ():
            for key in {"url", "token", "secret"} & set(row):
                assert row[key] == {"stored": True}
                name = "TELEGRAM" if kind == "telegram" else kind.upper()
                row[key] = {"env": f"{name}_{key.upper()}"}
    return _written(source)


@pytest.mark.usefixtures("_secrets")
@given(document=documents())
@settings(
    max_examples=settings().max_examples // 10,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_an_exported_file_applies_to_the_same_state(document: dict[str, Any]) -> None:
    with empty_database():
        apply(_written(document), prunes=True)
        exported = exporting.export(now=NOW)
        assert apply(exported, prunes=True).is_empty, "to the state it was written from"

    with empty_database():
        apply(_with_references(exported), prunes=True)
        assert exporting.export(now=NOW) == exported, "and to an empty database"

    read = loading.load(exported.encode()).source.value
    assert yaml.safe_load(exported) == read, "and other readers of YAML see the same values"


def test_an_exported_file_shows_no_secret_and_keeps_it_when_applied() -> None:
    node = build.node(component=build.component(name="Shop", slug="shop"), name="web", slug="web")
    inventory.change_node(node=node, now=NOW, http_headers={"Authorization": "Bearer hunter2"})

    exported = exporting.export(now=NOW)

    assert "hunter2" not in exported
    assert "Authorization: null" in exported
    assert apply(exported).is_empty
    node.refresh_from_db()
    assert node.http_headers == {"Authorization": "Bearer hunter2"}


def test_defaults_are_left_out_so_that_a_file_stays_short() -> None:
    component = build.component(name="Shop", slug="shop")
    inventory.add_replica(
        node=build.node(component=component, name="web", slug="web"),
        address="https://example.com/",
        now=NOW,
    )
    AlertChannel.objects.create(kind="email", recipients=["ops@example.com"])

    head, _, body = exporting.export(now=NOW).partition("components:\n")

    assert "keep what is stored" in head
    assert (
        body
        == """\
  - name: Shop
    slug: shop
    nodes:
      - name: web
        slug: web
        mode: poll
        interval_s: 60
        retries: 2
        dead_after_s: 10
        sick_after_s: 5
        replicas:
          - https://example.com/
alerts:
  email:
    to:
      - ops@example.com
"""
    )


def test_an_older_export_does_not_take_back_what_people_declare_later() -> None:
    shop = build.component(name="Shop", slug="shop")
    exported = exporting.export(now=NOW)
    claims.hold_by_hand(component=shop, held=Status.MAJOR_OUTAGE, now=NOW)

    assert apply(exported).is_empty
    assert Component.objects.get().shown_status == Status.MAJOR_OUTAGE
    assert "manual: true" in exporting.export(now=NOW)
