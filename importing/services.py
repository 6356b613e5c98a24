"""Write groups and components of a plan, with their past, the nodes below them and their tokens."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from components import catalogue, claims
from components.models import Component, ComponentGroup, StatusChange
from components.status import Source, Status
from components.uptime import Change
from importing import history, plans
from importing.history import Kept
from importing.run import Run, public_id, storable
from monitoring import addresses, inventory, services, tokens
from monitoring.models import Mode, Node, TokenKind
from monitoring.services import free_slug

_NAME_MAX = 100
_DESCRIPTION_MAX = 500
_TOKENS = {
    "push_url": TokenKind.PUSH_URL,
    "external_endpoint": TokenKind.EXTERNAL_ENDPOINT,
    "ping": TokenKind.PING,
}


def write_groups(run: Run) -> None:
    """Write the groups; one of a name that is here already is used as it is."""
    for group in sorted(run.plan.groups, key=lambda one: one.position):
        said: dict[str, Any] = {
            "kind": "group",
            "key": group.key,
            "name": group.name,
            "thing": group,
        }
        known = ComponentGroup.objects.filter(name=_group_name(group)).first()
        if known is not None and not run.came_before("group", group.key):
            run.reuse(**said, made=known)
        else:
            run.take(**said, write=partial(_write_group, run, group))


def write_components(run: Run) -> None:
    """Write the components in their order, each with all that belongs to it."""
    kept = history.by_component(run.plan)
    for component in sorted(run.plan.components, key=lambda one: one.position):
        run.take(
            kind="component",
            key=component.key,
            name=component.name,
            thing=component,
            write=partial(_write_component, run, component, kept),
        )


def _group_name(group: plans.Group) -> str:
    return storable(" ".join(group.name.split()))[:_NAME_MAX]


def _write_group(run: Run, group: plans.Group) -> ComponentGroup:
    row = ComponentGroup(
        name=_group_name(group),
        is_collapsed=group.is_collapsed,
        position=_below_all(),
        public_id=public_id(ComponentGroup, group.public_id),
    )
    catalogue.register_group(group=row)
    if len(group.name) > _NAME_MAX:
        run.lose(f"Name of the group {group.name}", "It was shortened to 100 characters.")
    return row


def _below_all() -> int:
    last = ComponentGroup.objects.order_by("-position").first()
    return last.position + 1 if last is not None else 0


def _write_component(run: Run, said: plans.Component, kept: Mapping[str, Kept]) -> Component:
    group = run.object_of("group", said.group)
    name = run.short(said.name, _NAME_MAX, what=f"Name of the component {said.name}")
    row = Component(
        name=name,
        slug=_slug(run, said, name),
        group=group,
        description=run.short(
            said.description, _DESCRIPTION_MAX, what=f"Description of the component {said.name}"
        ),
        position=catalogue.next_position(group=group),
        is_visible=said.is_visible,
        public_id=public_id(Component, said.public_id),
    )
    catalogue.register(component=row, now=run.now)
    _write_past(run, row, said, kept[said.key])
    for node in said.nodes:
        _write_node(run, row, node)
    if said.status not in {None, Status.OPERATIONAL, Status.UNKNOWN}:
        _hold(run, row, said, Status(said.status))
    row.refresh_from_db()
    return row


def _slug(run: Run, said: plans.Component, name: str) -> str:
    """The slug by which programs know it, if nobody has it; else one from its name."""
    taken = set(Component.objects.values_list("slug", flat=True))
    if said.slug and said.slug not in taken:
        return said.slug
    if said.slug:
        run.lose(f"Slug {said.slug} of {name}", "Another service has it: reporters need a new one.")
    return free_slug(name, taken=taken)


def _write_past(run: Run, row: Component, said: plans.Component, kept: Kept) -> None:
    """Put the past before the present; it ends with what is shown now, which is operational."""
    past = history.changes(said, kept, now=run.now)
    if past[0].at >= run.now:
        return
    row.changes.all().delete()
    if past[-1].status != Status.OPERATIONAL:
        past = [*past, Change(at=run.now, status=Status.OPERATIONAL)]
    cause = Source.MONITOR if said.nodes else Source.MANUAL
    previous = ["", *(change.status for change in past)]
    StatusChange.objects.bulk_create(
        [
            StatusChange(
                component=row,
                previous=before,
                status=change.status,
                at=change.at,
                recorded_at=change.at,
                cause=cause,
                note=run.note,
            )
            for before, change in zip(previous, past, strict=False)
        ],
        batch_size=500,
    )
    row.created_at, row.status_since = past[0].at, past[-1].at
    row.save(update_fields=["created_at", "status_since"])


def _hold(run: Run, row: Component, said: plans.Component, held: Status) -> None:
    """Show what the source shows of a service, unless an incident that is going on says it."""
    speaking = {
        key
        for incident in run.plan.incidents
        if not incident.is_draft and history.ends_at(incident) is None
        for key in history.touched(incident)
    }
    if said.key not in speaking:
        claims.hold_by_hand(component=row, held=held, now=run.now, note=run.note)


def _write_node(run: Run, row: Component, said: plans.Node) -> None:
    """Write a node; one that our checks refuse is reported, and its component is there without it."""
    what = f"Check {said.name}"
    good = _usable(run, said, what)
    if said.mode == Mode.POLL and said.addresses and not good:
        return
    try:
        with transaction.atomic():
            node = services.add_node(
                component=row,
                name=run.short(said.name, _NAME_MAX, what=what),
                slug=said.slug,
                now=run.now,
                mode=said.mode,
                **_options(said),
            )
            if said.is_paused and good:
                run.lose(what, f"It is paused: add {', '.join(good)} to it when it is to begin.")
            elif said.mode != Mode.PUSH:
                inventory.add_replicas(node=node, addresses=good, now=run.now)
    except ValidationError as error:
        run.lose(what, " ".join(error.messages))
    else:
        _adopt_secrets(run, node, said)


def _usable(run: Run, said: plans.Node, what: str) -> list[str]:
    good: list[str] = []
    for address in said.addresses:
        try:
            url = addresses.check(address.strip()).url
        except ValidationError as error:
            run.lose(f"{what}: {address}", " ".join(error.messages))
            continue
        if url not in good:
            good.append(url)
    return good


def _options(said: plans.Node) -> dict[str, Any]:
    """The options of the node. Where the source has no word for slow, nothing is slow and not dead."""
    options = dict(said.options)
    if "dead_after_s" in options:
        options.setdefault("sick_after_s", options["dead_after_s"])
    return options


def _adopt_secrets(run: Run, node: Node, said: plans.Node) -> None:
    """Take over the secrets that programs call this node with; one that we refuse is told."""
    for kept in run.plan.kept_secrets:
        if kept.node != said.key:
            continue
        kind = _TOKENS[kept.kind]
        try:
            tokens.adopt(
                kind=kind,
                secret=kept.secret,
                node=node,
                key=kept.label if kind == TokenKind.EXTERNAL_ENDPOINT else "",
                label=run.short(run.note, _NAME_MAX, what="Label of a token"),
                now=run.now,
            )
        except ValidationError as error:
            run.ask_for(
                f"Check {said.name}",
                f"its {kind.label} was not taken over: {' '.join(error.messages)} "
                "Make a new one and give it to its caller.",
            )
        else:
            run.made("token", f"{kind.label}: {said.name}")
