"""The console's dashboard: the whole screen, its form, and one select of it."""

from collections.abc import Mapping

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts import roles
from common import console
from components import catalogue
from components.models import Component
from components.status import Status
from incidents import shown_on, status_telling
from monitoring.models import Node
from statuspage import dashboard

TEMPLATE = "admin/dashboard.html"
may_change = permission_required(roles.STATUS, raise_exception=True)


@require_safe
def index(request: HttpRequest) -> TemplateResponse:
    now = timezone.now()
    context = {
        "title": _("Dashboard"),
        "dashboard": dashboard.read(now=now, names_customers=shown_on.may_name(request.user)),
        "now": now,
        "tells_people": catalogue.page().tells_status_changes,
    }
    return console.page(request, TEMPLATE, context)


@require_POST
@may_change
def statuses(request: HttpRequest) -> HttpResponse:
    """Save all selects at once; only those that were changed on this page count.

    Each row carries what it showed, so that a page opened an hour ago takes nothing back that
    somebody else has set since.
    """
    try:
        choices = _changed_choices(request.POST)
    except ValueError:
        messages.error(request, _("Nothing was saved: one of the choices is not offered."))
        return redirect("admin:index")
    _choose(request, choices)
    messages.success(
        request,
        ngettext("%(count)d service saved.", "%(count)d services saved.", len(choices))
        % {"count": len(choices)}
        if choices
        else _("Nothing was changed."),
    )
    return redirect("admin:index")


@require_POST
@may_change
def status(request: HttpRequest, component_id: int) -> HttpResponse:
    """Save one select (htmx): the row answers."""
    component = get_object_or_404(Component, pk=component_id)
    chosen = request.POST.get(f"status-{component_id}", "")
    has_nodes = component.nodes.exists()
    problem = ""
    try:
        choice = dashboard.parse_choice(value=chosen, has_nodes=has_nodes)
    except ValueError:
        problem = _("Not saved: this choice is not offered.")
    else:
        _choose(request, {component_id: choice})
        component.refresh_from_db()
    now = timezone.now()
    row, answer = dashboard.read_row(component=component, now=now)
    context = {"row": row, "answer": answer, "now": now, "problem": problem, "is_answer": True}
    return render(request, f"{TEMPLATE}#saved", context, status=422 if problem else 200)


def _changed_choices(posted: Mapping[str, str]) -> dict[int, Status | None]:
    """What differs from what the page showed, by component. Raises ValueError."""
    measured = set(Node.objects.values_list("component_id", flat=True))
    choices = {}
    for name, value in posted.items():
        prefix, _dash, number = name.partition("-")
        if prefix != "status" or value == posted.get(f"was-{number}"):
            continue
        component_id = int(number)
        choices[component_id] = dashboard.parse_choice(
            value=value, has_nodes=component_id in measured
        )
    return choices


def _choose(request: HttpRequest, choices: dict[int, Status | None]) -> None:
    status_telling.choose(choices=choices, now=timezone.now(), by=request.user.get_username())


@require_safe
def push_worker(request: HttpRequest) -> HttpResponse:
    """The script that shows pushes; at the root, because its address limits what it may serve."""
    script = (settings.BASE_DIR / "static" / "js" / "push-worker.js").read_text()
    return HttpResponse(
        script, content_type="text/javascript; charset=utf-8", headers={"Cache-Control": "no-cache"}
    )
