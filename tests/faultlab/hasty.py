"""A worker whose leases and pauses are seconds, so that a kill is survived within the quick set.

`python -m tests.faultlab.hasty worker …` is Celery's worker; the product knows nothing of it.
"""

import sys
from datetime import timedelta
from typing import Any

import django

django.setup()

from notifications import backoff  # noqa: E402
from notifications.channels.email import EmailChannel  # noqa: E402
from statuspage.celery import app  # noqa: E402

# Three times this is the lease: longer than a message takes here, however busy the machine is.
_hasty: Any = EmailChannel  # in the product a property, of a setting
_hasty.send_timeout = timedelta(seconds=4)
backoff.PAUSE_AFTER_DOUBT = timedelta(seconds=5)

if __name__ == "__main__":
    app.worker_main(sys.argv[1:])
