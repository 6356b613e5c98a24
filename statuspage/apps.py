"""The project as an app: last of all, so that it can look at all others."""

import sys
from pathlib import Path

from django.apps import AppConfig
from django.conf import settings


class StatusPageConfig(AppConfig):
    name = "statuspage"

    def ready(self) -> None:
        # Both read models, which Django loads after the modules of apps.
        from common import auditing  # noqa: PLC0415
        from statuspage import audited  # noqa: PLC0415

        audited.register()
        if settings.ANYMAIL:
            # An optional package, whose only way to tell is a signal.
            from anymail.signals import tracking  # noqa: PLC0415

            from subscribers import bounce_views  # noqa: PLC0415

            tracking.connect(bounce_views.heard, dispatch_uid="subscribers.bounce_views")
        if Path(sys.argv[0]).name == "manage.py":
            command = " ".join(["bin/manage", *sys.argv[1:2]])
            auditing.act_as(auditing.Actor(name=command))
