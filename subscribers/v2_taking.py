"""Subscribing as Statuspage's status API has it: e-mail, SMS or a webhook, from a program's fields.

The same operations, limits and proofs as the form on the page; who asks learns of no address whether
it is known (reliability A3). Called by `v2_views`.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from common import sealing
from components import pages as shown_on
from components.models import Component, Page
from notifications.addresses import AddressInvalid
from notifications.channels.base import FieldInvalid
from subscribers import (
    asking,
    canonical,
    followed,
    hooking,
    letters,
    phones,
    subscribing,
    texting,
    way_settings,
)
from subscribers.canonical import Mailbox
from subscribers.models import Origin
from subscribers.offers import NotTaken
from subscribers.proofs import Occasion
from subscribers.subscribing import Choice

_USE = "subscriber of the status API"
_IDS_MAX = 500
_TEXT_MAX = 400
_COUNTRY = re.compile(r"[A-Za-z]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks, from where: the page, the language of its answers, the visitor's IP address."""

    page: Page
    language: str
    client: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What was asked for: `mode` as they name it, `own` the fields that say who is told."""

    mode: str
    ident: str
    own: Mapping[str, str]


def take(*, fields: Mapping[str, Any], asker: Asker, now: datetime) -> Taken:
    """Ask the address to prove itself; the same for every one.

    Raises:
        NotTaken: which field cannot be used, and why.
        NothingChosen, TooManyRequests, NotNow: as `subscribing.ask`.
    """
    if "endpoint" in fields:
        way = _hook
    elif "phone_number" in fields:
        way = _phone
    elif "email" in fields:
        way = _mail
    else:
        sentence = _("Send subscriber[email], subscriber[phone_number] or subscriber[endpoint].")
        raise NotTaken("subscriber", sentence)
    return way(fields, _choice(fields, asker.page), asker, now)


def ask_for_link(*, ident: str, asker: Asker, now: datetime) -> Taken:
    """Send whoever owns the address of this id the link to change and to end what they get.

    The id was given to whoever asked, who need not be the owner: so it ends nothing by itself.

    Raises:
        NotTaken: no id of this page, or of a way that gets no letters.
        TooManyRequests: from this network.
    """
    try:
        mode, page_id, address, key = json.loads(sealing.unseal_text(ident, use=_USE))
    except sealing.SealBroken:
        raise NotTaken("id", _("There is no subscriber with this id.")) from None
    if page_id != asker.page.pk:
        raise NotTaken("id", _("There is no subscriber with this id."))
    if mode != "email":
        raise NotTaken(
            "id",
            _(
                "Reply STOP to a text message, or post to the address in meta.unsubscribe of a webhook."
            ),
        )
    box = Mailbox(address, key)
    asking.send_link(page=asker.page, mailbox=box, client=asker.client, now=now)
    return Taken(mode=mode, ident=ident, own={"email": address})


def _mail(fields: Mapping[str, Any], choice: Choice, asker: Asker, now: datetime) -> Taken:
    if not letters.can_be_sent():
        raise _not_offered("email")
    try:
        box = canonical.mailbox(_text(fields, "email"))
    except AddressInvalid:
        said = _("Enter a full address, like you@example.com.")
        raise NotTaken("email", said) from None
    asking.subscribe(
        page=asker.page,
        mailbox=box,
        choice=choice,
        language=asker.language,
        client=asker.client,
        now=now,
    )
    return _taken("email", asker, box.address, box.key, {"email": box.address})


def _phone(fields: Mapping[str, Any], choice: Choice, asker: Asker, now: datetime) -> Taken:
    row = way_settings.current()
    if not way_settings.offers_sms(row):
        raise _not_offered("phone_number")
    number, country = _text(fields, "phone_number"), _text(fields, "phone_country").upper()
    countries = way_settings.countries(row)
    if _COUNTRY.fullmatch(country) and not number.lstrip().startswith("+"):
        countries = tuple(one for one in countries if one == country)
    try:
        found = phones.phone(number, countries=countries)
    except phones.PhoneInvalid as error:
        raise NotTaken("phone_number", _(str(error))) from None
    texting.admit(client=asker.client, now=now)
    _ask(asker, choice, now, channel="sms", address=found.number, canonical=found.number)
    own = {"phone_number": found.number, "phone_country": found.country}
    return _taken("sms", asker, found.number, found.number, own)


def _hook(fields: Mapping[str, Any], choice: Choice, asker: Asker, now: datetime) -> Taken:
    if not way_settings.current().offers_webhook:
        raise _not_offered("endpoint")
    try:
        found = hooking.entered(
            channel=hooking.WEBHOOK, url=_text(fields, "endpoint"), payload="statuspage"
        )
    except FieldInvalid as error:
        raise NotTaken("endpoint", str(error)) from None
    hooking.admit(client=asker.client, now=now)
    _ask(
        asker,
        choice,
        now,
        channel=hooking.WEBHOOK,
        address=found.address,
        canonical=found.canonical,
        secrets=found.secrets,
        options=found.options,
    )
    own = {"endpoint": found.secrets["url"]}
    return _taken("webhook", asker, found.address, found.canonical, own)


def _ask(asker: Asker, choice: Choice, now: datetime, **way: Any) -> None:
    subscribing.ask(
        page=asker.page,
        choice=choice,
        origin=Origin.API,
        language=asker.language,
        client=asker.client,
        asked=Occasion.ELSEWHERE,
        now=now,
        **way,
    )


def _taken(mode: str, asker: Asker, address: str, key: str, own: Mapping[str, str]) -> Taken:
    ident = sealing.seal_text(json.dumps([mode, asker.page.pk, address, key]), use=_USE)
    return Taken(mode=mode, ident=ident, own=own)


def _choice(fields: Mapping[str, Any], page: Page) -> Choice:
    """One event, some components or groups by their ids, or everything."""
    wanted = _text(fields, "incident_id")
    if wanted:
        event = followed.find_on(page, wanted[:20])
        if event is None:
            said = _("There is no open incident with this id on this page.")
            raise NotTaken("incident_id", said)
        return Choice(wants_all=False, follows=event.topic, event=event.title)
    idents = _idents(fields)
    if not idents:
        return Choice()
    return Choice(wants_all=False, component_ids=frozenset(_components(idents, page)))


def _components(idents: list[str], page: Page) -> set[int]:
    by_ident: dict[str, set[int]] = {}
    rows = Component.objects.filter(pk__in=shown_on.shown_ids(page))
    for pk, own, of_group in rows.values_list("id", "public_id", "group__public_id"):
        for ident in (own, of_group):
            by_ident.setdefault(ident or "", set()).add(pk)
    chosen: set[int] = set()
    for ident in idents:
        if not ident or ident not in by_ident:
            said = _("This page has no component with the id “%(id)s”.") % {"id": ident[:20]}
            raise NotTaken("component_ids", said)
        chosen |= by_ident[ident]
    return chosen


def _idents(fields: Mapping[str, Any]) -> list[str]:
    """The ids, under each name that clients use: a list, or one text with commas."""
    for name in ("component_ids", "components", "component_id"):
        value = fields.get(name)
        if isinstance(value, str):
            value = [part.strip() for part in value.split(",") if part.strip()]
        if value:
            if not isinstance(value, list) or len(value) > _IDS_MAX:
                raise NotTaken("component_ids", _("Send the ids of components as a list."))
            return [str(one) for one in value]
    return []


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name) or ""
    if not isinstance(value, str | int) or len(str(value)) > _TEXT_MAX:
        raise NotTaken(name, _("This has to be a short text."))
    return str(value).strip()


def _not_offered(field: str) -> NotTaken:
    return NotTaken(field, _("This way to subscribe is not offered here."))
