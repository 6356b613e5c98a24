"""Places, damping, dependencies and mutes of nodes, as a config file says them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from monitoring import node_alerts, places
from monitoring.config_file import exporting
from monitoring.models import Ballot, Location, Node, Token
from tests import build
from tests.monitoring.config_file.applied import NOW, mistakes, plan

pytestmark = pytest.mark.django_db

PLACES = """\
locations:
  - {name: Paris}
  - {name: New York, slug: ny}
components:
  - name: Shop
    nodes:
      - {name: web, bad_checks: 2, good_checks: 3, locations: [paris, ny], quorum: 2}
      - {name: lan, polled_centrally: false, locations: [ny]}
"""
CHAIN = """\
components:
  - name: Shop
    nodes:
      - {name: web, depends_on: [data/main]}
      - {name: plain}
  - name: Data
    nodes:
      - {name: main, depends_on: [data/disk]}
      - {name: disk}
"""


def node(label: str) -> Node:
    component, _, slug = label.partition("/")
    return Node.objects.get(component__slug=component, slug=slug)


def depends_on(label: str) -> list[str]:
    rows = node(label).depends_on.select_related("component").order_by("id")
    return [f"{row.component.slug}/{row.slug}" for row in rows]


def test_places_quorum_and_damping_are_set_and_stay_when_applied_again() -> None:
    first = plan(PLACES)

    web, lan = node("shop/web"), node("shop/lan")
    assert (web.bad_checks, web.good_checks, web.quorum) == (2, 3, 2)
    assert web.is_polled_centrally
    assert sorted(place.name for place in web.locations.all()) == ["New York", "Paris"]
    assert not lan.is_polled_centrally
    assert first.startswith("+ location paris (Paris)\n+ location ny (New York)\n")
    assert "~" not in first, "what a new node gets is part of adding it"
    assert plan(PLACES, prunes=True) == ""


def test_what_differs_is_one_item_and_a_place_that_left_has_no_vote() -> None:
    plan(PLACES)
    replica = build.replica(node=node("shop/web"))
    Ballot.objects.create(
        replica=replica, place="paris", health="dead", at=NOW, fresh_until=NOW + timedelta(days=1)
    )

    changed = plan(
        PLACES.replace("bad_checks: 2", "bad_checks: 1, retries: 3")
        .replace("locations: [paris, ny], quorum: 2", "locations: [ny]")
        .replace("{name: Paris}", "{name: Lutetia, slug: paris}")
    )

    assert (
        changed
        == f"""\
~ location paris
    name: Paris → Lutetia
~ node shop/web
    retries: 2 → 3
    bad_checks: 2 → 1
    locations: [ny, paris] → [ny]
    quorum: 2 → none
= replica shop/web {replica.address}: not in the file, kept"""
    )
    assert not Ballot.objects.exists()


def test_locations_are_pruned_with_their_tokens_and_only_where_the_file_lists_them() -> None:
    plan(PLACES)
    Token.objects.create(
        kind="local", digest="x", created_at=NOW, location=Location.objects.get(slug="paris")
    )
    without = "components: [{name: Shop, nodes: [{name: web}]}]\n"

    assert "- location" not in plan(without, prunes=True)
    assert Location.objects.count() == 2
    listed = "locations: [{name: New York, slug: ny}]\n" + without
    assert plan(listed) == "= location paris (Paris): not in the file, kept"
    assert plan(listed, prunes=True) == "- location paris (Paris)"
    assert not Token.objects.exists()


def test_the_only_place_that_checks_a_node_is_not_removed() -> None:
    plan(PLACES)
    ny = Location.objects.get(slug="ny")

    with pytest.raises(ValidationError, match="Nobody would check shop/lan without ny"):
        places.remove_location(location=ny)

    assert Location.objects.count() == 2


def test_a_place_that_is_not_there_and_a_node_that_nobody_checks_are_mistakes() -> None:
    unknown = PLACES.replace("[paris, ny]", "[pariss, ny]").replace("[ny]}", "[mars]}")

    assert (
        mistakes(unknown)
        == """\
components[0].nodes[0].locations[0], line 7: There is no location pariss. Did you mean paris?
components[0].nodes[1].locations[0], line 8: There is no location mars. Describe it under locations."""
    )
    assert (
        mistakes(PLACES.replace(", locations: [ny]}", "}"))
        == """\
components[0].nodes[1].locations, line 8: Nobody would check it. List a location, or remove polled_centrally."""
    )
    assert not Location.objects.exists(), "nothing of a wrong file is applied"


def test_a_node_may_depend_on_one_that_comes_later_or_is_in_the_database_only() -> None:
    build.node(component=build.component(name="Net", slug="net"), name="core", slug="core")
    text = CHAIN.replace("[data/main]", "[data/main, net/core]")

    assert "~ node" not in plan(text)

    assert depends_on("shop/web") == ["net/core", "data/main"]
    assert depends_on("data/main") == ["data/disk"]
    kept = "= component net (Net): not in the file, kept"
    assert plan(text) == kept
    changed = plan(text.replace("[data/main, net/core]", "[net/core]"))
    assert changed == f"{kept}\n~ node shop/web\n    depends_on: [data/main, net/core] → [net/core]"


def test_a_dependency_may_turn_round() -> None:
    plan(CHAIN)
    turned = CHAIN.replace("depends_on: [data/disk]", "retries: 2").replace(
        "{name: disk}", "{name: disk, depends_on: [data/main]}"
    )

    plan(turned)

    assert (depends_on("data/main"), depends_on("data/disk")) == ([], ["data/main"])


def test_circles_and_unknown_nodes_are_refused_with_their_line() -> None:
    circles = CHAIN.replace(
        "{name: disk}", "{name: disk, depends_on: [shop/web, shop/web2]}"
    ).replace("{name: plain}", "{name: plain, depends_on: [shop/plain]}")

    assert (
        mistakes(circles)
        == """\
components[0].nodes[1].depends_on[0], line 5: This makes a circle: shop/plain → shop/plain. Leave one of them out.
components[1].nodes[1].depends_on[1], line 9: There is no node shop/web2. Did you mean shop/web?
components[1].nodes[1].depends_on[0], line 9: This makes a circle: data/disk → shop/web → data/main → data/disk. Leave one of them out."""
    )
    assert (
        mistakes(CHAIN.replace("[data/disk]", "[disk, data/disk, data/disk]"))
        == """\
components[1].nodes[0].depends_on[2], line 8: This node is already used by components[1].nodes[0].depends_on[1], line 8.
components[1].nodes[0].depends_on[0], line 8: Write the slugs of a component and of its node, like shop/web."""
    )
    assert not Node.objects.exists()


def test_nodes_that_only_the_database_has_count_unless_they_are_pruned() -> None:
    plan(CHAIN)
    text = "components: [{name: Data, nodes: [{name: disk, depends_on: [shop/web]}]}]"
    at = "components[0].nodes[0].depends_on[0], line 1: "

    assert mistakes(text) == (
        f"{at}This makes a circle: data/disk → shop/web → data/main → data/disk. "
        "Leave one of them out."
    )
    assert mistakes(text, prunes=True).startswith(f"{at}There is no node shop/web.")


def test_a_mute_stays_when_left_out_and_ends_with_null() -> None:
    until = "muted_until: 2026-12-01T09:00:00+01:00"
    text = "components: [{name: Shop, nodes: [{name: web, %s}]}]"
    plan(text % until)
    assert node("shop/web").muted_until == datetime(2026, 12, 1, 8, tzinfo=UTC)
    assert plan(text % until) == ""

    node_alerts.set_alerts(
        node=node("shop/web"), depends_on=[], muted_until=NOW + timedelta(hours=1)
    )
    assert plan(text % "retries: 2") == "", "people mute in a hurry"
    assert "muted_until: 2026-11-19T15:32:00Z" in exporting.export(now=NOW).replace("'", "")
    assert "muted_until" not in exporting.export(now=NOW + timedelta(hours=2)), "it is over"
    assert plan(text % "muted_until: null") == (
        "~ node shop/web\n    muted_until: 2026-11-19T15:32:00+00:00 → none"
    )


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("tomorrow", "This is not a moment. Write one like 2026-12-01T08:00:00Z."),
        ("2026-12-01T08:00:00", "Add the zone: Z for UTC, or one like +01:00."),
        ("5", "This has to be a moment, like 2026-12-01T08:00:00Z."),
        ("0001-01-01T00:00:00+01:00", "This moment is before the year 1 or after the year 9999."),
        ("9999-12-31T23:59:59-01:00", "This moment is before the year 1 or after the year 9999."),
    ],
)
def test_a_moment_has_a_zone(moment: str, words: str) -> None:
    text = f"components: [{{name: Shop, nodes: [{{name: web, muted_until: {moment}}}]}}]"
    assert mistakes(text) == f"components[0].nodes[0].muted_until, line 1: {words}"


def test_a_dry_run_leaves_places_and_dependencies_alone() -> None:
    assert "+ location paris" in plan(PLACES, is_dry_run=True)
    assert not Location.objects.exists()
