"""The page's general health: the worst replica of all visible components (E4-E7), and its changes.

Noted at the end of every transaction in which a health changed, and by beat, because a replica
may also be removed and a component hidden. AMB-5, AMB-20: only the value counts, whichever
replica is the cause. The rule is `ailing` and stands here alone: what the webhook, the warning and
the read-outs say is all made from it.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from components import catalogue
from components.models import Page, StatusClaim
from components.status import Source
from monitoring import health_webhook
from monitoring.models import HealthChange, Mode, PageHealthChange, Replica
from probing import health as health_rules
from probing.health import Health


def present() -> Health:
    """The general health as it was last noted; healthy before anything was (E6)."""
    latest = _latest()
    return Health(latest.health) if latest else Health.HEALTHY


def note(*, now: datetime) -> PageHealthChange | None:
    """Store the change of the general health, if it changed, and put letters to its receivers; the
    same number of statements always.
    """
    with transaction.atomic():
        # One at a time: of two recorders the second sees what the first one stored.
        page = Page.objects.select_for_update().filter(id=1).first() or catalogue.page()
        found = ailing()
        if page.maintenance_hides_monitors:
            found = [replica for replica in found if not replica.is_in_maintenance]  # type: ignore[attr-defined]
        health = health_rules.worst(Health(replica.known) for replica in found)  # type: ignore[attr-defined]
        previous = present()
        if health == previous:
            return None
        change = PageHealthChange.objects.create(
            previous=previous, health=health, at=now, nodes=_nodes(found, health)
        )
        health_webhook.put_letters(change=change, now=now)
        catalogue.mark_dirty()  # the warning in other places counts from here (U1)
    return change


def _latest() -> PageHealthChange | None:
    return PageHealthChange.objects.order_by("-at", "-id").first()


def ailing() -> list[Replica]:
    """Replicas of components on the main page that are sick or dead as far as is known (`known`); those of a
    component `is_in_maintenance` do not count for the page, unless it is set otherwise (decision 1).

    A replica that nobody looked at lately counts as what it last was: not looking heals nothing. One
    that only reports named and nobody saw healthy does not count at all.
    """
    changes = HealthChange.objects.filter(replica=OuterRef("pk")).order_by("-at", "-id")
    last_known = Subquery(changes.values("previous")[:1])
    in_maintenance = StatusClaim.objects.filter(
        component=OuterRef("node__component"), source=Source.MAINTENANCE
    )
    # Whoever holds a reporter's token could invent dead replicas (reliability E2).
    is_unproven = Q(
        known=Health.DEAD, first_healthy_at__isnull=True, node__mode__in=[Mode.PUSH, Mode.LOCAL]
    )
    return list(
        Replica.objects.filter(
            node__component__is_visible=True, node__component__only_where_chosen=False
        )
        .annotate(known=Coalesce(F("health"), last_known), is_in_maintenance=Exists(in_maintenance))
        .filter(known__in=[Health.SICK, Health.DEAD])
        .exclude(is_unproven)
        .select_related("node")
        .order_by("node__component_id", "node__position", "node_id", "position", "id")
    )


def _nodes(ailing: Sequence[Replica], health: Health) -> list[dict[str, str]]:
    """The replicas that have this health, as receivers of the webhook are told (G6, AMB-5)."""
    return [
        {"label": replica.node.name, "replica": replica.address}
        for replica in ailing
        if replica.known == health  # type: ignore[attr-defined]
    ]
