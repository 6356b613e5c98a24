"""What a program says of an incident in Statuspage's manage API, from JSON or the texts of a form.

Fields of theirs that have no meaning here (tweets, access groups, metadata) are taken and left aside.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from api.v1_door import Refused
from common import moments
from components.status import Status
from incidents.lifecycle import Impact

_TRUE, _FALSE = (
    frozenset({"t", "true", "1", "yes", "on"}),
    frozenset({"f", "false", "0", "no", "off"}),
)
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_STATUSES = tuple(status for status in Status if status is not Status.UNKNOWN)
INCIDENT_STATES = ("investigating", "identified", "monitoring", "resolved")
WORK_STATES = ("scheduled", "in_progress", "verifying", "completed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The fields of an incident; None is what was not sent.

    `components`: by primary key, None where no status was said. `is_whole`: they are all that are
    affected, not only those that change.
    """

    name: str | None
    status: str | None
    text: str | None
    impact: Impact | None
    components: Mapping[int, Status | None] | None
    is_whole: bool
    notifies: bool
    starts_at: datetime | None
    ends_at: datetime | None
    reminds: bool | None
    auto_start: bool | None
    auto_finish: bool | None
    is_backfilled: bool
    backfilled_at: datetime | None

    @property
    def is_work(self) -> bool:
        """Whether it speaks of maintenance."""
        return self.starts_at is not None or self.status in WORK_STATES


def own(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The object under a name, like `incident`. Raises Refused."""
    found = body.get(name)
    if not isinstance(found, dict):
        raise Refused(f"Send the fields as “{name}”: {{…}} or {name}[…].")
    return found


def incident(fields: Mapping[str, Any], known: Mapping[str, int]) -> Said:
    """Read an incident; `known` are the components of the page by their ids. Raises Refused."""
    chosen, is_whole = _components(fields, known)
    return Said(
        name=text(fields, "name"),
        status=_word(fields, "status", (*INCIDENT_STATES, *WORK_STATES)),
        text=text(fields, "body") if "body" in fields else text(fields, "message"),
        impact=_impact(fields),
        components=chosen,
        is_whole=is_whole,
        notifies=flag(fields, "deliver_notifications") is not False,
        starts_at=moment(fields, "scheduled_for"),
        ends_at=moment(fields, "scheduled_until"),
        reminds=flag(fields, "scheduled_remind_prior"),
        auto_start=_either(
            fields, "scheduled_auto_in_progress", "auto_transition_to_maintenance_state"
        ),
        auto_finish=_either(
            fields, "scheduled_auto_completed", "auto_transition_to_operational_state"
        ),
        is_backfilled=bool(flag(fields, "backfilled")),
        backfilled_at=moment(fields, "backfill_date"),
    )


def text(fields: Mapping[str, Any], name: str) -> str | None:
    """A text; nothing sent, null and numbers aside. Raises Refused."""
    value = fields.get(name)
    if value is None:
        return None
    if isinstance(value, bool | dict | list):
        raise Refused(f"{name} has to be text.")
    return str(value)


def flag(fields: Mapping[str, Any], name: str) -> bool | None:
    """A switch: true and false in JSON, t and f in forms. Raises Refused."""
    value = fields.get(name)
    if value is None or value == "":
        return None
    word = str(value).strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise Refused(f"{name} has to be true or false.")


def moment(fields: Mapping[str, Any], name: str) -> datetime | None:
    """A time in ISO 8601, in UTC unless it names a zone; a day begins at midnight. Raises Refused.

    It lies between 1990 and 2100: nothing that is added to it overflows.
    """
    value = (text(fields, name) or "").strip()
    if not value:
        return None
    try:
        at = datetime.fromisoformat(f"{value}T00:00:00" if _DAY.fullmatch(value) else value)
    except ValueError:
        raise Refused(f"{name} has to be a time like 2026-11-24T02:00:00Z.") from None
    try:
        at = moments.sane(at.replace(tzinfo=UTC) if at.tzinfo is None else at)
    except ValueError as error:
        raise Refused(f"{name} {error}.") from None
    return at.astimezone(UTC)


def status(fields: Mapping[str, Any], name: str = "status") -> Status | None:
    """A component's status. Raises Refused."""
    word = _word(fields, name, [one.value for one in _STATUSES])
    return Status(word) if word else None


def _impact(fields: Mapping[str, Any]) -> Impact | None:
    """The impact that a person chose; "maintenance" is that of maintenance, and no choice."""
    word = _word(fields, "impact_override", [*(one.value for one in Impact), "maintenance"])
    return Impact(word) if word and word != "maintenance" else None


def _components(
    fields: Mapping[str, Any], known: Mapping[str, int]
) -> tuple[Mapping[int, Status | None] | None, bool]:
    """`components` with statuses by id, or as a list, and `component_ids`: all that are affected."""
    said, listed = fields.get("components"), fields.get("component_ids")
    if isinstance(said, list) and not listed:
        said, listed = None, said
    if said is None and listed is None:
        return None, False
    if not isinstance(said or {}, dict) or not isinstance(listed or [], list):
        raise Refused("components has to be an object of ids and statuses, or a list of ids.")
    chosen: dict[int, Status | None] = {_known(one, known): None for one in listed or []}
    for ident in said or {}:
        chosen[_known(ident, known)] = status(said or {}, ident)
    return chosen, listed is not None


def _known(ident: object, known: Mapping[str, int]) -> int:
    found = known.get(ident) if isinstance(ident, str) else None
    if found is None:
        raise Refused(f"This page has no component with the id “{str(ident)[:20]}”.")
    return found


def _word(fields: Mapping[str, Any], name: str, words: Any) -> str | None:
    value = (text(fields, name) or "").strip().lower()
    if value and value not in words:
        raise Refused(f"{name[:40]} has to be one of: {', '.join(words)}.")
    return value or None


def _either(fields: Mapping[str, Any], *names: str) -> bool | None:
    found = [flag(fields, name) for name in names]
    return next((one for one in found if one is not None), None)
