"""Where a node is checked from, and how many checks and places make a verdict."""

from collections.abc import Sequence
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from components import catalogue
from monitoring.models import Ballot, Location, Mode, Node, Replica


def set_judging(
    *,
    node: Node,
    bad_checks: int,
    good_checks: int,
    is_polled_centrally: bool,
    locations: Sequence[Location],
    new_location: str,
    quorum: int | None,
    now: datetime,
) -> Node:
    """Set the damping of a node and its places; votes of places that left are forgotten.

    `new_location` is the name of a location to add, or empty. Counts from the next check (D8). Raises
    ValidationError by field.
    """
    node.bad_checks, node.good_checks, node.quorum = bad_checks, good_checks, quorum
    node.is_polled_centrally = is_polled_centrally
    node.clean_fields(exclude=["component"])
    if node.mode == Mode.POLL and not (is_polled_centrally or locations or new_location):
        raise ValidationError({"is_polled_centrally": _("Nobody would check it. Choose a place.")})
    with transaction.atomic():
        chosen = [*locations, *([add_location(name=new_location)] if new_location else [])]
        node.save(update_fields=["bad_checks", "good_checks", "quorum", "is_polled_centrally"])
        node.locations.set(chosen)
        places = [location.slug for location in chosen] + ([""] if is_polled_centrally else [])
        Ballot.objects.filter(replica__node=node).exclude(place__in=places).delete()
        Replica.objects.filter(node=node, next_probe_at__isnull=False).update(next_probe_at=now)
        catalogue.mark_dirty()
    return node


def add_location(*, name: str, slug: str = "") -> Location:
    """A new location; its slug, made from the name when empty, names the queue of its workers."""
    return _saved(Location(name=name, slug=slug or slugify(name)[:100]))


def rename_location(*, location: Location, name: str) -> Location:
    """Give a location another name; its slug stays, because its workers know it by that."""
    location.name = name
    with transaction.atomic():
        catalogue.mark_dirty()
        return _saved(location)


def remove_location(*, location: Location) -> None:
    """Remove a location with its tokens and its votes.

    Raises ValidationError while a node is checked from there only, with nothing removed.
    """
    left = location.nodes.filter(mode=Mode.POLL, is_polled_centrally=False)
    for node in left.select_related("component").prefetch_related("locations"):
        if len(node.locations.all()) == 1:
            label = f"{node.component.slug}/{node.slug}"
            raise ValidationError(
                _("Nobody would check %(node)s without %(location)s.")
                % {"node": label, "location": location.slug}
            )
    with transaction.atomic():
        Ballot.objects.filter(place=location.slug).delete()
        location.delete()
        catalogue.mark_dirty()


def _saved(location: Location) -> Location:
    try:
        location.full_clean()
    except ValidationError as error:
        messages = [message for each in error.message_dict.values() for message in each]
        raise ValidationError({"new_location": messages}) from None
    location.save()
    return location
