"""The console's screens of the suppression list: look, add, lift with a reason (D6)."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from common import console
from subscribers import addressing, forecast, operators_list, suppressing
from subscribers.models import Reason, Suppression
from subscribers.operator_forms import LiftForm, SuppressForm
from subscribers.operator_views import searched

get_and_post = require_http_methods(["GET", "HEAD", "POST"])
may_look = permission_required("subscribers.view_suppression", raise_exception=True)
may_add = permission_required("subscribers.add_suppression", raise_exception=True)
may_delete = permission_required("subscribers.delete_suppression", raise_exception=True)


@require_safe
@may_look
def suppression_list(request: HttpRequest) -> HttpResponse:
    text = searched(request)
    page = operators_list.suppressed(text=text, page=request.GET.get("page", "1"))
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "title": _("Suppression list"),
        "text": text,
        "page": page,
        "rows": [
            {
                "row": row,
                "channel": forecast.title_of(row.channel),
                "reason": Reason(row.reason).label,
                "is_liftable": suppressing.is_liftable(row),
            }
            for row in page
        ],
        "query": query.urlencode(),
        "now": timezone.now(),
    }
    return console.page(request, "admin/subscribers/suppressions.html", context)


@get_and_post
@may_add
def suppression_add(request: HttpRequest) -> HttpResponse:
    form = SuppressForm(request.POST or None)
    row = form.carry_out(lambda: _suppress(form))
    if row is not None:
        said = _("Nothing is sent to %(address)s any more, whoever subscribes it.")
        messages.success(request, said % {"address": row.canonical})
        return redirect("admin:suppressions")
    return _form(
        request,
        form,
        title=_("Suppress an address"),
        button=_("Suppress"),
        note=_("Its subscriptions stay as they are and count again once it is lifted."),
    )


def _suppress(form: SuppressForm) -> Suppression:
    channel = form.cleaned_data["channel"]
    try:
        canonical = addressing.canonical_of(channel=channel, text=form.cleaned_data["address"])
    except addressing.AddressInvalid as error:
        raise ValidationError({"address": str(error)}) from None
    return suppressing.suppress(
        channel=channel,
        canonical=canonical,
        note=form.cleaned_data["note"],
        now=timezone.now(),
    )


@get_and_post
@may_delete
def suppression_lift(request: HttpRequest, suppression_id: int) -> HttpResponse:
    row = get_object_or_404(Suppression, pk=suppression_id)
    address = row.canonical
    if not suppressing.is_liftable(row):
        messages.error(request, _("This entry cannot be lifted."))
        return redirect("admin:suppressions")
    form = LiftForm(request.POST or None)
    if form.carry_out(lambda: _lift(row, form)):
        messages.success(request, _("%(address)s may be written to again.") % {"address": address})
        return redirect("admin:suppressions")
    return _form(
        request,
        form,
        title=_("Lift the entry of %(address)s") % {"address": address},
        button=_("Lift"),
        note=_("%(reason)s. A subscription that has ended does not come back by itself.")
        % {"reason": Reason(row.reason).label},
    )


def _lift(row: Suppression, form: LiftForm) -> bool:
    try:
        suppressing.lift(suppression=row, why=form.cleaned_data["why"])
    except suppressing.NotLiftable as error:
        raise ValidationError(str(error)) from None
    return True


def _form(
    request: HttpRequest, form: console.ConsoleForm, *, title: str, button: str, note: str
) -> HttpResponse:
    context = {
        "title": title,
        "form": form,
        "button": button,
        "note": note,
        "back": reverse("admin:suppressions"),
        "is_suppression": True,
    }
    status = 422 if form.errors else 200
    return console.page(request, "admin/subscribers/form.html", context, status=status)
