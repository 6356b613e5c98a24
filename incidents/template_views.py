"""Screens of the console for templates: list, add, edit, remove."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from common import console
from incidents import placeholders, templating
from incidents.lifecycle import Impact
from incidents.models import EventTemplate
from incidents.models.templates import Kind
from incidents.template_forms import TemplateForm

get_and_post = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@permission_required("incidents.view_eventtemplate", raise_exception=True)
def template_list(request: HttpRequest) -> HttpResponse:
    rows = EventTemplate.objects.prefetch_related("components").order_by("kind", "name")
    context = {
        "title": _("Templates"),
        "rows": [
            {
                "row": row,
                "kind": Kind(row.kind).label,
                "impact": _(Impact(row.impact).label),
                "components": [one.name for one in row.components.all()],
            }
            for row in rows
        ],
    }
    return console.page(request, "admin/templates.html", context)


@get_and_post
@permission_required("incidents.add_eventtemplate", raise_exception=True)
def template_add(request: HttpRequest) -> HttpResponse:
    initial = {"kind": Kind.INCIDENT, "impact": Impact.MINOR}
    form = TemplateForm(request.POST or None, initial=initial)
    row = form.carry_out(lambda: templating.add(written=form.written, now=timezone.now()))
    if row is not None:
        messages.success(request, _("“%(name)s” is saved.") % {"name": row.name})
        return redirect("admin:templates")
    return _form(request, form, title=_("Add template"))


@get_and_post
@permission_required("incidents.change_eventtemplate", raise_exception=True)
def template_edit(request: HttpRequest, template_id: int) -> HttpResponse:
    row = get_object_or_404(EventTemplate, pk=template_id)
    form = TemplateForm(request.POST or None, initial=_initial(row))
    changed = form.carry_out(lambda: templating.change(template=row, written=form.written))
    if changed is not None:
        messages.success(request, _("“%(name)s” is saved.") % {"name": changed.name})
        return redirect("admin:templates")
    remove = reverse("admin:template_remove", args=[template_id])
    return _form(request, form, title=_("Edit template"), remove_url=remove)


@get_and_post
@permission_required("incidents.delete_eventtemplate", raise_exception=True)
def template_remove(request: HttpRequest, template_id: int) -> HttpResponse:
    row = get_object_or_404(EventTemplate, pk=template_id)
    if request.method == "POST":
        templating.remove(template=row)
        messages.success(request, _("“%(name)s” is removed.") % {"name": row.name})
        return redirect("admin:templates")
    context = {
        "title": _("Remove “%(name)s”?") % {"name": row.name},
        "consequences": [_("Events that were written with it stay as they are.")],
        "button": _("Remove template"),
        "back": reverse("admin:template_edit", args=[template_id]),
    }
    return console.page(request, "admin/template_remove.html", context)


def _initial(row: EventTemplate) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "name": row.name,
        "title": row.title,
        "text": row.text,
        "impact": row.impact,
        "component_ids": list(row.components.values_list("id", flat=True)),
    }


def _form(
    request: HttpRequest, form: TemplateForm, *, title: str, remove_url: str = ""
) -> HttpResponse:
    context = {
        "title": title,
        "form": form,
        "remove_url": remove_url,
        "meanings": [
            (placeholders.in_braces([name]), _(meaning))
            for name, meaning in placeholders.MEANINGS.items()
        ],
    }
    status = 422 if form.errors else 200
    return console.page(request, "admin/template_form.html", context, status=status)
