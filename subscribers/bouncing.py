"""Stop writing where nothing arrives (decision 7): addresses that bounce, endpoints that are gone.

Reads what the outbox knows; notifications never call up. Called once a minute, as often as one likes:
what is retired already stays as it is.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from notifications import outbox
from notifications.channels.providers import OPTED_OUT
from subscribers import granting, operators, sms_hook
from subscribers.fanout import PAGE_KINDS, page_address
from subscribers.models import Integration, Reason, State, Subscriber, Suppression

MAIL_PAUSED_AFTER = timedelta(hours=72)
HOOK_PAUSED_AFTER = timedelta(days=5)
_HOOKS = ("webhook", "slack", "teams", "discord", "webpush")
# Long enough to be read again after any stop; acting twice changes nothing.
_LOOK_BACK = timedelta(days=3)
_SUPPRESSED = ("email", "sms")
_BROWSER = "webpush"
_NOTE_MAX = 300


def retire_bounced(*, now: datetime) -> int:
    """Suppress addresses that do not exist, pause who has failed for long; how many it stopped."""
    stopped = sum(
        _retire(bounce, now=now) for bounce in outbox.permanent_failures(since=now - _LOOK_BACK)
    )
    stopped += _pause(channels=("email", "sms"), after=MAIL_PAUSED_AFTER, now=now)
    stopped += _pause(channels=_HOOKS, after=HOOK_PAUSED_AFTER, now=now)
    return stopped


def complain(*, grant: str, note: str, now: datetime) -> bool:
    """Never write again to whoever complained about mail under this grant; whether that is new."""
    with transaction.atomic():
        people = Subscriber.objects.filter(pk=granting.subscriber_id(grant) or 0)
        row = people.select_for_update().first()
        if row is None:
            return False
        return _suppress(row, reason=Reason.COMPLAINT, note=note, now=now)


def _suppress(row: Subscriber, *, reason: Reason, note: str, now: datetime) -> bool:
    """Suppress the address of a locked row and end every subscription of it; whether that is new."""
    _mark, is_new = Suppression.objects.get_or_create(
        channel=row.channel,
        canonical=row.canonical,
        reason=reason,
        defaults={"note": note[:_NOTE_MAX], "created_at": now},
    )
    same = Subscriber.objects.exclude(state=State.ENDED)
    same = same.filter(channel=row.channel, canonical=row.canonical)
    grants = [granting.grant_of(pk) for pk in same.values_list("id", flat=True)]
    same.update(state=State.ENDED, ended_at=now, ended_reason=str(reason.label))
    outbox.cancel_grants(grants=[granting.grant_of(row.id), *grants])
    return is_new


def _retire(bounce: outbox.Bounce, *, now: datetime) -> int:
    """End or pause the subscription that this bounce speaks of, unless it is newer than the bounce."""
    if bounce.address in map(page_address, PAGE_KINDS):
        return _switch_off(bounce, now=now)
    subscriber_id = granting.subscriber_id(bounce.grant)
    if subscriber_id is None:
        return 0
    before = Q(confirmed_at__lte=bounce.at) | Q(confirmed_at__isnull=True)
    rows = Subscriber.objects.active().filter(before, pk=subscriber_id)
    with transaction.atomic():
        row = rows.select_for_update().first()
        return 0 if row is None else _stop(row, bounce, now=now)


def _stop(row: Subscriber, bounce: outbox.Bounce, *, now: datetime) -> int:
    """Stop writing to a locked subscription, as is right for its channel; how many it stopped."""
    if bounce.channel == "sms" and bounce.error.startswith(OPTED_OUT):
        # The provider heard a STOP that we did not; START from that phone brings all back.
        return int(sms_hook.stop(number=row.canonical, now=now))
    if bounce.channel == _BROWSER:
        _end_browser(row, now=now)
    elif bounce.channel in _SUPPRESSED:
        _suppress(row, reason=Reason.HARD_BOUNCE, note=bounce.error, now=now)
    else:
        _put_on_hold(row, since=bounce.at, error=bounce.error, now=now)
    return 1


def _end_browser(row: Subscriber, *, now: datetime) -> None:
    """A browser that is gone, or asked its push service to stop: nobody is told, it happens daily."""
    row.state, row.ended_at = State.ENDED, now
    row.ended_reason = _("The browser takes no notifications any more.")
    row.save(update_fields=["state", "ended_at", "ended_reason"])
    outbox.cancel_grants(grants=[granting.grant_of(row.id)])


def _pause(*, channels: tuple[str, ...], after: timedelta, now: datetime) -> int:
    paused = 0
    for found in outbox.failing(channels=channels, for_at_least=after, now=now):
        pk = granting.subscriber_id(found.grant)
        before = Q(confirmed_at__lte=found.since) | Q(confirmed_at__isnull=True)
        with transaction.atomic():
            rows = Subscriber.objects.active().filter(before, pk=pk or 0)
            row = rows.select_for_update().first()
            if row is not None:
                _put_on_hold(row, since=found.since, error=found.error, now=now)
                paused += 1
    return paused


def _put_on_hold(row: Subscriber, *, since: datetime, error: str, now: datetime) -> None:
    """Pause, cancel what waits, and tell the operators: of a hook we know no other address."""
    row.state, row.failing_since = State.PAUSED, since
    row.save(update_fields=["state", "failing_since"])
    outbox.cancel_grants(grants=[granting.grant_of(row.id)])
    if row.channel in {*_SUPPRESSED, _BROWSER}:
        return
    text = _(
        "Messages to %(who)s have failed since %(since)s UTC, so nothing more is sent there."
        "\n\nLast error: %(error)s\n"
    ) % {"who": row.address, "since": f"{since:%Y-%m-%d %H:%M}", "error": error}
    subject = _("Switched off: %(who)s") % {"who": row.address}
    key = f"paused:{row.id}:{since:%Y%m%d%H%M}"
    operators.tell(key=key, subject=subject, text=text, path="/admin/subscribers/", now=now)


def _switch_off(bounce: outbox.Bounce, *, now: datetime) -> int:
    """Switch an integration of the page off that answers "gone", unless it was set up since."""
    kind = bounce.address.removeprefix(page_address(""))
    before = Q(changed_at__lte=bounce.at) | Q(changed_at__isnull=True)
    off = Integration.objects.filter(before, kind=kind, is_enabled=True)
    if not off.update(is_enabled=False, changed_at=now):
        return 0
    operators.tell(
        key=f"integration-off:{kind}:{bounce.at:%Y%m%d%H%M%S}",
        subject=_("Integration switched off: %(kind)s") % {"kind": kind},
        text=_("It refuses our messages for good: %(error)s\n") % {"error": bounce.error},
        path="/admin/integrations/",
        now=now,
    )
    return 1
