"""What goes wrong while pages are published: logged once for each cause, and when it is over."""

import logging

logger = logging.getLogger(__name__)


class Troubles:
    """The troubles of one publisher, by what they are about."""

    def __init__(self) -> None:
        self._causes: dict[str, str] = {}

    def tell(self, what: str, error: Exception) -> None:
        """Log a trouble with its traceback, once until its cause changes or it is over."""
        cause = f"{type(error).__name__}: {error}"
        if self._causes.get(what) != cause:
            self._causes[what] = cause
            logger.error("The page was not refreshed (%s): %s", what, cause, exc_info=error)

    def is_well(self, what: str) -> None:
        """Note that something works, and say so if it did not."""
        if self._causes.pop(what, None):
            logger.warning("The page is refreshed again (%s)", what)
