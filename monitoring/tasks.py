"""Doorbells of monitoring: beat rings, the rows say what is due."""

import asyncio
import contextlib

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from common import egress
from monitoring import (
    alerting,
    blindness,
    browsers,
    coverage,
    drafting,
    fullness,
    heard,
    listening,
    outside_alerts,
    page_health,
    polling,
    recording,
    reminding,
    retention,
    rotation,
    scheduling,
    told_deaths,
    vantage,
    watchdog,
)

# Of batches that no worker took; each is worth nothing after an interval.
MOST_WAITING = 100


@shared_task(ignore_result=True, acks_late=True)
def dispatch_due_probes() -> None:
    """Claim what is due and hand it to the probe workers, up to 500 replicas a task.

    What other locations check too goes to the queue of each, where a worker started there waits.
    """
    while batch := scheduling.claim_due_replicas(now=timezone.now()):
        if batch.replica_ids:
            probe_batch.apply_async(
                kwargs={"replica_ids": batch.replica_ids}, expires=max(2, batch.expires_s)
            )
        send_elsewhere(batch)


def send_elsewhere(batch: scheduling.ClaimedBatch) -> None:
    """Hand the locations their part of a claimed batch; nobody else claims it for them."""
    for slug, replica_ids in batch.elsewhere.items():
        queue = f"probes.{slug}"
        _make_room(queue)
        probe_batch.apply_async(
            kwargs={"replica_ids": replica_ids}, queue=queue, expires=max(2, batch.expires_s)
        )


def _make_room(queue: str) -> None:
    """Drop what waits for a location where no worker takes it, because a daemon checks there.

    Brokers keep what expired until somebody takes it: 17,000 messages a day for each location.
    """
    with probe_batch.app.connection_or_acquire() as connection:
        channel = connection.default_channel
        with contextlib.suppress(*connection.connection_errors):  # whoever sends next is told
            if channel.queue_declare(queue=queue).message_count >= MOST_WAITING:
                channel.queue_purge(queue=queue)


@shared_task(ignore_result=True, acks_late=True)
def probe_batch(*, replica_ids: list[int]) -> None:
    """Check these replicas in one loop and record the outcomes in waves as they come."""
    guard = egress.monitor_guard(allow_private=settings.ALLOW_PRIVATE_TARGETS)
    jobs = polling.load_jobs(replica_ids=replica_ids)
    for wave in polling.observe(jobs=jobs, guard=guard, now=timezone.now()):
        recording.record(observations=wave, now=timezone.now())
    if settings.LOCATION:
        heard.note(location=settings.LOCATION, now=timezone.now())


@shared_task(ignore_result=True, acks_late=True)
def look_around() -> None:
    """Ask the witnesses while we are blind, and always those that somebody named in the settings."""
    was_blind = blindness.is_open()
    if not was_blind and not settings.WITNESSES:
        return
    own = vantage.Vantage(witnesses=settings.WITNESSES)
    is_cut_off = asyncio.run(own.is_cut_off())
    if was_blind:
        blindness.note_round(is_good=not is_cut_off, now=timezone.now())
    elif is_cut_off and asyncio.run(vantage.Vantage(witnesses=settings.WITNESSES).is_cut_off()):
        now = timezone.now()
        blindness.begin(at=now, now=now)


@shared_task(ignore_result=True, acks_late=True)
def note_gaps() -> None:
    """Turn replicas that nobody looked at to unknown."""
    coverage.note_gaps(now=timezone.now())


@shared_task(ignore_result=True, acks_late=True)
def find_silent() -> None:
    """Turn replicas dead whose reports stopped."""
    while listening.find_silent(now=timezone.now()):
        pass


@shared_task(ignore_result=True, acks_late=True)
def remove_gone() -> None:
    """Remove replicas that fell silent long ago while others of their node report, say so where a
    full node has room again, and forget alerts that nobody told again and signing secrets that were
    replaced a day ago."""
    listening.remove_gone(now=timezone.now())
    outside_alerts.expire(now=timezone.now())
    fullness.note_room(now=timezone.now())
    rotation.forget_replaced(now=timezone.now())


@shared_task(ignore_result=True, acks_late=True)
def tell_operators() -> None:
    """Tell what was held back, what is no longer watched and what is still dead; forget browsers that
    are gone."""
    alerting.tell_held(now=timezone.now())
    told_deaths.tell_gone(now=timezone.now())
    reminding.remind(now=timezone.now())
    browsers.forget_gone(now=timezone.now())


@shared_task(ignore_result=True, acks_late=True)
def keep_honest() -> None:
    """Draft incidents for what is dead, propose their end, and find what the page does not say."""
    drafting.draft(now=timezone.now())
    drafting.note_recovery(now=timezone.now())
    watchdog.look(now=timezone.now())


@shared_task(ignore_result=True, acks_late=True)
def note_page_health() -> None:
    """Notice what no outcome said: a replica was removed, a component hidden."""
    page_health.note(now=timezone.now())


@shared_task(ignore_result=True, acks_late=True)
def pack_samples() -> None:
    """Pack finished quarter hours and sum up finished hours and days."""
    while retention.pack_finished_quarter(now=timezone.now()):
        pass
    retention.sum_up_finished(now=timezone.now())


@shared_task(ignore_result=True, acks_late=True)
def forget_old_measurements() -> None:
    """Delete what is beyond its retention."""
    retention.forget(now=timezone.now())
