"""The screen that posts an update of a public incident, and the one that corrects what was posted."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from common import console
from incidents import (
    composer_views,
    dedicated,
    promised,
    publishing,
    reading,
    sample_views,
    shown_on,
    timeline,
)
from incidents.incident_forms import CorrectForm, UpdateForm
from incidents.lifecycle import Impact, State
from incidents.models import Incident, IncidentUpdate
from incidents.publishing import SomebodyPosted

TEMPLATE = "admin/incident_update.html"
get_and_post = require_http_methods(["GET", "HEAD", "POST"])
may_update = permission_required("incidents.change_incident", raise_exception=True)


@get_and_post
@may_update
def update(request: HttpRequest, public_id: str) -> HttpResponse:
    incident = get_object_or_404(Incident.objects.public(), public_id=public_id)
    if incident.state_value == State.POSTMORTEM:
        messages.error(request, _("Unpublish the postmortem before you post an update."))
        return redirect("admin:incident", public_id)
    now = timezone.now()
    offered = _offer(incident, now)
    if request.method != "POST":
        return _screen(request, incident, _opened(request, incident, offered), now)
    if request.POST.get("do") != "post":
        typed = UpdateForm.left_as_typed(request.POST, **offered)
        return _screen(request, incident, typed, now)
    form = UpdateForm(request.POST, **offered)
    _ask_whether_it_is_over(form, incident)
    try:
        posted = _post(request, form, incident, now)
    except SomebodyPosted as conflict:
        seen = {"seen": str(conflict.update.pk)}
        kept = UpdateForm.left_as_typed(request.POST, replaced=seen, **offered)
        return _screen(request, incident, kept, now, theirs=conflict.update)
    if posted is None:
        return _screen(request, incident, form, now)
    said = _("“%(state)s” is posted.") % {"state": _(posted.state_value.label)}
    messages.success(request, said)
    return redirect("admin:incident", public_id)


@require_POST
@may_update
def update_preview(request: HttpRequest, public_id: str) -> HttpResponse:
    """What would be said of the form as it stands; saves nothing."""
    incident = get_object_or_404(Incident.objects.public(), public_id=public_id)
    now = timezone.now()
    form = UpdateForm.left_as_typed(request.POST, **_offer(incident, now))
    preview = composer_views.preview_of(form, now, incident)
    if sample_views.is_asked(request):
        return sample_views.mail(preview.samples)
    context = {"preview": preview, "incident": incident, "is_refresh": True}
    return console.page(request, f"{composer_views.TEMPLATE}#preview", context)


@get_and_post
@may_update
def correct(request: HttpRequest, public_id: str, update_id: str) -> HttpResponse:
    """Replace the text of an update."""
    row = get_object_or_404(
        IncidentUpdate.objects.select_related("incident"),
        public_id=update_id,
        incident__public_id=public_id,
        incident__published_at__isnull=False,
    )
    form = CorrectForm(request.POST or None, initial={"text": row.text})
    author = composer_views.user_of(request)
    done = form.carry_out(
        lambda: timeline.correct(
            update=row, text=form.cleaned_data["text"], author=author, now=timezone.now()
        )
    )
    if done is not None:
        messages.success(request, _("The update is corrected."))
        return redirect("admin:incident", public_id)
    context = {
        "title": _("Correct “%(state)s” of %(time)s")
        % {"state": _(row.state_value.label), "time": console.moment(row.at)},
        "incident": row.incident,
        "form": form,
        "button": _("Save correction"),
        "back": reverse("admin:incident", args=[public_id]),
    }
    status = 422 if form.errors else 200
    return console.page(request, "admin/incident_edit.html", context, status=status)


def _offer(incident: Incident, now: datetime) -> dict[str, Any]:
    """What the form is made with: an update may be for one of the pages that show the incident."""
    return composer_views.offer(now) | {"pages": shown_on.pages_of(dedicated.touched(incident))}


def _post(
    request: HttpRequest, form: UpdateForm, incident: Incident, now: datetime
) -> IncidentUpdate | None:
    author = composer_views.user_of(request)
    return form.carry_out(
        lambda: publishing.post_update(
            incident=incident,
            state=State(form.cleaned_data["state"]),
            impact=Impact(form.cleaned_data["impact"]),
            text=form.cleaned_data["text"],
            components=form.chosen,
            notify=form.cleaned_data["notify"],
            next_update_by=form.cleaned_data["next_update_by"],
            audience=form.picked_audience,
            seen_update_id=form.cleaned_data["seen"],
            now=now,
            author=author,
        )
    )


def _ask_whether_it_is_over(form: UpdateForm, incident: Incident) -> None:
    """Resolving needs a second yes where probes still find trouble, and only there (design 7.4)."""
    if not form.is_valid() or form.cleaned_data["is_sure"]:
        return
    state = State(form.cleaned_data["state"])
    names = reading.doubts(incident=incident, state=state, component_ids=form.chosen.keys())
    if names:
        form.add_error(
            "is_sure",
            _("Probes still find trouble with %(names)s: visitors will see what they find.")
            % {"names": ", ".join(names)},
        )


def _opened(request: HttpRequest, incident: Incident, offered: dict[str, Any]) -> UpdateForm:
    """The form as the screen opens: as it stands, or the end that recovery proposes."""
    is_proposal = "proposed" in request.GET and bool(incident.proposed_text)
    newest = incident.updates.order_by("-id").first()
    initial = {
        "state": State.RESOLVED if is_proposal else incident.state,
        "impact": incident.impact,
        "text": incident.proposed_text if is_proposal else "",
        "next_update_by": promised.usual(offered["now"]),
        "notify": True,
        "seen": newest.pk if newest else None,
    }
    rows = incident.affected.all()
    chosen = {row.component_id: row.claimed if row.is_overridden else None for row in rows}
    return UpdateForm(chosen=chosen, initial=initial, **offered)


def _screen(
    request: HttpRequest,
    incident: Incident,
    form: UpdateForm,
    now: datetime,
    *,
    theirs: IncidentUpdate | None = None,
) -> HttpResponse:
    context = {
        "title": _("Post update"),
        "incident": incident,
        "form": form,
        "theirs": theirs,
        "asks": bool(form["is_sure"].errors or form["is_sure"].value()),
        "preview": composer_views.preview_of(form, now, incident),
        "now": now,
    }
    status = 409 if theirs else 422 if form.errors else 200
    return console.page(request, TEMPLATE, context, status=status)
