"""A client for the management API of a Candor status page.

from candor import Candor

with Candor("https://status.example.com", "can_…") as page:
    incident = page.incidents.create(title="Checkout fails", impact="major")
    page.post_update(incident["id"], text="A query is slow.", state="identified")
"""

from candor.client import Candor
from candor.errors import (
    CandorError,
    Changed,
    Conflict,
    Invalid,
    NotAllowed,
    NotFound,
    ProblemError,
    TooManyRequests,
    Unreachable,
)

__all__ = [
    "Candor",
    "CandorError",
    "Changed",
    "Conflict",
    "Invalid",
    "NotAllowed",
    "NotFound",
    "ProblemError",
    "TooManyRequests",
    "Unreachable",
]
