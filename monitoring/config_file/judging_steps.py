"""The steps that bring a node's damping and places to what the file says."""

from monitoring import places
from monitoring.config_file.node_schema import Node as WantedNode
from monitoring.config_file.problems import Path, shorten
from monitoring.config_file.run import PlacedNode, Run, differences
from monitoring.config_file.values import nearest
from monitoring.models import Location


def change_judging(run: Run, placed: PlacedNode) -> None:
    """Bring damping, places and quorum of one node to what the file says; `locations` prefetched."""
    node, wanted = placed.row, placed.wanted
    locations = _locations(run, wanted, placed.path)
    if len(locations) < len(wanted.locations):
        return
    stored = {
        "bad_checks": node.bad_checks,
        "good_checks": node.good_checks,
        "polled_centrally": node.is_polled_centrally,
        "locations": sorted(location.slug for location in node.locations.all()),
        "quorum": node.quorum,
    }
    said: dict[str, object] = {key: getattr(wanted, key) for key in stored}
    said["locations"] = sorted(location.slug for location in locations)
    if changes := differences(stored, said):
        with run.reporting(placed.path):
            places.set_judging(
                node=node,
                bad_checks=wanted.bad_checks,
                good_checks=wanted.good_checks,
                is_polled_centrally=wanted.polled_centrally,
                locations=locations,
                new_location="",
                quorum=wanted.quorum,
                now=run.now,
            )
            run.changed("node", placed.label, changes)


def _locations(run: Run, wanted: WantedNode, path: Path) -> list[Location]:
    for index, slug in enumerate(wanted.locations):
        if slug not in run.locations:
            hint = nearest(slug, run.locations)
            meant = f"Did you mean {hint}?" if hint else "Describe it under locations."
            run.problem(
                (*path, "locations", index), f"There is no location {shorten(slug)}. {meant}"
            )
    return [run.locations[slug] for slug in wanted.locations if slug in run.locations]
