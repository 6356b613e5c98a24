"""A statement as CSV, for spreadsheets."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from common import csv_text
from components.status import Status
from sla import wording
from sla.statements import Statement


def lines(statement: Statement) -> Iterator[str]:
    """Return the pieces of the file: the figures of each service, then every stretch.

    Cells that a spreadsheet would take for formulas are disarmed (reliability F12).
    """
    columns = (
        _("month"),
        _("service"),
        _("from"),
        _("to"),
        _("minutes not up"),
        _("status"),
        _("cause"),
        _("counted"),
        _("why"),
        _("uptime"),
        _("target"),
    )
    return csv_text.rows_as_text(columns, _rows(statement))


def _rows(statement: Statement) -> Iterator[list[str]]:
    for service in (*statement.services, statement.together):
        yield [
            statement.month,
            service.name or _("all services"),
            statement.start,
            statement.until,
            str(service.down_minutes),
            "",
            "",
            "",
            "",
            service.percent or "",
            statement.target,
        ]
    for row in statement.rows:
        yield [
            statement.month,
            row.component,
            row.start,
            row.end,
            str(row.minutes),
            str(Status(row.status).label),
            wording.cause(row),
            _("yes") if row.is_counted else _("no"),
            wording.why(row),
            "",
            "",
        ]
