"""The console's "Monitored services" screen, and what is done on it without leaving it.

Each action answers an htmx request with the piece that changed, and a plain form post with the
whole screen or a redirect to it.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import roles
from common import console
from components import ordering
from components.models import Component
from monitoring import inventory, overview, testing, wording
from monitoring.forms import QuickForm, ReplicaForm, judging_form
from monitoring.models import Node, Replica
from monitoring.overview import NodeRow, Wanted
from monitoring.wording import Tested

TEMPLATE = "admin/monitors.html"
may_look = permission_required("monitoring.view_node", raise_exception=True)
may_change = permission_required("monitoring.change_node", raise_exception=True)
may_test = permission_required(roles.TEST, raise_exception=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """What stands inside an open node: its two forms, and what the last action said."""

    judging: QuickForm
    adding: ReplicaForm
    tested: Tested | None = None
    is_saved: bool = False
    is_added: bool = False


def at_node(node_id: int) -> str:
    """The address of the screen with a node open."""
    return f"{reverse('admin:monitors')}?{urlencode({'open': node_id})}#node-{node_id}"


@require_safe
@may_look
def monitors(request: HttpRequest) -> HttpResponse:
    return _screen(request)


@require_safe
@may_look
def live(request: HttpRequest) -> HttpResponse:
    """What the probes changed since, for the page that is open: swapped in place, forms untouched."""
    wanted = Wanted(open_nodes=_numbers(request.GET.getlist("open")))
    context = {"overview": overview.read(wanted=wanted), "now": timezone.now()}
    return render(request, f"{TEMPLATE}#live", context)


@require_safe
@may_look
def node_panel(request: HttpRequest, node_id: int) -> HttpResponse:
    """The inside of a node that is opened."""
    node = get_object_or_404(Node, pk=node_id)
    context = {
        "node": overview.read_node(node=node),
        "panels": {node_id: _panel(node)},
        "now": timezone.now(),
    }
    return render(request, f"{TEMPLATE}#body", context)


@require_POST
@may_change
def judging(request: HttpRequest, node_id: int) -> HttpResponse:
    node = get_object_or_404(Node, pk=node_id)
    form = _judging_form(node, request.POST)
    saved = form.carry_out(
        lambda: inventory.change_node(node=node, now=timezone.now(), **form.cleaned_data)
    )
    if saved is None:
        return _answer(request, get_object_or_404(Node, pk=node_id), judging=form)
    return _done(request, node, _("“%(name)s” is judged anew from its next check."), is_saved=True)


@require_POST
@may_change
def replica_add(request: HttpRequest, node_id: int) -> HttpResponse:
    node = get_object_or_404(Node, pk=node_id)
    form = _replica_form(node, request.POST)
    replica = form.carry_out(
        lambda: inventory.add_replica(
            node=node, address=form.cleaned_data["address"], now=timezone.now()
        )
    )
    if replica is None:
        return _answer(request, node, adding=form)
    return _done(request, node, _("The new replica of “%(name)s” is being checked."), is_added=True)


@require_POST
@may_change
def address_test(request: HttpRequest, node_id: int) -> HttpResponse:
    """Check an address that was typed but not saved."""
    node = get_object_or_404(Node, pk=node_id)
    form = _replica_form(node, request.POST)
    tested = form.carry_out(lambda: test(node=node, address=form.cleaned_data["address"]))
    return _tested(request, node, tested, adding=form)


@require_POST
@may_test
def replica_test(request: HttpRequest, replica_id: int) -> HttpResponse:
    """Check a saved replica now; the result is only shown, and changes no health."""
    replica = get_object_or_404(Replica.objects.select_related("node"), pk=replica_id)
    try:
        tested = test(node=replica.node, address=replica.address)
    except ValidationError as error:
        form = _replica_form(replica.node, {"address": replica.address})
        form.take_errors(error)
        return _tested(request, replica.node, None, adding=form)
    return _tested(request, replica.node, tested, adding=None)


@require_POST
@may_change
def node_move(request: HttpRequest, node_id: int) -> HttpResponse:
    node = get_object_or_404(Node, pk=node_id)
    siblings = Node.objects.filter(component=node.component_id).order_by("position", "name")
    ordering.move(siblings=siblings, row_id=node_id, up="up" in request.POST)
    return redirect(at_node(node_id))


@require_POST
@may_change
def replica_move(request: HttpRequest, replica_id: int) -> HttpResponse:
    replica = get_object_or_404(Replica.objects.select_related("node"), pk=replica_id)
    siblings = Replica.objects.filter(node=replica.node_id).order_by("position", "pk")
    ordering.move(siblings=siblings, row_id=replica_id, up="up" in request.POST)
    return redirect(at_node(replica.node_id))


@require_POST
@permission_required("components.change_component", raise_exception=True)
def service_move(request: HttpRequest, component_id: int) -> HttpResponse:
    component = get_object_or_404(Component, pk=component_id)
    siblings = Component.objects.filter(group=component.group_id).order_by("position", "name")
    ordering.move(siblings=siblings, row_id=component_id, up="up" in request.POST)
    return redirect(f"{reverse('admin:monitors')}#service-{component_id}")


def test(*, node: Node, address: str) -> Tested:
    """One real check, in words. Raises ValidationError for an address that cannot be checked."""
    try:
        outcome = testing.probe_once(node=node, address=address)
    except ValidationError as error:
        raise ValidationError({"address": error.messages}) from None
    return wording.tested(node=node, address=address, outcome=outcome)


def _tested(
    request: HttpRequest, node: Node, tested: Tested | None, *, adding: ReplicaForm | None
) -> HttpResponse:
    if console.is_htmx(request):
        problems = console.all_errors(adding) if adding else []
        return render(request, f"{TEMPLATE}#result", {"tested": tested, "problems": problems})
    return _answer(request, node, adding=adding, tested=tested, status=200 if tested else 422)


def _done(request: HttpRequest, node: Node, message: str, **done: bool) -> HttpResponse:
    if console.is_htmx(request):
        return _node(request, node, **done)
    messages.success(request, message % {"name": node.name})
    return redirect(at_node(node.pk))


def _answer(request: HttpRequest, node: Node, *, status: int = 422, **panel: Any) -> HttpResponse:
    """The node, or the screen with the node open, with forms as they were sent."""
    if console.is_htmx(request):
        return _node(request, node, status=status, **panel)
    return _screen(request, node=node, status=status, **panel)


def _node(request: HttpRequest, node: Node, *, status: int = 200, **panel: Any) -> HttpResponse:
    row = overview.read_node(node=node)
    context = {
        "node": row,
        "panels": {row.id: _panel(node, **panel)},
        "overview": overview.read(),
        "now": timezone.now(),
        "is_fragment": True,
    }
    return render(request, f"{TEMPLATE}#answer", context, status=status)


def _screen(
    request: HttpRequest, *, node: Node | None = None, status: int = 200, **panel: Any
) -> HttpResponse:
    asked = _numbers(request.GET.getlist("open")) | ({node.pk} if node else set())
    wanted = Wanted(
        text=request.GET.get("q", "").strip()[:200],
        only_trouble=request.GET.get("health") == "trouble",
        open_nodes=asked,
    )
    screen = overview.read(wanted=wanted)
    opened = Node.objects.in_bulk([row.id for row in _rows(screen) if row.is_open])
    panels = {node_id: _panel(row) for node_id, row in opened.items()}
    if node:
        panels[node.pk] = _panel(node, **panel)
    context = {
        "title": _("Monitored services"),
        "overview": screen,
        "wanted": wanted,
        "panels": panels,
        "now": timezone.now(),
    }
    return console.page(request, TEMPLATE, context, status=status)


def _rows(screen: overview.Overview) -> list[NodeRow]:
    return [node for sheet in screen.sheets for service in sheet.services for node in service.nodes]


def _panel(
    node: Node,
    *,
    judging: QuickForm | None = None,
    adding: ReplicaForm | None = None,
    tested: Tested | None = None,
    **done: bool,
) -> Panel:
    return Panel(
        judging=judging or _judging_form(node),
        adding=adding or _replica_form(node),
        tested=tested,
        **done,
    )


def _judging_form(node: Node, typed: Any = None) -> QuickForm:
    form = judging_form(node.mode)
    return form(typed, initial=form.of(node), auto_id=f"node-{node.pk}-%s")


def _replica_form(node: Node, typed: Any = None) -> ReplicaForm:
    return ReplicaForm(typed, auto_id=f"new-{node.pk}-%s")


def _numbers(texts: list[str]) -> set[int]:
    return {int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19}
