"""A body that each operation takes, and the keys in paths, as the document shows them.

They name what a new installation of the examples has; tests/management_api/test_fuzzed.py sends every
one of them, and each has to be accepted.
"""

from typing import Any

_ID = "k3f8gr2bxq9t"
_SAID: dict[str, Any] = {"text": "We are looking.", "notify": False}

# By the names that keys have in paths.
_KEYS = {"type_key": "customer", "entry_key": "acme", "attribute_key": "seats", "kind": "sub"}

# By operationId.
_BODIES: dict[str, dict[str, Any]] = {
    "change_main_page": {"language": "en"},
    "create_page": {"name": "Status for partners", "slug": "partners", "component_ids": [_ID]},
    "change_page": {"name": "Status for partners"},
    "create_component": {"name": "Checkout", "description": "Pay and order."},
    "change_component": {"name": "Checkout"},
    "set_component_status": {"status": "degraded_performance"},
    "create_group": {"name": "Shop"},
    "change_group": {"name": "Shop"},
    "create_node": {"name": "Web servers", "component_id": _ID},
    "change_node": {"interval_s": 60},
    "mute_node": {"muted_until": None},
    "create_replica": {"node_id": 1, "address": "https://shop.example.com/health"},
    "change_replica": {"address": "https://shop.example.com/health"},
    "create_subscriber": {
        "address": "ada@example.com",
        "has_agreed": True,
        "consent_note": "Asked at the desk",
    },
    "change_subscriber": {"component_ids": [_ID]},
    "create_suppression": {"address": "bob@example.com", "note": "Asked us by phone"},
    "lift_suppression": {"why": "The mailbox is there again"},
    "create_type": {"name": "Region"},
    "change_type": {"name": "Customer"},
    "add_attribute": {"name": "Services", "kind": "components"},
    "change_attribute": {"name": "Seats"},
    "make_pages": {},
    "create_entry": {"name": "Globex", "values": {"seats": ["12"]}},
    "change_entry": {"values": {"seats": ["20"]}},
    "create_channel": {
        "kind": "email",
        "name": "Second line",
        "values": {"recipients": "ops@example.com"},
    },
    "change_channel": {"name": "On call"},
    "create_incident": {
        "title": "Payments fail",
        "impact": "major",
        "components": [{"id": _ID, "status": "partial_outage"}],
        **_SAID,
    },
    "change_incident": {"title": "Payments fail"},
    "post_incident_update": {"state": "identified", **_SAID},
    "correct_incident_update": {"text": "We are looking into it."},
    "plan_maintenance": {
        "title": "A new database server",
        "text": "Orders wait meanwhile.",
        "starts_at": "2030-06-01T20:00:00Z",
        "ends_at": "2030-06-01T21:00:00Z",
        "components": [{"id": _ID}],
        "notify": False,
    },
    "change_maintenance": {"title": "A new database server"},
    "extend_maintenance": {"minutes": 30, "notify": False},
    "cancel_maintenance": {"text": "It is not needed.", "notify": False},
    "post_maintenance_update": {"text": "All is prepared.", "notify": False},
    "correct_maintenance_update": {"text": "All is ready."},
    "create_template": {
        "name": "Disk full",
        "title": "{component} is slow",
        "text": "A disk is full.",
    },
    "change_template": {"title": "{component} is slow"},
    "write_postmortem": {
        "title": "Payments failed",
        "summary": "For an hour nobody could pay.",
        "entries": [{"at": "2026-01-01T02:00:00Z", "text": "Payments work again."}],
        "actions": [{"text": "Watch the disk", "owner": "Ada", "due_on": "2026-02-01"}],
    },
    "create_announcement": {"title": "Holidays", "text": "We answer more slowly until Monday."},
    "change_announcement": {"title": "Holidays"},
    "apply_file": {"document": "components:\n  - {name: Basket, slug: basket}\n", "dry_run": True},
}


def put_into(operation: dict[str, Any]) -> None:
    """Put the examples into an operation of the document."""
    for parameter in operation.get("parameters", []):
        key = _KEYS.get(parameter["name"])
        if key is not None and parameter["in"] == "path":
            # A key of its own, since a schema may be shared with other parameters.
            parameter["schema"] = parameter["schema"] | {"examples": [key]}
    body = _BODIES.get(operation["operationId"])
    if body is not None:
        operation["requestBody"]["content"]["application/json"]["example"] = body
