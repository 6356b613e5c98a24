"""The words of a statement, in the active language."""

from decimal import Decimal
from fractions import Fraction

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from components.status import Status
from sla.counting import Reason
from sla.statements import Statement, StretchLine

_CAUSES = {
    "monitors": gettext_lazy("Measured by monitors"),
    "operator": gettext_lazy("Set by an operator"),
}


def why(row: StretchLine) -> str:
    """Return why a stretch counts, or does not."""
    reason = row.reason_value
    if reason is Reason.DOWN:
        share = Fraction(row.share)
        if share == 1:
            return _("Counted as down")
        return _("Counted as down at %(share)s%%") % {"share": percent_of(share)}
    return {
        Reason.NOT_DOWN: _("Not counted: this status is not down"),
        Reason.MAINTENANCE: _("Not counted: announced maintenance"),
        Reason.UNKNOWN: _("Not counted: nobody measured"),
        Reason.OUTSIDE: _("Not counted: outside the service hours"),
    }[reason]


def cause(row: StretchLine) -> str:
    """Return what the cause was: titles of events as they were written, else who said so."""
    if row.status_value is Status.UNKNOWN:
        return _("No measurements")
    return str(_CAUSES.get(row.cause, row.cause)) or _("Not recorded")


def verdict(statement: Statement) -> str:
    """Return whether the promise was kept, in a sentence."""
    figure = statement.together.percent
    if figure is None:
        return _("Nothing was measured in this month.")
    if not statement.target:
        return _("%(figure)s%% of the promised time. No target was agreed.") % {
            "figure": formats.localize(figure)
        }
    words = (
        _("%(figure)s%% of the promised time: the target of %(target)s%% is met.")
        if statement.is_met
        else _("%(figure)s%% of the promised time: the target of %(target)s%% is missed.")
    )
    return words % {
        "figure": formats.localize(figure),
        "target": formats.localize(statement.target),
    }


def rule(statement: Statement) -> str:
    """Return how the figure was counted."""
    down = [
        f"{_(Status(name).label)} {percent_of(Fraction(share))}%"
        for name, share in statement.weights.items()
        if Fraction(share)
    ]
    return _(
        "Counted as down, in the service hours: %(down)s. Announced maintenance and time that "
        "nobody measured are taken out of the month before the percentage is made. Percentages are "
        "rounded down, minutes up."
    ) % {"down": ", ".join(down) or _("nothing")}


def percent_of(share: Fraction) -> str:
    """Return a share of one as a percentage: 100, 30, 33.3."""
    value = Decimal(share.numerator * 100) / Decimal(share.denominator)
    return format(value.quantize(Decimal("0.1")).normalize(), "f")
