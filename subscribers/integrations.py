"""Integrations of the page itself: places that get every event, each with one common shape (Q3).

A new one is a channel of `notifications` and a line in KINDS. Nothing is sent while it is off, but
for a test.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _

from common import sealing
from components import catalogue
from notifications import outbox, reading
from notifications.channels import CHANNELS
from notifications.channels.base import FieldInvalid
from notifications.messages import Message
from notifications.outbox import Letter
from subscribers import fanout, operators, x_sign_in
from subscribers.models import Integration

# Kinds, and whether an operator signs in there instead of typing what the channel needs.
KINDS: Mapping[str, bool] = {"slack": False, "x": True}
_FRESH_FOR = timedelta(minutes=90)


class NotSetUp(Exception):
    """It cannot be switched on or tested before it is set up; says so to a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pane:
    """One integration as the console shows it."""

    kind: str
    title: str
    signs_in: bool
    is_enabled: bool
    is_set_up: bool
    last: reading.Last | None


def panes() -> list[Pane]:
    """Every kind with its last result, also those that were never set up."""
    rows = {row.kind: row for row in Integration.objects.all()}
    return [_pane(kind, rows.get(kind)) for kind in KINDS]


def set_up(*, kind: str, values: Mapping[str, str], now: datetime) -> Integration:
    """Store what the channel needs; what is left empty stays. Raises ValidationError by field."""
    row = Integration.objects.filter(kind=kind).first() or Integration(kind=kind)
    kept = _secrets(row)
    typed = {name: value.strip() for name, value in values.items() if value.strip()}
    try:
        checked = CHANNELS[kind].check({**kept, **typed})
    except FieldInvalid as error:
        raise ValidationError({error.name: [str(error)]}) from None
    return _store(row, {**kept, **checked}, now=now)


def sign_in(*, kind: str, code: str, verifier: str, now: datetime) -> Integration:
    """Finish a sign-in with the code that came back. Raises x_sign_in.SignInFailed."""
    kept = x_sign_in.finish(code=code, verifier=verifier, now=now)
    row = Integration.objects.filter(kind=kind).first() or Integration(kind=kind)
    return _store(row, kept, now=now)


def switch(*, kind: str, is_enabled: bool, now: datetime) -> None:
    """Switch one on or off. Raises NotSetUp."""
    row = Integration.objects.filter(kind=kind).exclude(sealed="").first()
    if row is None:
        raise NotSetUp(_("Set it up first."))
    row.is_enabled, row.changed_at = is_enabled, now
    row.save(update_fields=["is_enabled", "changed_at"])


def forget(*, kind: str) -> None:
    """Forget an integration and its secrets; what is in the outbox already still goes out."""
    Integration.objects.filter(kind=kind).delete()


def send_test(*, kind: str, now: datetime) -> None:
    """Put a test into the outbox, also while it is off. Raises NotSetUp."""
    row = Integration.objects.filter(kind=kind).first()
    if row is None or not row.sealed:
        raise NotSetUp(_("Set it up first."))
    name = catalogue.page().name
    message = Message(
        subject=_("[%(page)s] Test of the integration") % {"page": name},
        # X refuses a text that it has seen before.
        text=_("This is a test, at %(time)s UTC.") % {"time": f"{now:%Y-%m-%d %H:%M:%S}"},
    )
    letter = Letter(
        channel=kind,
        address=fanout.page_address(kind),
        message=message,
        dedupe_key=f"integration-test:{get_random_string(12)}",
        secrets=fanout.integration_secrets(row),
    )
    outbox.put_many(letters=[letter], now=now)


def keep_fresh(*, now: datetime) -> int:
    """Renew tokens that run out within the time that a message may wait; how many it renewed.

    One that cannot be renewed switches its integration off once it has run out, and owners are told.
    """
    renewed = 0
    for row in Integration.objects.filter(kind__in=[k for k, signs in KINDS.items() if signs]):
        kept = _secrets(row)
        runs_out_at = x_sign_in.runs_out_at(kept)
        if runs_out_at is None or runs_out_at > now + _FRESH_FOR:
            continue
        try:
            fresh = x_sign_in.refresh(kept=kept, now=now)
        except x_sign_in.SignInFailed as error:
            if runs_out_at <= now and row.is_enabled:
                _give_up(row, str(error), now=now)
            continue
        Integration.objects.filter(pk=row.pk, sealed=row.sealed).update(
            sealed=sealing.seal_mapping(fresh)
        )
        renewed += 1
    return renewed


def _give_up(row: Integration, error: str, *, now: datetime) -> None:
    Integration.objects.filter(pk=row.pk).update(is_enabled=False, changed_at=now)
    operators.tell(
        key=f"integration-off:{row.kind}:{now:%Y%m%d%H}",
        subject=_("Integration switched off: %(kind)s") % {"kind": CHANNELS[row.kind].title},
        text=_("Sign in again: %(error)s\n") % {"error": error},
        path="/admin/integrations/",
        now=now,
    )


def _store(row: Integration, secrets: dict[str, str], *, now: datetime) -> Integration:
    row.sealed, row.changed_at = sealing.seal_mapping(secrets), now
    row.save()
    return row


def _secrets(row: Integration) -> dict[str, str]:
    try:
        return sealing.unseal_mapping(row.sealed)
    except sealing.SealBroken:
        return {}


def _pane(kind: str, row: Integration | None) -> Pane:
    return Pane(
        kind=kind,
        title=CHANNELS[kind].title,
        signs_in=KINDS[kind],
        is_enabled=row is not None and row.is_enabled,
        is_set_up=row is not None and bool(_secrets(row)),
        last=reading.last_to(channel=kind, addresses=[fanout.page_address(kind)]),
    )
