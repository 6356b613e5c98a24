"""The console's screens of subscribers: the list, one of them, and what operators do to one (N11)."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from common import console
from components.models import Component
from notifications import reading
from subscribers import (
    adding,
    addressing,
    chart,
    erasing,
    forecast,
    granting,
    operator_forms,
    operators_list,
    subscribing,
    suppressing,
)
from subscribers.models import Origin, Purpose, State, Subscriber
from subscribers.operator_forms import AddForm, ChoiceForm, EraseForm
from subscribers.operators_list import Wanted
from subscribers.subscribing import NotNow, TooManyRequests

get_and_post = require_http_methods(["GET", "HEAD", "POST"])
may_look = permission_required("subscribers.view_subscriber", raise_exception=True)
may_add = permission_required("subscribers.add_subscriber", raise_exception=True)
may_change = permission_required("subscribers.change_subscriber", raise_exception=True)
may_delete = permission_required("subscribers.delete_subscriber", raise_exception=True)
may_export = permission_required("subscribers.export_subscriber", raise_exception=True)
_MESSAGES_SHOWN = 20


@require_safe
@may_look
def subscriber_list(request: HttpRequest) -> HttpResponse:
    wanted = wanted_of(request)
    page = operators_list.page_of(wanted=wanted, page=request.GET.get("page", "1"))
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "title": _("Subscribers"),
        "wanted": wanted,
        "page": page,
        "rows": operators_list.rows_of(page),
        "counts": operators_list.counts(),
        "states": [*State.choices, (operators_list.SUPPRESSED, _("Suppressed"))],
        "channels": operator_forms.channel_choices(chart.CHANNELS),
        "titles": dict(operator_forms.channel_choices(chart.CHANNELS)),
        "origins": Origin.choices,
        "origin_words": dict(Origin.choices),
        "components": Component.objects.in_page_order(),
        "pages": operators_list.pages_with_subscribers(),
        "query": query.urlencode(),
        "now": timezone.now(),
    }
    return console.page(request, "admin/subscribers/list.html", context)


def wanted_of(request: HttpRequest) -> Wanted:
    """What the address of the list asks for; what makes no sense narrows nothing."""
    component = request.GET.get("component", "")
    return Wanted(
        text=searched(request),
        state=request.GET.get("state", ""),
        channel=request.GET.get("channel", ""),
        origin=request.GET.get("origin", ""),
        component_id=_number(component, digits=9),
        page_id=_number(request.GET.get("page_id", ""), digits=16),
    )


def _number(text: str, *, digits: int) -> int | None:
    """An id in an address; None for what no database holds."""
    is_one = text.isascii() and text.isdecimal() and len(text) <= digits
    return int(text) if is_one else None


def searched(request: HttpRequest) -> str:
    """The text that is searched for, which no database refuses."""
    return request.GET.get("q", "").replace("\0", "").strip()[:320]


@require_safe
@may_look
def subscriber(request: HttpRequest, subscriber_id: int) -> HttpResponse:
    row = _row(subscriber_id)
    (listed,) = operators_list.rows_of([row])
    others = Subscriber.objects.filter(channel=row.channel, canonical=row.canonical)
    context = {
        "title": row.address,
        "row": row,
        "listed": listed,
        "channel": forecast.title_of(row.channel),
        "origin": dict(Origin.choices).get(row.origin, row.origin),
        "chosen": row.chosen.select_related("component").order_by("component__name"),
        "others": others.select_related("page")
        .exclude(pk=row.pk)
        .order_by("-id")[:_MESSAGES_SHOWN],
        "sent": reading.latest_under(grants=[granting.grant_of(row.pk)], limit=_MESSAGES_SHOWN),
        "proofs": row.proofs.exclude(purpose=Purpose.VISIT).order_by("-id")[:_MESSAGES_SHOWN],
        "now": timezone.now(),
    }
    return console.page(request, "admin/subscribers/one.html", context)


@get_and_post
@may_add
def subscriber_add(request: HttpRequest) -> HttpResponse:
    form = AddForm(request.POST or None)
    row = form.carry_out(lambda: _add(form))
    if row is None:
        return _form(request, form, title=_("Add a subscriber"), button=_("Add subscriber"))
    if row.is_active:
        said = _("%(address)s is told from now on.")
    elif row.channel == "sms":
        said = _("%(address)s was sent a code, and is told nothing until its owner has typed it.")
    else:
        said = _("%(address)s was asked to confirm, and is told nothing until then.")
    messages.success(request, said % {"address": row.address})
    return redirect("admin:subscriber", row.pk)


def _add(form: AddForm) -> Subscriber:
    try:
        return adding.add(
            page=form.page,
            channel=form.cleaned_data["channel"],
            text=form.cleaned_data["address"],
            choice=form.choice(),
            has_agreed=form.has_agreed,
            note=form.cleaned_data["note"],
            now=timezone.now(),
        )
    except subscribing.HasLeft:
        said = _("They have unsubscribed. Ask them first: only their own confirmation counts.")
        raise ValidationError({"consent": said}) from None
    except (
        addressing.AddressInvalid,
        adding.NotLetIn,
        adding.SubscribedAlready,
        subscribing.Suppressed,
    ) as error:
        raise ValidationError({"address": str(error)}) from None
    except (NotNow, TooManyRequests) as error:
        raise ValidationError({"address": str(error)}) from None
    except subscribing.NothingChosen as error:
        raise ValidationError({"components": str(error)}) from None


@get_and_post
@may_change
def subscriber_edit(request: HttpRequest, subscriber_id: int) -> HttpResponse:
    """Change what somebody hears of."""
    row = _row(subscriber_id)
    if row.follows:
        messages.info(request, _("This one follows a single event: there is nothing to choose."))
        return redirect("admin:subscriber", row.pk)
    form = ChoiceForm(request.POST or None, initial=ChoiceForm.initial_of(row), page=row.page)
    if form.carry_out(lambda: _choose(row, form)) is None:
        title = _("What %(address)s hears of") % {"address": row.address}
        return _form(request, form, title=title, button=_("Save"), row=row)
    messages.success(request, _("Saved. It counts from the next message on."))
    return redirect("admin:subscriber", row.pk)


def _choose(row: Subscriber, form: ChoiceForm) -> Subscriber:
    try:
        return adding.change_choice(subscriber=row, choice=form.choice(), now=timezone.now())
    except subscribing.NothingChosen as error:
        raise ValidationError({"components": str(error)}) from None


@require_POST
@may_change
def subscriber_resend(request: HttpRequest, subscriber_id: int) -> HttpResponse:
    row = _row(subscriber_id)
    return _done(
        request,
        row,
        lambda: adding.ask_again(subscriber=row, now=timezone.now()),
        said=_("It is on its way to %(address)s."),
    )


@require_POST
@may_change
def subscriber_resume(request: HttpRequest, subscriber_id: int) -> HttpResponse:
    row = _row(subscriber_id)
    return _done(
        request,
        row,
        lambda: subscribing.resume(subscriber=row, now=timezone.now()),
        said=_("%(address)s is told again, from the next event on."),
    )


@get_and_post
@may_delete
def subscriber_remove(request: HttpRequest, subscriber_id: int) -> HttpResponse:
    row = _row(subscriber_id)
    if request.method == "POST":
        subscribing.leave(subscriber=row, reason=subscribing.REMOVED, now=timezone.now())
        messages.success(request, _("%(address)s is told nothing more.") % {"address": row.address})
        return redirect("admin:subscribers")
    context = {
        "title": _("Remove %(address)s?") % {"address": row.address},
        "row": row,
        "consequences": [
            _("Nothing more is sent, and what waits to be sent is stopped. They are not told."),
            _(
                "The subscription stays in the list of those who have left. To delete what is kept"
                " about the person, erase them instead."
            ),
        ],
        "button": _("Remove subscriber"),
        "back": reverse("admin:subscriber", args=[row.pk]),
    }
    return console.page(request, "admin/subscribers/confirm.html", context)


@get_and_post
@may_delete
def subscriber_erase(request: HttpRequest, subscriber_id: int) -> HttpResponse:
    row = _row(subscriber_id)
    form = EraseForm(request.POST or None, address=row.address)
    if request.method == "POST" and form.is_valid():
        erasing.erase_person(subscriber=row, now=timezone.now())
        messages.success(request, _("The person is erased."))
        return redirect("admin:subscribers")
    entry = (row.channel, row.canonical)
    context = {
        "title": _("Erase %(address)s?") % {"address": row.address},
        "row": row,
        "form": form,
        "is_suppressed": entry in suppressing.reasons(addresses=[entry]),
        "back": reverse("admin:subscriber", args=[row.pk]),
    }
    status = 422 if form.errors else 200
    return console.page(request, "admin/subscribers/erase.html", context, status=status)


@require_safe
@may_export
def subscriber_file(request: HttpRequest, subscriber_id: int) -> HttpResponse:
    """Everything that is kept about one person, to be handed to them."""
    told = erasing.everything_about(subscriber=_row(subscriber_id), now=timezone.now())
    name = f"subscriber-{subscriber_id}.json"
    return JsonResponse(
        told,
        json_dumps_params={"indent": 2, "ensure_ascii": False},
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _done(
    request: HttpRequest, row: Subscriber, work: Callable[[], object], *, said: str
) -> HttpResponse:
    """Carry it out, and tell on the subscriber's screen what came of it."""
    try:
        work()
    except (subscribing.Suppressed, NotNow, TooManyRequests) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, said % {"address": row.address})
    return redirect("admin:subscriber", row.pk)


def _row(subscriber_id: int) -> Subscriber:
    return get_object_or_404(Subscriber.objects.select_related("page"), pk=subscriber_id)


def _form(
    request: HttpRequest,
    form: console.ConsoleForm,
    *,
    title: str,
    button: str,
    row: Subscriber | None = None,
) -> HttpResponse:
    back = reverse("admin:subscriber", args=[row.pk]) if row else reverse("admin:subscribers")
    context: dict[str, Any] = {
        "title": title,
        "form": form,
        "button": button,
        "back": back,
        "row": row,
    }
    status = 422 if form.errors else 200
    return console.page(request, "admin/subscribers/form.html", context, status=status)
