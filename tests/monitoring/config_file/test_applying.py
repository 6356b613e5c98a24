"""Applying a config file: one transaction, only what differs, and a plan that says what it did."""

from datetime import datetime, timedelta

import pytest
from pytest_django import Settings

from components import claims
from components.models import Component, ComponentGroup, Page, StatusChange
from components.status import Status
from monitoring.config_file import applying, loading
from monitoring.config_file.plans import Plan
from monitoring.config_file.problems import ConfigInvalid
from monitoring.models import AlertChannel, HealthChange, Node, Replica
from tests import build

pytestmark = pytest.mark.django_db

ACME = """\
page: {name: Acme, time_zone: Europe/Paris}
groups:
  - name: Websites
    components:
      - name: Landing page
        nodes:
          - name: web
            interval_s: 30
            http: {status: [200, 299], headers: {X-Token: secret}}
            replicas: ["https://example.com/", "tcp://127.0.0.1:5432"]
      - name: Shop
components:
  - {name: Mail, description: In and out, visible: false, show_addresses: true}
alerts:
  email: {to: [ops@example.com]}
"""


def apply(text: str, now: datetime, *, prunes: bool = False, is_dry_run: bool = False) -> Plan:
    loaded = loading.load(text.encode())
    return applying.apply(loaded=loaded, now=now, prunes=prunes, is_dry_run=is_dry_run)


def lines(plan: Plan) -> str:
    return "\n".join(plan.lines())


@pytest.mark.req("B1", "B2", "B4", "B5", "C6", "D1", "D2", "D3")
def test_a_file_becomes_page_groups_components_nodes_and_replicas(now: datetime) -> None:
    plan = apply(ACME, now)

    page = Page.objects.get()
    assert (page.name, page.time_zone) == ("Acme", "Europe/Paris")
    listed = Component.objects.all().in_page_order()
    assert [(row.slug, row.group and row.group.name) for row in listed] == [
        ("landing-page", "Websites"),
        ("shop", "Websites"),
        ("mail", None),
    ]
    node = Node.objects.get()
    assert (node.slug, node.interval_s, node.retries) == ("web", 30, 2)
    assert (node.http_status_min, node.http_status_max) == (200, 299)
    assert node.http_headers == {"X-Token": "secret"}
    replicas = node.replicas.order_by("position")
    assert [row.address for row in replicas] == ["https://example.com/", "tcp://127.0.0.1:5432"]
    assert all(row.next_probe_at == now for row in replicas), "checked at once"
    channel = AlertChannel.objects.get()
    assert (channel.kind, channel.recipients, channel.is_enabled) == (
        "email",
        ["ops@example.com"],
        True,
    )
    assert (
        lines(plan)
        == """\
~ page Acme
    name: Status → Acme
    time_zone: UTC → Europe/Paris
+ group Websites
+ component landing-page (Landing page)
+ node landing-page/web
+ replica landing-page/web https://example.com/
+ replica landing-page/web tcp://127.0.0.1:5432
+ component shop (Shop)
+ component mail (Mail)
+ alert channel email"""
    )


def test_applying_the_same_file_again_changes_nothing_at_all(now: datetime) -> None:
    apply(ACME, now)
    revision = Page.objects.get().revision
    Replica.objects.update(next_probe_at=now + timedelta(seconds=20))

    plan = apply(ACME, now + timedelta(seconds=5))

    assert plan.is_empty
    assert lines(plan) == ""
    assert Page.objects.get().revision == revision
    assert not Replica.objects.exclude(next_probe_at=now + timedelta(seconds=20)).exists()


def test_a_node_without_replicas_is_not_touched_either(now: datetime) -> None:
    text = "components: [{name: Shop, nodes: [{name: web}]}]"
    apply(text, now)
    revision = Page.objects.get().revision

    assert apply(text, now).is_empty
    assert Page.objects.get().revision == revision


@pytest.mark.req("D8")
def test_what_differs_is_changed_and_told_field_by_field(now: datetime) -> None:
    apply(ACME, now)
    uuids = set(Replica.objects.values_list("uuid", flat=True))
    changed = (
        ACME.replace("interval_s: 30", "interval_s: 10")
        .replace("[200, 299]", "[200, 204]")
        .replace("secret", "another")
        .replace("visible: false", "visible: true")
        .replace("- name: Shop", "- {name: The shop, slug: shop}")
        .replace("to: [ops@example.com]", "to: [ops@example.com, cto@example.com]")
    )

    plan = apply(changed, now)

    assert (
        lines(plan)
        == """\
~ node landing-page/web
    interval_s: 30 → 10
    http.status: [200, 299] → [200, 204]
    http.headers: X-Token → X-Token (values are not shown)
~ component shop
    name: Shop → The shop
~ component mail
    visible: false → true
~ alert channel email
    to: [ops@example.com] → [ops@example.com, cto@example.com]"""
    )
    node = Node.objects.get()
    assert node.interval_s == 10
    assert node.http_headers == {"X-Token": "another"}
    assert set(Replica.objects.values_list("uuid", flat=True)) == uuids, "nothing was made anew"


def test_no_plan_ever_shows_a_secret(now: datetime) -> None:
    texts = [
        lines(apply(ACME, now)),
        lines(apply(ACME.replace("secret", "another"), now)),
        lines(apply(ACME.replace("headers: {X-Token: secret}", "headers: {}"), now)),
    ]

    assert not any("secret" in text or "another" in text for text in texts)


def test_a_dry_run_tells_the_same_plan_and_changes_nothing(now: datetime) -> None:
    build.component(name="Old", slug="old")
    before = list(Component.objects.values())

    dry = apply(ACME, now, prunes=True, is_dry_run=True)

    assert list(Component.objects.values()) == before
    assert not ComponentGroup.objects.exists()
    assert not AlertChannel.objects.exists()
    assert lines(dry) == lines(apply(ACME, now, prunes=True))


def test_without_prune_what_the_file_does_not_name_is_kept_and_listed(now: datetime) -> None:
    apply(ACME, now)

    plan = apply(
        "groups:\n  - name: Websites\n    components:\n      - {name: Landing page, nodes: "
        "[{name: web, interval_s: 30, http: {status: [200, 299], headers: {X-Token: null}}, "
        "replicas: ['https://example.com']}]}\n",
        now,
    )

    assert plan.is_empty
    assert (
        lines(plan)
        == """\
= replica landing-page/web tcp://127.0.0.1:5432: not in the file, kept
= component shop (Shop): not in the file, kept
= component mail (Mail): not in the file, kept"""
    )
    assert Replica.objects.count() == 2


def test_prune_removes_what_the_file_does_not_name(now: datetime) -> None:
    apply(ACME, now)
    extra = build.node(component=Component.objects.get(slug="shop"), slug="extra")
    build.replica(node=extra)

    plan = apply("groups:\n  - {name: Other, components: [{name: Shop}]}\n", now, prunes=True)

    assert (
        lines(plan)
        == """\
+ group Other
~ component shop
    group: Websites → Other
    position: 1 → 0
- node shop/extra
- component landing-page (Landing page)
- component mail (Mail)
- group Websites"""
    )
    assert [row.slug for row in Component.objects.all()] == ["shop"]
    assert not Node.objects.exists()
    assert not Replica.objects.exists()
    assert AlertChannel.objects.exists(), "a section that is left out is not touched"
    assert Page.objects.get().name == "Acme"


def test_the_order_in_the_file_is_the_order_on_the_page(now: datetime) -> None:
    apply(ACME, now)

    plan = apply(
        """\
groups:
  - name: Tools
  - name: Websites
    components:
      - name: Mail
      - name: Shop
      - name: Landing page
        nodes:
          - {name: first}
          - {name: web, replicas: ["icmp://127.0.0.1", "tcp://127.0.0.1:5432", "https://example.com"]}
""",
        now,
    )

    assert [row.slug for row in Component.objects.all().in_page_order()] == [
        "mail",
        "shop",
        "landing-page",
    ]
    assert [row.name for row in ComponentGroup.objects.order_by("position")] == [
        "Tools",
        "Websites",
    ]
    node = Node.objects.get(slug="web")
    assert [row.slug for row in Node.objects.order_by("position")] == ["first", "web"]
    assert [row.address for row in node.replicas.order_by("position")] == [
        "icmp://127.0.0.1",
        "tcp://127.0.0.1:5432",
        "https://example.com/",
    ]
    assert "~ replica landing-page/web tcp://127.0.0.1:5432" not in lines(plan)
    assert "~ replica landing-page/web https://example.com/\n    position: 0 → 2" in lines(plan)


def test_positions_that_already_ascend_stay_as_people_left_them(now: datetime) -> None:
    group = build.group(name="Web", position=7)
    build.component(name="A", slug="a", group=group, position=3)
    build.component(name="B", slug="b", group=group, position=9)

    plan = apply("groups:\n  - {name: Web, components: [{name: A}, {name: B}]}\n", now)

    assert plan.is_empty


def test_an_address_may_be_spelled_differently_from_the_stored_one(now: datetime) -> None:
    node = build.node(component=build.component(name="Shop", slug="shop"), name="web", slug="web")
    build.replica(node=node, address="https://EXAMPLE.com:443")

    plan = apply(
        "components: [{name: Shop, nodes: [{name: web, replicas: ['https://example.com/']}]}]", now
    )

    assert plan.is_empty


def test_left_out_fields_get_their_default_again(now: datetime) -> None:
    apply(ACME, now)

    apply("components:\n  - {name: Landing page, nodes: [{name: web}]}\n", now)

    node = Node.objects.get()
    assert (node.interval_s, node.http_status_max, node.http_headers) == (60, 399, {})
    assert Component.objects.get(slug="landing-page").group is None


def test_a_null_header_keeps_the_stored_value_and_is_a_mistake_without_one(now: datetime) -> None:
    apply(ACME, now)
    kept = ACME.replace("X-Token: secret", "x-token: null, X-More: more")

    apply(kept, now)

    assert Node.objects.get().http_headers == {"x-token": "secret", "X-More": "more"}
    with pytest.raises(ConfigInvalid) as caught:
        apply(ACME.replace("X-Token: secret", "X-Other: null").replace("Shop", "Shop 2"), now)
    assert str(caught.value) == (
        "groups[0].components[0].nodes[0].http.headers.X-Other, line 9: "
        "No value is stored that could be kept. Write the header's value here once."
    )
    assert not Component.objects.filter(slug="shop-2").exists(), "nothing of the file was applied"
    assert Node.objects.get().http_headers == {"x-token": "secret", "X-More": "more"}


def test_headers_sealed_with_a_lost_key_have_to_be_written_again(
    now: datetime, settings: Settings
) -> None:
    apply(ACME, now)
    settings.SECRET_KEY = "another key"

    with pytest.raises(ConfigInvalid, match="Write the header's value here once"):
        apply(ACME.replace("secret", "null"), now)
    apply(ACME, now)

    assert Node.objects.get().http_headers == {"X-Token": "secret"}


def test_a_file_that_says_nothing_of_manual_leaves_what_people_declared(now: datetime) -> None:
    apply(ACME, now)
    shop = Component.objects.get(slug="shop")
    claims.hold_by_hand(component=shop, held=Status.MAJOR_OUTAGE, now=now)

    assert apply(ACME, now).is_empty

    shop.refresh_from_db()
    assert (shop.is_manual, shop.shown_status) == (True, Status.MAJOR_OUTAGE)


def test_manual_holds_what_visitors_see_and_automatic_lets_it_go(now: datetime) -> None:
    shop = build.component(name="Shop", slug="shop")
    build.replica(node=build.node(component=shop, name="web", slug="web"))
    claims.hold_by_hand(component=shop, held=Status.PARTIAL_OUTAGE, now=now)
    claims.follow_monitors(component=shop, now=now)

    plan = apply("components: [{name: Shop, manual: true}]", now)

    shop.refresh_from_db()
    assert "manual: false → true" in lines(plan)
    assert (shop.is_manual, shop.shown_status) == (True, Status.OPERATIONAL)
    apply("components: [{name: Shop, manual: false}]", now)
    shop.refresh_from_db()
    assert not shop.is_manual


def test_a_new_component_is_unknown_until_its_first_check_and_has_no_past(now: datetime) -> None:
    apply(ACME, now)

    component = Component.objects.get(slug="landing-page")
    assert component.shown_status == Status.UNKNOWN
    changes = StatusChange.objects.filter(component=component).order_by("id")
    assert [(row.status, row.at) for row in changes] == [("operational", now), ("unknown", now)]
    assert not HealthChange.objects.exists()


def test_weights_are_set_exactly_and_stay_when_left_out(now: datetime) -> None:
    apply("page: {name: Acme, weights: {partial_outage: 0.3}}", now)
    page = Page.objects.get()
    assert str(page.partial_outage_weight) == "0.300"
    assert str(page.major_outage_weight) == "1.000"

    assert apply("page: {name: Acme}", now).is_empty


def test_everything_the_database_reveals_is_told_at_once(now: datetime) -> None:
    text = """\
components:
  - name: A
    nodes:
      - {name: web, http: {headers: {X-A: null}}}
  - name: B
    nodes:
      - {name: web, http: {headers: {X-B: null}}}
"""
    with pytest.raises(ConfigInvalid) as caught:
        apply(text, now)

    assert [problem.line for problem in caught.value.problems] == [4, 7]
    assert not Component.objects.exists()


@pytest.mark.req("C3", "D4", "D5", "D6")
def test_a_push_node_keeps_the_replicas_that_reported(now: datetime) -> None:
    text = (
        "components: [{name: A, nodes: [{name: web, mode: push, silent_after_s: 90,"
        " silence_rule: announced, ping_every_s: 3600, cpu_sick_above: 0.5, ram_sick_above: 0.75}]}]"
    )
    apply(text, now)
    node = Node.objects.get()
    assert (node.mode, node.silent_after_s, node.silence_rule) == ("push", 90, "announced")
    assert (node.cpu_sick_above, node.ram_sick_above, node.ping_every_s) == (0.5, 0.75, 3600)
    Replica.objects.create(node=node, address="10.0.0.5")

    again = apply(text, now, prunes=True)

    assert Replica.objects.count() == 1
    assert "10.0.0.5" not in lines(again)
