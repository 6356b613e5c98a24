"""Who asked to be told, what they want to hear, and what is to be told to them."""

from subscribers.models.asked import Asked
from subscribers.models.broadcasts import Broadcast, Integration
from subscribers.models.earlier import EarlierLink
from subscribers.models.leavers import Leaver
from subscribers.models.people import (
    Origin,
    Proof,
    Purpose,
    State,
    Subscriber,
    Subscription,
)
from subscribers.models.suppression import InboundMessage, Reason, Suppression
from subscribers.models.tallies import Tally
from subscribers.models.ways import WaySettings

__all__ = [
    "Asked",
    "Broadcast",
    "EarlierLink",
    "InboundMessage",
    "Integration",
    "Leaver",
    "Origin",
    "Proof",
    "Purpose",
    "Reason",
    "State",
    "Subscriber",
    "Subscription",
    "Suppression",
    "Tally",
    "WaySettings",
]
