"""Act on a report that a mail came back, or that somebody complained about it.

Only a report under a return path that we signed for this very mail changes anything: whoever never
had the mail cannot forge one for another person.
"""

from datetime import datetime

from notifications import returned
from subscribers import bounce_reports, bouncing
from subscribers.bounce_reports import Kind


def take(*, raw: bytes, recipient: str = "", now: datetime) -> Kind:
    """Read a mail to the bounce domain and act on it; what it changed, NOTHING for most.

    `recipient` is the envelope's, where the mail server tells it. The same report counts once.
    """
    report = bounce_reports.read(raw)
    if report.kind is Kind.NOTHING:
        return Kind.NOTHING
    paths = dict.fromkeys([*([recipient] if recipient else []), *report.return_paths])
    for path in paths:
        left = returned.find(return_path=path, now=now)
        if left is None:
            continue
        if report.kind is Kind.COMPLAINT:
            is_new = bouncing.complain(grant=left.grant, note=report.error, now=now)
        else:
            is_hard = report.kind is Kind.HARD
            is_new = returned.note(left=left, is_permanent=is_hard, error=report.error, now=now)
        return report.kind if is_new else Kind.NOTHING
    return Kind.NOTHING
