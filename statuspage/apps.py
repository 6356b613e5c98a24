"""The project as an app: last of all, so that it can look at all others."""

import sys
from pathlib import Path

from django.apps import AppConfig


class StatusPageConfig(AppConfig):
    name = "statuspage"

    def ready(self) -> None:
        # Both read models, which Django loads after the modules of apps.
        from common import auditing  # noqa: PLC0415
        from statuspage import audited  # noqa: PLC0415

        audited.register()
        if Path(sys.argv[0]).name == "manage.py":
            command = " ".join(["bin/manage", *sys.argv[1:2]])
            auditing.act_as(auditing.Actor(name=command))
