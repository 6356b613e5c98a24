"""While our own network is down nothing flips: when that begins, what is held, when it ends (F-28).

The finding is a row, so that all workers and pages agree. It costs no statement while all is well:
recording reads it with the replicas it locks anyway.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from components import catalogue
from monitoring import alert_letters, vantage
from monitoring.models import Blindness, Mode, Node, Replica
from monitoring.polling import Observation
from notifications.messages import Tone
from probing.base import Reason
from probing.health import Health

GOOD_ROUNDS = 2
_CENTRAL = Q(node__mode=Mode.POLL, node__is_polled_centrally=True)


def weigh(
    *, observations: Sequence[Observation], replicas: Mapping[int, Replica], now: datetime
) -> Sequence[Observation]:
    """The observations as far as they may be believed: what our own network may have caused is
    inconclusive. Begins the blindness when they are the sign of it.

    The replicas are locked and carry `is_blind`. A network failure that comes while a witness is
    silent is held for one check, so that the failures of one interval can be counted first.
    """
    is_blind = any(getattr(replica, "is_blind", False) for replica in replicas.values())
    # A location that is cut off is its own affair: its vote goes stale.
    central = [item for item in observations if not item.place]
    suspects = [] if is_blind else [item for item in central if item.silent_share > 0]
    if not is_blind and not suspects:
        return observations
    if not is_blind and _is_cut_off(suspects, replicas, now):
        begin(at=min(item.at for item in suspects), now=now)
        is_blind = True
    return [
        replace(item, outcome=vantage.doubted(item.outcome), measured=None)
        if _is_held(item, replicas.get(item.replica_id), is_blind=is_blind)
        else item
        for item in observations
    ]


def begin(*, at: datetime, now: datetime) -> bool:
    """Note that we are blind since `at` and tell operators once; whether that is news."""
    at = _tenths(at)
    with transaction.atomic():
        row, is_new = Blindness.objects.get_or_create(is_open=True, defaults={"started_at": at})
        if is_new:
            catalogue.mark_dirty()
            _tell(row, now)
    return is_new


def note_round(*, is_good: bool, now: datetime) -> bool:
    """Note one round of the witnesses while blind; whether it was the one that ends it.

    Two good rounds in a row end it. All polled replicas are then due at once, and what was known of
    them counts until that check had its time.
    """
    with transaction.atomic():
        row = Blindness.objects.select_for_update().filter(is_open=True).first()
        if row is None:
            return False
        row.good_rounds = row.good_rounds + 1 if is_good else 0
        is_over = row.good_rounds >= GOOD_ROUNDS
        if is_over:
            row.is_open, row.ended_at = False, _tenths(now)
            _resume(since=row.started_at, now=row.ended_at)
            catalogue.mark_dirty()
        row.save(update_fields=["good_rounds", "is_open", "ended_at"])
    return is_over


def is_open() -> bool:
    """Whether a blindness is noted."""
    return Blindness.objects.filter(is_open=True).exists()


def _tenths(at: datetime) -> datetime:
    """In tenths of a second, as samples are kept: so a replay finds the same."""
    return at.replace(microsecond=at.microsecond // 100_000 * 100_000)


def _is_cut_off(
    suspects: Sequence[Observation], replicas: Mapping[int, Replica], now: datetime
) -> bool:
    """Whether the witnesses say so, or one of them and most of what is polled."""
    if any(item.silent_share >= vantage.BLIND_SHARE for item in suspects):
        return True
    failing = {
        item.replica_id
        for item in suspects
        if (replica := replicas.get(item.replica_id)) and replica.health == Health.HEALTHY
    }
    if not failing:
        return False
    longest = max(replicas[replica_id].node.interval_s for replica_id in failing)
    healthy = Replica.objects.filter(_CENTRAL, health=Health.HEALTHY)
    held = healthy.filter(
        reason=Reason.OWN_NETWORK, last_outcome_at__gte=now - timedelta(seconds=longest)
    )
    failing |= set(held.values_list("id", flat=True))
    if len(failing) < vantage.SUSPICIOUS_COUNT:
        return False
    return vantage.is_wide(failing=len(failing), healthy=healthy.count())


def _is_held(item: Observation, replica: Replica | None, *, is_blind: bool) -> bool:
    """Whether the observation may not change anything."""
    if replica is None or item.place:
        return False
    if item.outcome.reason == Reason.SILENT:
        return is_blind  # reports could not reach us either
    if item.measured is not None:
        return False
    if is_blind:
        return item.outcome.reachable is not None and vantage.needs_network(replica.address)
    is_first = replica.health == Health.HEALTHY and replica.reason != Reason.OWN_NETWORK
    return item.silent_share > 0 and is_first and item.outcome.reachable is False


def _resume(*, since: datetime, now: datetime) -> None:
    polled = Replica.objects.filter(_CENTRAL)
    polled.filter(next_probe_at__isnull=False).update(next_probe_at=now)
    # What was known when it began, and only that, goes on counting until the next check had its time.
    for node in Node.objects.filter(mode=Mode.POLL, is_polled_centrally=True):
        Replica.objects.filter(node=node, health__isnull=False, fresh_until__gt=since).update(
            fresh_until=now + node.fresh_for
        )


def _tell(row: Blindness, now: datetime) -> None:
    message = alert_letters.compose(
        name="blind",
        subject=_("Monitoring cannot reach the network"),
        context={"since": row.started_at},
        payload={"blind": True, "since": row.started_at.isoformat()},
        tone=Tone.PROBLEM,
        now=now,
    )
    alert_letters.tell_everybody(message=message, dedupe_key=f"blind:{row.pk}", now=now)
