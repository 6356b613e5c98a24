"""A node that has as many replicas as it may: operators are told once, and again after it had room.

Called by `reports` when it refuses a new replica (reliability E2), and by beat.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from monitoring import alert_letters
from monitoring.models import Node
from notifications.messages import Tone

# A flood that comes and goes with the room for it is one event; a refusal is noted once a minute.
QUIET_FOR = timedelta(minutes=10)
_NOTED_EVERY = timedelta(minutes=1)


def note_refused(*, node_ids: Collection[int], now: datetime) -> None:
    """Note that new replicas of these nodes were refused, and tell operators of each node once.

    Call inside the transaction that refused them, with the nodes locked.
    """
    stale = Q(full_at__isnull=True) | Q(full_at__lte=now - _NOTED_EVERY)
    rows = Node.objects.filter(stale, id__in=node_ids).select_related("component").order_by("id")
    for node in rows:
        is_news = node.full_at is None
        Node.objects.filter(id=node.id).update(full_at=now)
        if is_news:
            _tell(node, now)


def note_room(*, now: datetime) -> int:
    """Clear what has room again and refused nobody for a while; how many nodes."""
    full = Node.objects.filter(full_at__lte=now - QUIET_FOR).annotate(present=Count("replicas"))
    cleared = 0
    for node in full.select_related("component").order_by("id"):
        if node.present >= settings.REPLICAS_PER_NODE:
            continue
        with transaction.atomic():
            if Node.objects.filter(id=node.id, full_at=node.full_at).update(full_at=None):
                _tell_room(node, now)
                cleared += 1
    return cleared


def _tell(node: Node, now: datetime) -> None:
    _put(
        node,
        subject=_("%(node)s is full: reports of new replicas are refused"),
        text=_(
            "It has %(limit)d replicas, which is as many as a node may have, and reporters name "
            "others. Those known go on being judged. Remove replicas that are gone, raise "
            "CANDOR_REPLICAS_PER_NODE, or revoke the token if these names are not yours."
        ),
        tone=Tone.PROBLEM,
        now=now,
    )


def _tell_room(node: Node, now: datetime) -> None:
    _put(
        node,
        subject=_("%(node)s has room for new replicas again"),
        text=_("It may have %(limit)d replicas, and nobody was refused for ten minutes."),
        tone=Tone.RECOVERY,
        now=now,
    )


def _put(node: Node, *, subject: str, text: str, tone: Tone, now: datetime) -> None:
    name = f"{node.component.name} / {node.name}"
    limit = settings.REPLICAS_PER_NODE
    is_full = tone is Tone.PROBLEM
    message = alert_letters.compose(
        name="node_full",
        subject=subject % {"node": name},
        context={"text": text % {"limit": limit}, "is_full": is_full},
        payload={"node": name, "is_full": is_full, "limit": limit},
        tone=tone,
        about=f"full-{node.uuid}",
        now=now,
    )
    letters = [
        letter
        for channel in alert_letters.enabled()
        if is_full or channel.tells_recovery
        for letter in alert_letters.letters(
            channel=channel,
            message=message,
            dedupe_key=f"node-{'full' if is_full else 'room'}:{node.pk}:{now.isoformat()}",
        )
    ]
    alert_letters.put(letters=letters, now=now)
