"""The life of an incident: states and their order, impact, and what an impact says of a component.

Pure rules (requirements I6, I8, J1-J5, AMB-7, AMB-17), called by `publishing`, the postmortem
operations, the forms and the pages.
"""

from collections.abc import Iterable
from enum import StrEnum

from common.wording import gettext_noop
from components import status
from components.status import Status


class TransitionNotAllowed(Exception):
    """An incident cannot take this state now; the message says why, for a person."""


class State(StrEnum):
    """Where an incident stands."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"
    POSTMORTEM = "postmortem"

    @property
    def label(self) -> str:
        """The English word for a person, to be translated where it is shown."""
        return _LABELS[self]

    @property
    def meaning(self) -> str:
        """One English sentence that tells visitors what the state means (I8)."""
        return _MEANINGS[self]

    @property
    def icon(self) -> str:
        """The name of its icon in the page's sprite (design 2.4)."""
        return _ICONS[self]

    @property
    def is_open(self) -> bool:
        """Whether the incident is still going on."""
        return self not in {State.RESOLVED, State.POSTMORTEM}


class Impact(StrEnum):
    """How bad an incident is for those it touches, from nothing to everything."""

    NONE = "none"
    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"

    @property
    def label(self) -> str:
        """The English word for a person, to be translated where it is shown."""
        return _IMPACT_LABELS[self]

    @property
    def meaning(self) -> str:
        """One English sentence that helps an operator choose (J1)."""
        return _IMPACT_MEANINGS[self]

    @property
    def rank(self) -> int:
        """How bad it is, 0 for none."""
        return list(Impact).index(self)


CHOSEN_BY_HAND = (State.INVESTIGATING, State.IDENTIFIED, State.MONITORING, State.RESOLVED)
# What a person may say of a component inside an incident; "unknown" is measured, never declared.
DECLARABLE = (
    Status.OPERATIONAL,
    Status.DEGRADED_PERFORMANCE,
    Status.PARTIAL_OUTAGE,
    Status.MAJOR_OUTAGE,
)

_LABELS = {
    State.INVESTIGATING: gettext_noop("Investigating"),
    State.IDENTIFIED: gettext_noop("Identified"),
    State.MONITORING: gettext_noop("Monitoring"),
    State.RESOLVED: gettext_noop("Resolved"),
    State.POSTMORTEM: gettext_noop("Postmortem"),
}
_MEANINGS = {
    State.INVESTIGATING: gettext_noop("We are looking for the cause."),
    State.IDENTIFIED: gettext_noop("The cause is known and a fix is under way."),
    State.MONITORING: gettext_noop("A fix is in place and we are watching it."),
    State.RESOLVED: gettext_noop("It is over: we confirmed that everything works."),
    State.POSTMORTEM: gettext_noop("A report tells what happened and what we are changing."),
}
_ICONS = {
    State.INVESTIGATING: "look",
    State.IDENTIFIED: "aim",
    State.MONITORING: "pulse",
    State.RESOLVED: "ok",
    State.POSTMORTEM: "doc",
}
_IMPACT_LABELS = {
    Impact.NONE: gettext_noop("None"),
    Impact.MINOR: gettext_noop("Minor"),
    Impact.MAJOR: gettext_noop("Major"),
    Impact.CRITICAL: gettext_noop("Critical"),
}
_IMPACT_MEANINGS = {
    Impact.NONE: gettext_noop("Something may be wrong; no effect on customers is confirmed."),
    Impact.MINOR: gettext_noop("Slow or faulty for some; the main work still gets done."),
    Impact.MAJOR: gettext_noop("An important part does not work, or not for many."),
    Impact.CRITICAL: gettext_noop("It does not work for most or all customers."),
}
_STATUSES = {
    Impact.NONE: None,
    Impact.MINOR: Status.DEGRADED_PERFORMANCE,
    Impact.MAJOR: Status.PARTIAL_OUTAGE,
    Impact.CRITICAL: Status.MAJOR_OUTAGE,
}


def check_transition(previous: State | None, state: State) -> None:
    """Check that a person may post this state after the previous one (AMB-17).

    Any order is allowed among the first four, also backwards; one of the first three after
    "resolved" re-opens the incident. The same state again is an update. `previous` is None for a
    new incident. "Postmortem" comes only from publishing one, and goes by withdrawing it.

    Raises:
        TransitionNotAllowed: with a sentence that says what to do instead.
    """
    if state == State.POSTMORTEM:
        raise TransitionNotAllowed(
            gettext_noop("“Postmortem” is not set by hand: publish the postmortem instead.")
        )
    if previous == State.POSTMORTEM:
        raise TransitionNotAllowed(
            gettext_noop("This incident has a published postmortem. Unpublish it first.")
        )


def check_postmortem(previous: State, *, is_published: bool) -> State:
    """Return the state that publishing (or withdrawing) a postmortem leads to (M1, M6).

    Raises:
        TransitionNotAllowed: the incident is not resolved, or nothing is published.
    """
    if is_published and previous != State.RESOLVED:
        raise TransitionNotAllowed(
            gettext_noop("Resolve the incident before you publish its postmortem.")
        )
    if not is_published and previous != State.POSTMORTEM:
        raise TransitionNotAllowed(gettext_noop("No postmortem of this incident is published."))
    return State.POSTMORTEM if is_published else State.RESOLVED


def is_creation(previous: State | None, state: State) -> bool:
    """Whether a post counts as the beginning: a new incident, or a resolved one re-opened."""
    return state.is_open and (previous is None or not previous.is_open)


def claimed_status(impact: Impact) -> Status | None:
    """Return what an impact says of an affected component; None leaves it as it is (J2-J5)."""
    return _STATUSES[impact]


def impact_of(statuses: Iterable[Status]) -> Impact:
    """Return the impact that fits these component statuses, from the worst of them."""
    found = status.worst(statuses)
    return next((impact for impact, said in _STATUSES.items() if said == found), Impact.NONE)
