"""The JSON that Alertmanager posts (version 4), to the alerts in it. No database, no HTTP.

Strict about sizes and types, liberal about what other products that speak this form leave out. An alert
that cannot be read takes none of the others with it.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from api.receiving_words import line
from monitoring.outside_alerts import Told

BODY_LIMIT = 1024 * 1024
ALERTS_LIMIT = 500
_LABELS_LIMIT, _NAME_LIMIT, _VALUE_LIMIT = 64, 100, 300
_FINGERPRINT = re.compile(r"[0-9A-Za-z]{1,64}")
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)  # Go's zero time says: none


class BodyInvalid(ValueError):
    """The body is no message of Alertmanager: 400, with this sentence."""


class _AlertInvalid(ValueError):
    """One alert cannot be read; the sentence says why."""


def read(body: bytes, *, now: datetime) -> tuple[list[Told], int]:
    """The alerts of a message, and how many of it are not taken: unreadable, or one too many.

    Raises BodyInvalid, also when not a single alert of it can be read.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise BodyInvalid("The body is not JSON.") from None
    if not isinstance(document, dict) or str(document.get("version", "4")) != "4":
        raise BodyInvalid("The body is no message of version 4.")
    alerts = document.get("alerts")
    if not isinstance(alerts, list):
        raise BodyInvalid("The body has no list of alerts.")
    told, reason = [], ""
    for alert in alerts:
        try:
            told.append(_alert(alert, now=now))
        except _AlertInvalid as error:
            reason = reason or str(error)
        if len(told) == ALERTS_LIMIT:
            break
    if reason and not told:
        raise BodyInvalid(reason)
    return told, len(alerts) - len(told)


def _alert(alert: object, *, now: datetime) -> Told:
    if not isinstance(alert, dict) or alert.get("status") not in ("firing", "resolved"):
        raise _AlertInvalid("An alert is neither firing nor resolved.")
    labels = _texts(alert.get("labels"), "labels")
    notes = _texts(alert.get("annotations") or {}, "annotations")
    return Told(
        fingerprint=_fingerprint(alert.get("fingerprint"), labels),
        labels=labels,
        summary=next(
            (notes[name] for name in ("summary", "description", "message") if name in notes), ""
        ),
        is_firing=alert["status"] == "firing",
        starts_at=_moment(alert.get("startsAt")) or now,
        ends_at=_moment(alert.get("endsAt")),
    )


def _texts(found: object, name: str) -> Mapping[str, str]:
    if not isinstance(found, dict) or len(found) > _LABELS_LIMIT:
        raise _AlertInvalid(f"The {name} of an alert are no object, or too many.")
    if not all(isinstance(value, str) for value in found.values()):
        raise _AlertInvalid(f"The {name} of an alert are not all text.")
    return {line(key)[:_NAME_LIMIT]: line(value)[:_VALUE_LIMIT] for key, value in found.items()}


def _fingerprint(found: object, labels: Mapping[str, str]) -> str:
    """The alert's own, or one made of its labels as Alertmanager makes it: the same for the same."""
    if isinstance(found, str) and _FINGERPRINT.fullmatch(found):
        return found
    spelled = json.dumps(sorted(labels.items()), ensure_ascii=False)
    return hashlib.sha256(spelled.encode()).hexdigest()


def _moment(found: Any) -> datetime | None:
    if not isinstance(found, str) or len(found) > 64:
        return None
    try:
        at = datetime.fromisoformat(found)
        return at.astimezone(UTC) if at.tzinfo and at.replace(tzinfo=UTC) > _EARLIEST else None
    except (ValueError, OverflowError):
        return None
