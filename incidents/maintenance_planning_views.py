"""Screens of the console that plan a maintenance or change its plan, with a preview of its windows.

One form with several buttons; which one was pressed is the field `do`. Without scripts the button
"Preview" does what htmx does while the form is filled in.
"""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from common import console
from components import catalogue
from components.models import Component
from incidents import maintenance as work
from incidents import (
    maintenance_changes,
    maintenance_forms,
    maintenance_previewing,
    maintenance_reading,
    maintenance_series,
    presets,
    public_ids,
    sample_views,
    templating,
    windows,
)
from incidents import maintenance_plans as plans
from incidents.maintenance_forms import MaintenanceForm, WallClock
from incidents.maintenance_previewing import Said, Telling
from incidents.maintenance_reading import Preview, Typed
from incidents.maintenance_step_forms import FOLLOWING
from incidents.maintenance_views import may_change, user_of
from incidents.models import EventTemplate, Maintenance
from incidents.models.templates import Kind as TemplateKind
from incidents.presets import Repeat
from incidents.windows import Kind, State

TEMPLATE = "admin/maintenance_form.html"
get_and_post = require_http_methods(["GET", "HEAD", "POST"])
may_add = permission_required("incidents.add_maintenance", raise_exception=True)


@get_and_post
@may_add
def maintenance_add(request: HttpRequest) -> HttpResponse:
    now, zone = timezone.now(), catalogue.page().time_zone
    do = request.POST.get("do") if request.method == "POST" else "open"
    initial = maintenance_forms.blank(zone=zone, now=now)
    if do == "use":
        initial = _typed(request.POST) | _from_template(request.POST, now)
    elif do not in {"open", "save", "begin"}:
        initial = _typed(request.POST)
    data = request.POST if do in {"save", "begin"} else None
    form = MaintenanceForm(data, offered=_components(), initial=initial)
    row = form.carry_out(lambda: _plan(request, form, begins=do == "begin", now=now))
    if row is not None:
        messages.success(request, _("“%(title)s” is on the page.") % {"title": row.title})
        return redirect("admin:maintenance_one", row.public_id)
    return _form(
        request, form, None, now, title=_("Plan maintenance"), button=_("Plan maintenance")
    )


@get_and_post
@may_change
def maintenance_edit(request: HttpRequest, public_id: str) -> HttpResponse:
    now = timezone.now()
    row = get_object_or_404(Maintenance.objects.select_related("series"), public_id=public_id)
    initial = maintenance_forms.filled(row)
    do = request.POST.get("do") if request.method == "POST" else "open"
    if do not in {"open", "save"}:
        initial |= _typed(request.POST)
    data = request.POST if do == "save" else None
    form = MaintenanceForm(data, offered=_components(), initial=initial, **_reach(row))
    changed = form.carry_out(lambda: _change(request, form, row, now=now))
    if changed is not None:
        messages.success(request, _("“%(title)s” is saved.") % {"title": changed.title})
        return redirect("admin:maintenance_one", row.public_id)
    title = _("Change “%(title)s”") % {"title": row.title}
    return _form(request, form, row, now, title=title, button=_("Save"))


@require_POST
@may_change
def maintenance_preview(request: HttpRequest) -> HttpResponse:
    """The windows that a form as it stands would make (htmx); saves nothing."""
    changes = request.POST.get("changes", "")
    rows = Maintenance.objects.filter(public_id=changes) if public_ids.is_valid(changes) else None
    row = rows.first() if rows is not None else None
    values = _typed(request.POST)
    now = timezone.now()
    telling = _telling(values, row, now)
    if telling is not None and sample_views.is_asked(request):
        return sample_views.mail(telling.samples)
    context = {
        "preview": _preview(values, row, now),
        "telling": telling,
        "row": row,
        "is_refresh": True,
    }
    return console.page(request, f"{TEMPLATE}#preview", context)


def _plan(
    request: HttpRequest, form: MaintenanceForm, *, begins: bool, now: datetime
) -> Maintenance | None:
    plan, rule, notify = form.plan, form.recurrence, form.cleaned_data["notify"]
    author = user_of(request)
    if begins:
        return work.begin(plan=plan, notify=notify, author=author, now=now)
    if not rule:
        return work.schedule(plan=plan, notify=notify, author=author, now=now)
    series = maintenance_series.schedule(
        plan=plan, rule=rule, notify=notify, author=author, now=now
    )
    return series.occurrences.order_by("starts_at", "id").first()


def _change(
    request: HttpRequest, form: MaintenanceForm, row: Maintenance, *, now: datetime
) -> Maintenance:
    plan, notify = form.plan, form.cleaned_data["notify"]
    author = user_of(request)
    if form.cleaned_data.get("scope") != FOLLOWING:
        return maintenance_changes.change(
            maintenance=row, plan=plan, notify=notify, author=author, now=now
        )
    if not form.recurrence:
        raise ValidationError({"repeat": _("A series repeats. Cancel it to end it.")})
    maintenance_series.change_from_here(
        occurrence=row, plan=plan, rule=form.recurrence, notify=notify, author=author, now=now
    )
    return row


def _reach(row: Maintenance) -> dict[str, bool]:
    """How far a change of this window may go."""
    in_series = row.series_id is not None and row.state_value == State.SCHEDULED
    return {"in_series": in_series, "can_repeat": in_series}


def _components() -> list[Component]:
    return list(Component.objects.in_page_order())


def _typed(data: QueryDict) -> dict[str, Any]:
    """What stands in the fields, complete or not."""
    values: dict[str, Any] = {}
    for name, field in MaintenanceForm.base_fields.items():
        several = hasattr(field, "choices") and field.widget.allow_multiple_selected
        values[name] = data.getlist(name) if several else data.get(name, "")
    return values


def _from_template(data: QueryDict, now: datetime) -> dict[str, Any]:
    number = data.get("template", "")
    template = EventTemplate.objects.filter(
        kind=TemplateKind.MAINTENANCE,
        pk=int(number) if number.isdecimal() and len(number) < 10 else 0,
    ).first()
    if template is None:
        return {}
    ticked = [int(one) for one in data.getlist("components") if one.isdecimal() and len(one) < 10]
    filled = templating.use(template=template, component_ids=ticked, now=now)
    return {
        "title": filled.title,
        "text": filled.text,
        "components": [str(one) for one in filled.component_ids],
    }


def _preview(values: dict[str, Any], row: Maintenance | None, now: datetime) -> Preview:
    page_zone = catalogue.page().time_zone
    start, end = _clock(values.get("starts_at")), _clock(values.get("ends_at"))
    rule = ""
    repeat = str(values.get("repeat") or Repeat.ONCE)
    if start is not None and repeat in set(Repeat) and _repeats(values, row):
        rule = presets.rule(
            Repeat(repeat),
            first=start,
            week_days=[one for one in values.get("week_days") or () if one in presets.DAYS],
            until=presets.as_date(values.get("until")),
            custom=str(values.get("rule") or ""),
        )
    typed = Typed(
        wall_start=start,
        wall_end=end,
        zone=str(values.get("zone") or page_zone),
        rule=rule,
        without=row,
    )
    return maintenance_reading.preview(typed=typed, page_zone=page_zone, now=now)


def _telling(values: dict[str, Any], row: Maintenance | None, now: datetime) -> Telling | None:
    """Who would be told what of it (AMB-15); None while its times are no times, or stay as they are."""
    start, end = _clock(values.get("starts_at")), _clock(values.get("ends_at"))
    try:
        zone = plans.zone_info(str(values.get("zone") or catalogue.page().time_zone))
    except ValidationError:
        return None
    if start is None or end is None or start >= end:
        return None
    said = Said(
        kind=Kind.SCHEDULED if row is None else Kind.RESCHEDULED,
        title=str(values.get("title") or ""),
        text=str(values.get("text") or ""),
        component_ids=_ticked(values),
        starts_at=windows.instant(start, zone=zone),
        ends_at=windows.instant(end, zone=zone),
        is_told=bool(values.get("notify")),
    )
    stays = row is not None and (said.starts_at, said.ends_at) == (row.starts_at, row.ends_at)
    if stays and values.get("scope") != FOLLOWING:
        return None
    return maintenance_previewing.build(said=said, row=row, now=now)


def _ticked(values: dict[str, Any]) -> set[int]:
    """The chosen components that exist."""
    ticked = [str(one) for one in values.get("components") or ()]
    numbers = [int(one) for one in ticked if one.isdecimal() and len(one) < 10]
    return set(Component.objects.filter(id__in=numbers).values_list("id", flat=True))


def _repeats(values: dict[str, Any], row: Maintenance | None) -> bool:
    return row is None or values.get("scope") == FOLLOWING


def _clock(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value
    try:
        return WallClock().to_python(value)
    except ValidationError:
        return None


def _form(
    request: HttpRequest,
    form: MaintenanceForm,
    row: Maintenance | None,
    now: datetime,
    *,
    title: str,
    button: str,
) -> HttpResponse:
    values = _typed(request.POST) if form.is_bound else dict(form.initial)
    context = {
        "title": title,
        "button": button,
        "form": form,
        "row": row,
        "preview": _preview(values, row, now),
        "telling": _telling(values, row, now),
        "preview_url": reverse("admin:maintenance_preview"),
        "templates": EventTemplate.objects.filter(kind=TemplateKind.MAINTENANCE).order_by("name")
        if row is None
        else (),
        "back": reverse("admin:maintenance_one", args=[row.public_id])
        if row
        else reverse("admin:maintenance"),
    }
    status = 422 if form.errors else 200
    return console.page(request, TEMPLATE, context, status=status)
