"""The ways to subscribe besides e-mail, feed and calendar that this page offers, in their order."""

from subscribers.offers import Way


def offered() -> list[Way]:
    """Only what is configured, so that nobody chooses what cannot work."""
    return []
