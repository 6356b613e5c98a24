"""What an alert of Alertmanager means for the page, by the rules that operators wrote. Pure.

The first rule whose labels all fit decides. What no rule fits means nothing: alerts speak about
machines, a page about services, and only a person knows which belongs to which.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from components.status import Status

COMPONENT_LABEL = "candor_component"
SEVERITY_LABEL = "severity"
ANY_VALUE = "*"

_BY_SEVERITY: Mapping[str, Status | None] = {
    "critical": Status.MAJOR_OUTAGE,
    "page": Status.MAJOR_OUTAGE,
    "high": Status.PARTIAL_OUTAGE,
    "error": Status.PARTIAL_OUTAGE,
    "info": None,
    "none": None,
    "ok": None,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: labels that an alert must have ("*": with any value), and what it says then.

    `component` is a slug; None takes it from the alert's label. `status` None follows its severity.
    """

    labels: Mapping[str, str]
    component: str | None
    status: Status | None
    drafts: bool

    def fits(self, labels: Mapping[str, str]) -> bool:
        return all(
            name in labels and value in {ANY_VALUE, labels[name]}
            for name, value in self.labels.items()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What an alert says: of which component, which status, and whether only a draft is made of it."""

    component: str
    status: Status
    drafts: bool


class NoMeaning(ValueError):
    """The alert means nothing for the page; the text says why."""


def meaning(labels: Mapping[str, str], rules: Sequence[Rule]) -> Meaning:
    """What an alert with these labels means.

    Raises:
        NoMeaning: no rule fits, the rule finds no component, or the severity is none to tell.
    """
    rule = next((rule for rule in rules if rule.fits(labels)), None)
    if rule is None:
        raise NoMeaning("no rule fits its labels")
    component = rule.component or labels.get(COMPONENT_LABEL, "")
    if not component:
        raise NoMeaning(f"it has no label {COMPONENT_LABEL}")
    status = rule.status or by_severity(labels.get(SEVERITY_LABEL, ""))
    if status is None:
        raise NoMeaning("its severity is none that a page tells")
    return Meaning(component=component, status=status, drafts=rule.drafts)


def by_severity(word: str) -> Status | None:
    """The status that a severity stands for: degraded for words that nobody agreed on."""
    return _BY_SEVERITY.get(word.strip().lower(), Status.DEGRADED_PERFORMANCE)
