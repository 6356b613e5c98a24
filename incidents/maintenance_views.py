"""Screens of the console around maintenance: the list with its calendar, one window, what is done to it."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from common import console
from components import catalogue
from incidents import maintenance as work
from incidents import (
    maintenance_changes,
    maintenance_entries,
    maintenance_previewing,
    maintenance_reading,
    maintenance_series,
    maintenance_step_forms,
    meter_views,
    sample_views,
    windows,
)
from incidents import maintenance_plans as plans
from incidents.audience import Audience
from incidents.maintenance import MaintenanceGone
from incidents.maintenance_step_forms import (
    FOLLOWING,
    CancelForm,
    CorrectForm,
    MaintenanceUpdateForm,
    RemoveForm,
)
from incidents.models import Maintenance, MaintenanceUpdate
from incidents.windows import State, StepNotAllowed

get_and_post = require_http_methods(["GET", "HEAD", "POST"])
may_look = permission_required("incidents.view_maintenance", raise_exception=True)
may_change = permission_required("incidents.change_maintenance", raise_exception=True)
may_delete = permission_required("incidents.delete_maintenance", raise_exception=True)
_CLICKED = {State.IN_PROGRESS, State.VERIFICATION, State.COMPLETED}
_EXTENSIONS = {int(one.total_seconds()) // 60: one for one in windows.EXTENSIONS}


@require_safe
@may_look
def maintenance_list(request: HttpRequest) -> HttpResponse:
    now, zone = timezone.now(), catalogue.page().time_zone
    context = {
        "title": _("Maintenance"),
        "listed": maintenance_reading.lists(page=request.GET.get("page", "1")),
        "months": maintenance_reading.calendar(now=now, zone=plans.zone_info(zone)),
        "zone": zone,
        "now": now,
    }
    return console.page(request, "admin/maintenance_list.html", context)


@require_safe
@may_look
def maintenance(request: HttpRequest, public_id: str) -> HttpResponse:
    now = timezone.now()
    row = _row(public_id)
    context = {
        "title": row.title,
        "row": row,
        "plan": plans.of(row),
        "affected": row.affected.select_related("component").order_by("component__name"),
        "updates": row.updates.prefetch_related("components").order_by("-at", "-id"),
        "reminders": row.reminders.order_by("due_at"),
        "overrun": row.overrun(now),
        "extensions": sorted(_EXTENSIONS),
        "steps": maintenance_step_forms.steps_from(row.state_value),
        "told": _told_of_steps(row),
        **meter_views.context_of(row, now=now),
    }
    return console.page(request, "admin/maintenance.html", context)


@require_POST
@may_change
def maintenance_start(request: HttpRequest, public_id: str) -> HttpResponse:
    return _one_click(request, public_id, State.IN_PROGRESS)


@require_POST
@may_change
def maintenance_verify(request: HttpRequest, public_id: str) -> HttpResponse:
    return _one_click(request, public_id, State.VERIFICATION)


@require_POST
@may_change
def maintenance_complete(request: HttpRequest, public_id: str) -> HttpResponse:
    return _one_click(request, public_id, State.COMPLETED)


@require_POST
@may_change
def maintenance_extend(request: HttpRequest, public_id: str) -> HttpResponse:
    """One click: so many minutes more; subscribers are told."""
    row = _row(public_id)
    minutes = request.POST.get("minutes", "")
    by = _EXTENSIONS.get(int(minutes) if minutes.isdecimal() and len(minutes) < 4 else 0)
    try:
        update = maintenance_changes.extend(
            maintenance=row,
            by=by or timedelta(),
            notify=row.notifies,
            now=timezone.now(),
            author=user_of(request),
        )
    except (StepNotAllowed, MaintenanceGone) as error:
        messages.error(request, _(str(error)))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        text = _("The planned end is now %(time)s UTC.")
        messages.success(request, text % {"time": f"{timezone.localtime(update.ends_at):%H:%M}"})
    return redirect("admin:maintenance_one", public_id)


@get_and_post
@may_change
def maintenance_update(request: HttpRequest, public_id: str) -> HttpResponse:
    """A step with a message, or a note."""
    row = _row(public_id)
    form = MaintenanceUpdateForm(
        _posted(request), previous=row.state_value, initial=_initial(request, {"state": row.state})
    )
    author = user_of(request)
    update = form.carry_out(
        lambda: work.post_update(
            maintenance=row,
            state=State(form.cleaned_data["state"]),
            text=form.cleaned_data["text"],
            notify=form.cleaned_data["notify"],
            author=author,
            now=timezone.now(),
        )
    )
    if update is not None:
        messages.success(request, _("The update is on the page."))
        return redirect("admin:maintenance_one", public_id)
    return _ask(
        request,
        row,
        form,
        title=_("Post an update"),
        button=_("Post update"),
        **_foreseen(request, row, cancels=False),
    )


@require_POST
@may_change
def maintenance_step_preview(request: HttpRequest, public_id: str) -> HttpResponse:
    """Who would be told what of a step as its form stands (htmx); saves nothing."""
    cancels = "cancels" in request.GET
    context = _foreseen(request, _row(public_id), cancels=cancels) | {"is_refresh": True}
    if sample_views.is_asked(request):
        return sample_views.mail(context["telling"].samples)
    return console.page(request, "admin/maintenance_ask.html#preview", context)


@get_and_post
@may_change
def maintenance_correct(request: HttpRequest, public_id: str, update_id: str) -> HttpResponse:
    row = _row(public_id)
    update = get_object_or_404(MaintenanceUpdate, maintenance=row, public_id=update_id)
    form = CorrectForm(request.POST or None, initial={"text": update.text})
    done = form.carry_out(
        lambda: maintenance_entries.correct(
            update=update, text=form.cleaned_data["text"], now=timezone.now()
        )
    )
    if done is not None:
        messages.success(request, _("The update is corrected."))
        return redirect("admin:maintenance_one", public_id)
    return _ask(request, row, form, title=_("Correct an update"), button=_("Save"))


@get_and_post
@may_change
def maintenance_cancel(request: HttpRequest, public_id: str) -> HttpResponse:
    row = _row(public_id)
    in_series = row.series_id is not None and row.state_value == State.SCHEDULED
    form = CancelForm(_posted(request), in_series=in_series, initial=_initial(request, {}))
    author = user_of(request)

    def cancel() -> int:
        values = form.cleaned_data
        said: dict[str, Any] = {
            "text": values["text"],
            "notify": values["notify"],
            "author": author,
            "now": timezone.now(),
        }
        if values.get("scope") == FOLLOWING:
            return len(maintenance_series.cancel_from_here(occurrence=row, **said))
        work.post_update(maintenance=row, state=State.CANCELLED, **said)
        return 1

    count = form.carry_out(cancel)
    if count is not None:
        text = ngettext("%(count)d window is cancelled.", "%(count)d windows are cancelled.", count)
        messages.success(request, text % {"count": count})
        return redirect("admin:maintenance_one", public_id)
    title = _("Cancel “%(title)s”?") % {"title": row.title}
    consequences = [_("It stays on the page and in the history as cancelled.")]
    if row.state_value.is_running:
        consequences.append(_("Its components go back to what is otherwise said of them at once."))
    return _ask(
        request,
        row,
        form,
        title=title,
        button=_("Cancel maintenance"),
        consequences=consequences,
        is_danger=True,
        **_foreseen(request, row, cancels=True),
    )


@get_and_post
@may_delete
def maintenance_delete(request: HttpRequest, public_id: str) -> HttpResponse:
    """Delete for good, after the title or the word DELETE was typed."""
    row = _row(public_id)
    form = RemoveForm(request.POST or None, title=row.title)
    if form.carry_out(lambda: work.delete(maintenance=row, now=timezone.now())) is not None:
        messages.success(request, _("The maintenance is deleted."))
        return redirect("admin:maintenance")
    return _ask(
        request,
        row,
        form,
        title=_("Delete “%(title)s”?") % {"title": row.title},
        button=_("Delete maintenance"),
        consequences=_losses(row),
        is_danger=True,
    )


def user_of(request: HttpRequest) -> User:
    """The operator who is signed in; the console lets nobody else in."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def _told_of_steps(row: Maintenance) -> dict[str, Audience]:
    """Who is told of the steps that one click takes, by state."""
    offered = set(maintenance_step_forms.steps_from(row.state_value)) & _CLICKED
    return {
        state.value: maintenance_previewing.told_of_step(row=row, state=state)
        for state in (offered - {row.state_value} if row.notifies else ())
    }


def _posted(request: HttpRequest) -> QueryDict | None:
    """What is to be carried out; nothing when only the preview is asked for."""
    is_preview = request.POST.get("do") == "preview"
    return request.POST if request.method == "POST" and not is_preview else None


def _initial(request: HttpRequest, otherwise: dict[str, Any]) -> dict[str, Any]:
    """What the fields of a form hold that is not carried out: what was typed for a preview."""
    if request.POST.get("do") != "preview":
        return otherwise
    names = ("state", "text", "scope")
    typed: dict[str, Any] = {name: request.POST.get(name, "") for name in names}
    return otherwise | typed | {"notify": "notify" in request.POST}


def _foreseen(request: HttpRequest, row: Maintenance, *, cancels: bool) -> dict[str, Any]:
    """Who would be told what of the step that stands in a form; by default they are told."""
    typed = request.POST.get("state", "")
    offered = maintenance_step_forms.steps_from(row.state_value)
    state = State(typed) if typed in offered else row.state_value
    address = reverse("admin:maintenance_step_preview", args=[row.public_id])
    return {
        "preview_url": f"{address}?cancels" if cancels else address,
        "telling": maintenance_previewing.of_step(
            row=row,
            state=State.CANCELLED if cancels else state,
            text=request.POST.get("text", ""),
            is_told="notify" in request.POST or request.method != "POST",
            now=timezone.now(),
        ),
    }


def _row(public_id: str) -> Maintenance:
    return get_object_or_404(Maintenance.objects.select_related("series"), public_id=public_id)


def _one_click(request: HttpRequest, public_id: str, state: State) -> HttpResponse:
    """A step without a message; told as the plan says."""
    row = _row(public_id)
    try:
        work.post_update(
            maintenance=row,
            state=state,
            notify=row.notifies,
            author=user_of(request),
            now=timezone.now(),
        )
    except (StepNotAllowed, MaintenanceGone) as error:
        messages.error(request, _(str(error)))
    except ValidationError:  # the same state again is a note, and a note needs a text
        messages.info(request, _("This was done already."))
    else:
        messages.success(
            request, _("“%(title)s”: %(state)s.") % {"title": row.title, "state": _(state.label)}
        )
    return redirect("admin:maintenance_one", public_id)


def _ask(
    request: HttpRequest,
    row: Maintenance,
    form: maintenance_step_forms.MaintenanceBaseForm,
    *,
    title: str,
    button: str,
    **context: Any,
) -> HttpResponse:
    context = {
        "title": title,
        "row": row,
        "form": form,
        "button": button,
        "back": reverse("admin:maintenance_one", args=[row.public_id]),
        **context,
    }
    status = 422 if form.errors else 200
    return console.page(request, "admin/maintenance_ask.html", context, status=status)


def _losses(row: Maintenance) -> list[str]:
    count = row.updates.timeline().count()
    text = ngettext(
        "Deletes 1 maintenance and %(count)d update from the public history.",
        "Deletes 1 maintenance and %(count)d updates from the public history.",
        count,
    )
    said = [text % {"count": count}]
    if row.state_value.is_running:
        said.append(_("What it says of components is withdrawn, as if it were completed."))
    if row.series_id is not None:
        said.append(_("The other windows of its series stay."))
    return [*said, _("Its address answers that it was withdrawn. This cannot be undone.")]
