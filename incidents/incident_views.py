"""Screens of the console around incidents: the list, one incident, and what is done to it."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from common import console
from components.models import Component
from incidents import (
    audience,
    composer_views,
    dedicated,
    meter_views,
    publishing,
    reading,
    shown_on,
)
from incidents.holding import IncidentGone
from incidents.incident_forms import DeleteForm, ReviseForm
from incidents.lifecycle import Impact, State
from incidents.models import Incident, Postmortem
from incidents.reading import Wanted

get_and_post = require_http_methods(["GET", "HEAD", "POST"])
may_look = permission_required("incidents.view_incident", raise_exception=True)
may_change = permission_required("incidents.change_incident", raise_exception=True)
may_delete = permission_required("incidents.delete_incident", raise_exception=True)


@require_safe
@may_look
def incident_list(request: HttpRequest) -> HttpResponse:
    asked = request.GET
    number = asked.get("component", "")
    wanted = Wanted(
        text=asked.get("q", "").replace("\0", "").strip()[:200],
        impact=asked.get("impact", "") if asked.get("impact") in set(Impact) else "",
        component_id=int(number) if number.isdecimal() and len(number) < 10 else None,
    )
    kept = {"q": wanted.text, "impact": wanted.impact, "component": wanted.component_id}
    context = {
        "title": _("Incidents"),
        "listed": reading.listed(wanted=wanted, page=asked.get("page", "1")),
        "wanted": wanted,
        "query": urlencode({name: value for name, value in kept.items() if value}),
        "impacts": [(one.value, _(one.label)) for one in Impact],
        "components": Component.objects.in_page_order(),
        "now": timezone.now(),
    }
    return console.page(request, "admin/incidents.html", context)


@require_safe
@may_look
def incident(request: HttpRequest, public_id: str) -> HttpResponse:
    row, now = get_object_or_404(Incident, public_id=public_id), timezone.now()
    touched = dedicated.touched(row)
    may_name = shown_on.may_name(request.user)
    is_told = row.is_draft and row.draft_notifies
    context = {
        "title": row.title or _("Draft without a title"),
        "detail": reading.detail(incident=row),
        "told": audience.of(component_ids=touched, dedicated_ids=row.dedicated_ids)
        if is_told
        else None,
        "names_nobody": not touched,
        "shown_on": shown_on.sentence(touched, names_customers=may_name),
        "may_name_customers": may_name,
        "incident": row,
        "postmortem": Postmortem.objects.filter(incident=row).first(),
        "may_post": not row.is_draft and row.state_value != State.POSTMORTEM,
        **meter_views.context_of(row, now=now),
    }
    return console.page(request, "admin/incident.html", context)


@require_POST
@may_change
def draft_publish(request: HttpRequest, public_id: str) -> HttpResponse:
    """One click: the draft goes on the page as it was saved."""
    row = get_object_or_404(Incident, public_id=public_id)
    try:
        published = publishing.publish_draft(
            incident=row, now=timezone.now(), author=composer_views.user_of(request)
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("admin:incident_draft", public_id)
    except IncidentGone as gone:
        messages.error(request, str(gone))
        return redirect("admin:incidents")
    messages.success(request, _("“%(title)s” is on the page.") % {"title": published.title})
    return redirect("admin:incident", public_id)


@get_and_post
@may_change
def draft_discard(request: HttpRequest, public_id: str) -> HttpResponse:
    row = get_object_or_404(Incident.objects.drafts(), public_id=public_id)
    if request.method == "POST":
        try:
            publishing.discard_draft(incident=row)
            messages.success(request, _("The draft is discarded."))
        except IncidentGone as gone:
            messages.error(request, str(gone))
        return redirect("admin:incidents")
    context = {
        "title": _("Discard this draft?"),
        "consequences": [_("Its text is lost. No visitor has seen it.")],
        "button": _("Discard draft"),
        "back": reverse("admin:incident", args=[public_id]),
    }
    return console.page(request, "admin/incident_confirm.html", context)


@get_and_post
@may_change
def revise(request: HttpRequest, public_id: str) -> HttpResponse:
    """Correct the title or the start."""
    row = get_object_or_404(Incident.objects.public(), public_id=public_id)
    form = ReviseForm(
        request.POST or None, initial={"title": row.title, "started_at": row.started_at}
    )

    def save() -> Incident:
        typed = form.cleaned_data["started_at"]
        kept = row.started_at.replace(second=0, microsecond=0) == typed
        return publishing.revise(
            incident=row,
            title=form.cleaned_data["title"],
            started_at=row.started_at if kept else typed,
            now=timezone.now(),
        )

    if form.carry_out(save) is not None:
        messages.success(request, _("Title and start are saved. Nobody is notified."))
        return redirect("admin:incident", public_id)
    context = {
        "title": _("Change title or start"),
        "incident": row,
        "form": form,
        "button": _("Save"),
        "back": reverse("admin:incident", args=[public_id]),
    }
    status = 422 if form.errors else 200
    return console.page(request, "admin/incident_edit.html", context, status=status)


@get_and_post
@may_delete
def delete(request: HttpRequest, public_id: str) -> HttpResponse:
    """Delete for good, after the title or the word DELETE was typed."""
    row = get_object_or_404(Incident.objects.public(), public_id=public_id)
    form = DeleteForm(request.POST or None, title=row.title)
    done = form.carry_out(lambda: publishing.delete_incident(incident=row, now=timezone.now()))
    if done is not None:
        messages.success(request, _("The incident is deleted."))
        return redirect("admin:incidents")
    context = {
        "title": _("Delete “%(title)s”?") % {"title": row.title},
        "incident": row,
        "consequences": _consequences(row),
        "form": form,
        "button": _("Delete incident"),
        "is_danger": True,
        "back": reverse("admin:incident", args=[public_id]),
    }
    status = 422 if form.errors else 200
    return console.page(request, "admin/incident_edit.html", context, status=status)


def _consequences(row: Incident) -> list[str]:
    count = row.updates.count()
    said = [
        ngettext(
            "Deletes 1 incident and %(count)d update from the public history.",
            "Deletes 1 incident and %(count)d updates from the public history.",
            count,
        )
        % {"count": count}
    ]
    if Postmortem.objects.filter(incident=row).exists():
        said.append(_("Its postmortem is deleted with it."))
    if row.is_open and row.affected.exclude(status="").exists():
        said.append(_("What it says of components is withdrawn, as if it were resolved."))
    if row.is_retroactive:
        said.append(_("Uptime no longer counts the time it declared."))
    return [*said, _("Its address answers that it was withdrawn. This cannot be undone.")]
