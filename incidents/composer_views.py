"""Screens of the console that write a new incident: report, drafts, and what is over already.

One form with several buttons; which one was pressed is the field `do`. Everything works by plain
posts; with htmx the preview follows the typing, and drafts save themselves.
"""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from common import console
from incidents import (
    incident_forms,
    previewing,
    promised,
    public_ids,
    publishing,
    reading,
    sample_views,
    templating,
)
from incidents.incident_forms import ComposerForm, PastForm, ReportForm, UpdateForm
from incidents.lifecycle import State
from incidents.models import EventTemplate, Incident
from incidents.models.templates import Kind
from incidents.previewing import Preview, Said

TEMPLATE = "admin/incident_form.html"
get_and_post = require_http_methods(["GET", "HEAD", "POST"])
may_report = permission_required("incidents.add_incident", raise_exception=True)


@get_and_post
@may_report
def report(request: HttpRequest) -> HttpResponse:
    return _compose(request, draft=None)


@get_and_post
@permission_required("incidents.change_incident", raise_exception=True)
def draft_edit(request: HttpRequest, public_id: str) -> HttpResponse:
    return _compose(
        request, draft=get_object_or_404(Incident.objects.drafts(), public_id=public_id)
    )


@require_POST
@may_report
def report_preview(request: HttpRequest) -> HttpResponse:
    """What would be said of the form as it stands; saves nothing."""
    now = timezone.now()
    form = ReportForm.left_as_typed(request.POST, **offer(now))
    preview = preview_of(form, now)
    if sample_views.is_asked(request):
        return sample_views.mail(preview.samples)
    context = {"preview": preview, "is_refresh": True}
    return console.page(request, f"{TEMPLATE}#preview", context)


@require_POST
@may_report
def autosave(request: HttpRequest) -> HttpResponse:
    """Keep a draft while it is written (htmx); nothing is made of an empty form."""
    if not (request.POST.get("title", "").strip() or request.POST.get("text", "").strip()):
        return HttpResponse(status=204)
    now = timezone.now()
    form = ReportForm(request.POST, is_draft=True, **offer(now))
    saved = _save(form, user_of(request), now)
    context = {"saved_at": now if saved else None, "problems": console.all_errors(form)}
    return console.page(request, f"{TEMPLATE}#saved", context)


@get_and_post
@may_report
def past(request: HttpRequest) -> HttpResponse:
    """Record an incident that is over (I15)."""
    now = timezone.now()
    offered = offer(now)
    if request.POST.get("do") == "save":
        form = PastForm(request.POST, **offered)
        author = user_of(request)
        row = form.carry_out(
            lambda: publishing.record_past(
                report=form.report,
                resolved_at=form.cleaned_data["resolved_at"],
                notify=form.cleaned_data["notify"],
                now=now,
                author=author,
            )
        )
        if row is not None:
            messages.success(request, _("“%(title)s” is in the history.") % {"title": row.title})
            return redirect("admin:incident", row.public_id)
    elif request.method == "POST":
        form = PastForm.left_as_typed(request.POST, **offered)
    else:
        form = PastForm(**offered)
    preview = preview_of(form, now)
    if sample_views.is_asked(request):
        return sample_views.mail(preview.samples)
    context = {"title": _("Record a past incident"), "form": form, "preview": preview}
    context |= {"mail_at": request.path}
    return console.page(request, "admin/incident_past.html", context, status=_status(form))


def offer(now: datetime) -> dict[str, Any]:
    """What every composer is made with."""
    return {"now": now, "components": reading.components(), "measured": reading.measured()}


def preview_of(form: ComposerForm, now: datetime, incident: Incident | None = None) -> Preview:
    """What would be said of a form as it stands; of a public incident with what it has already."""
    names = form.fields
    title = incident.title if incident else str(form["title"].value() or "")
    started_at = form.time("started_at") if "started_at" in names else None
    said = Said(
        title=title,
        text=str(form["text"].value() or ""),
        state=form.picked_state,
        impact=form.picked_impact,
        chosen=form.chosen,
        started_at=incident.started_at if incident else started_at or now,
        next_update_by=form.time("next_update_by") if "next_update_by" in names else None,
        public_id=str(form["draft"].value() or "") if "draft" in names else "",
        ended_at=(form.time("resolved_at") or now) if "resolved_at" in names else None,
        is_told=bool(form["notify"].value()),
        audience=form.picked_audience if isinstance(form, UpdateForm) else None,
    )
    return previewing.build(said=said, incident=incident, now=now)


def user_of(request: HttpRequest) -> User:
    """The operator who is signed in; the console lets nobody else in."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def _compose(request: HttpRequest, *, draft: Incident | None) -> HttpResponse:
    now = timezone.now()
    offered = offer(now)
    match request.POST.get("do") if request.method == "POST" else "open":
        case "publish":
            form = ReportForm(request.POST, **offered)
            row = _publish(form, user_of(request), now)
            if row is not None:
                messages.success(request, _published(row, form.cleaned_data["notify"]))
                return redirect("admin:incident", row.public_id)
        case "draft":
            form = ReportForm(request.POST, is_draft=True, **offered)
            row = _save(form, user_of(request), now)
            if row is not None:
                messages.success(request, _("The draft is saved. Nobody but operators sees it."))
                return redirect("admin:incident", row.public_id)
        case "open":
            form = _opened(request, draft, offered)
        case "use":
            form = _with_template(request, offered, now)
        case _:
            form = ReportForm.left_as_typed(request.POST, **offered)
    context = {
        "title": _("Report incident") if draft is None else _("Edit draft"),
        "form": form,
        "draft": draft,
        "templates": EventTemplate.objects.filter(kind=Kind.INCIDENT).order_by("name"),
        "preview": preview_of(form, now),
    }
    return console.page(request, TEMPLATE, context, status=_status(form))


def _opened(request: HttpRequest, draft: Incident | None, offered: dict[str, Any]) -> ReportForm:
    """The form as the screen opens: the draft, or what the monitors suggest."""
    if draft is not None:
        rows = draft.affected.all()
        initial = {
            "draft": draft.public_id,
            "title": draft.title,
            "state": draft.state,
            "impact": draft.impact,
            "text": draft.draft_text,
            "next_update_by": promised.as_typed(draft.next_update_by),
            "started_at": draft.started_at,
            "notify": draft.draft_notifies,
        }
        kept = {row.component_id: row.claimed if row.is_overridden else None for row in rows}
        return ReportForm(chosen=kept, initial=initial, **offered)
    chosen, impact, since = incident_forms.preselected(
        components=offered["components"], measured=offered["measured"]
    )
    initial = {
        "draft": public_ids.make(),
        "state": State.INVESTIGATING,
        "impact": impact,
        "started_at": since,
        "next_update_by": promised.usual(offered["now"]),
        "notify": True,
    }
    return ReportForm(chosen=chosen, initial=initial, **offered)


def _with_template(request: HttpRequest, offered: dict[str, Any], now: datetime) -> ReportForm:
    """The form with a template filled in; what a template does not say stays as it was typed."""
    typed = ReportForm.left_as_typed(request.POST, **offered)
    number = request.POST.get("template", "")
    wanted = int(number) if number.isdecimal() and len(number) < 10 else 0
    template = EventTemplate.objects.filter(pk=wanted, kind=Kind.INCIDENT).first()
    if template is None:
        return typed
    prefill = templating.use(template=template, component_ids=typed.chosen.keys(), now=now)
    return ReportForm.left_as_typed(
        request.POST,
        replaced={"title": prefill.title, "text": prefill.text, "impact": prefill.impact},
        ticked={one: typed.chosen.get(one) for one in prefill.component_ids},
        **offered,
    )


def _publish(form: ReportForm, author: User, now: datetime) -> Incident | None:
    return form.carry_out(
        lambda: publishing.open_incident(
            report=form.report,
            notify=form.cleaned_data["notify"],
            public_id=form.cleaned_data["draft"],
            now=now,
            author=author,
        )
    )


def _save(form: ReportForm, author: User, now: datetime) -> Incident | None:
    return form.carry_out(
        lambda: publishing.save_draft(
            report=form.report,
            notify=form.cleaned_data["notify"],
            public_id=form.cleaned_data["draft"],
            now=now,
            author=author,
        )
    )


def _published(row: Incident, notifies: bool) -> str:
    said = _("“%(title)s” is on the page.") % {"title": row.title}
    return said if notifies else f"{said} {_('Nobody is notified.')}"


def _status(form: ComposerForm) -> int:
    return 422 if form.errors else 200
