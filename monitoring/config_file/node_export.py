"""A node as it stands in an exported file."""

from datetime import datetime
from typing import Any

from monitoring.config_file import node_schema
from monitoring.config_file.writing import Inline, moment, short, without_defaults
from monitoring.models import Mode, Node


def section(row: Node, *, now: datetime) -> dict[str, Any]:
    """The node with its replicas; `replicas`, `locations` and `depends_on` are prefetched."""
    http = without_defaults(
        {
            "method": row.http_method,
            "status": Inline([row.http_status_min, row.http_status_max]),
            "body_contains": row.http_body_contains or None,
            "body_regex": row.http_body_regex or None,
            "headers": dict.fromkeys(row.http_headers),
            "follow_redirects": row.http_follow_redirects,
            "verify_tls": row.http_verify_tls,
        },
        node_schema.Http,
    )
    reported = without_defaults(
        {
            "silent_after_s": short(row.silent_after_s),
            "silence_rule": row.silence_rule,
            "ping_every_s": row.ping_every_s,
            "cpu_sick_above": short(row.cpu_sick_above),
            "ram_sick_above": short(row.ram_sick_above),
        },
        node_schema.Node,
    )
    judged = without_defaults(
        {
            "bad_checks": row.bad_checks,
            "good_checks": row.good_checks,
            "polled_centrally": row.is_polled_centrally,
            "locations": Inline(sorted(place.slug for place in row.locations.all())),
            "quorum": row.quorum,
            "depends_on": sorted(
                f"{other.component.slug}/{other.slug}" for other in row.depends_on.all()
            ),
        },
        node_schema.Node,
    )
    muted_until = row.muted_until if row.muted_until and row.muted_until > now else None
    replicas = sorted(row.replicas.all(), key=lambda replica: (replica.position, replica.id))
    return {
        "name": row.name,
        "slug": row.slug,
        "mode": row.mode,
        "interval_s": row.interval_s,
        "retries": row.retries,
        "dead_after_s": short(row.dead_after_s),
        "sick_after_s": short(row.sick_after_s),
        **reported,
        **judged,
        **({"muted_until": moment(muted_until)} if muted_until else {}),
        **({"http": http} if http else {}),
        # Those of a push node are made by their reports.
        "replicas": [] if row.mode == Mode.PUSH else [replica.address for replica in replicas],
    }
