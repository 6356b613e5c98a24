"""What the form hands over to each way: an address, checked, counted and asked to prove itself."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import translation
from django.utils.translation import gettext as _

from notifications.channels.base import FieldInvalid
from subscribers import (
    code_links,
    hooking,
    pages,
    phones,
    pushing,
    subscribing,
    texting,
    visits,
    way_settings,
)
from subscribers.models import Origin, Subscriber
from subscribers.offers import NotTaken
from subscribers.subscribing import Choice


def sms(request: HttpRequest, *, choice: Choice, now: datetime) -> HttpResponse:
    """A phone: it gets a code, which is typed on the next page (N7)."""
    countries = way_settings.countries(way_settings.current())
    try:
        found = phones.phone(request.POST.get("phone", ""), countries=countries)
    except phones.PhoneInvalid as error:
        raise NotTaken("phone", _(str(error))) from None
    texting.admit(client=pages.client(request), now=now)
    row = _asked(
        request, now=now, channel="sms", address=found.number, canonical=found.number, choice=choice
    )
    return _to_code(request, row, now)


def hook(kind: str, request: HttpRequest, *, choice: Choice, now: datetime) -> HttpResponse:
    """An address that messages are posted to: it gets a code, which is typed on the next page."""
    name = f"{kind}_url"
    try:
        found = hooking.entered(
            channel=kind,
            url=request.POST.get(name, ""),
            payload=request.POST.get("payload", ""),
        )
    except FieldInvalid as error:
        raise NotTaken(name, str(error)) from None
    hooking.admit(client=pages.client(request), now=now)
    row = _asked(
        request,
        now=now,
        channel=kind,
        address=found.address,
        canonical=found.canonical,
        secrets=found.secrets,
        options=found.options,
        choice=choice,
    )
    return _to_code(request, row, now)


def webpush(request: HttpRequest, *, choice: Choice, now: datetime) -> HttpResponse:
    """This very browser, which proves itself by asking: nobody else knows its address."""
    if not request.POST.get("endpoint"):
        raise NotTaken(
            pushing.CHANNEL,
            _(
                "Your browser has not allowed notifications, or cannot show any. Choose another way."
            ),
        )
    pushing.admit(client=pages.client(request), now=now)
    try:
        found = pushing.entered(request.POST.dict())
    except FieldInvalid as error:
        raise NotTaken(pushing.CHANNEL, str(error)) from None
    with transaction.atomic():  # its first notification is for an active subscription only
        row = _asked(
            request,
            now=now,
            client="",  # counted above
            channel=pushing.CHANNEL,
            address=found.address,
            canonical=found.canonical,
            secrets=found.secrets,
            choice=choice,
        )
        is_new = not row.is_active
        subscribing.confirm(subscriber=row, now=now)
    return visits.welcome(request, subscriber=row, now=now, said="confirmed" if is_new else "")


def _asked(request: HttpRequest, **fields: Any) -> Subscriber:
    door = pages.door(request)
    return subscribing.ask(
        page=door.page,
        holder=door.holder,
        origin=Origin.FORM,
        language=translation.get_language() or settings.LANGUAGE_CODE,
        **{"client": pages.client(request)} | fields,
    )


def _to_code(request: HttpRequest, row: Subscriber, now: datetime) -> HttpResponse:
    where = pages.door(request).path(code_links.path(row, now=now))
    return HttpResponseRedirect(where, status=303)
