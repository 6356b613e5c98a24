"""The console in the place of Django's stock admin site."""

from django.contrib.admin.apps import SimpleAdminConfig


class ConsoleConfig(SimpleAdminConfig):
    """Loads no screens by itself: `statuspage.urls` does, in the processes that show some.

    Workers, beat and the publisher start half a second sooner without them.
    """

    default_site = "statuspage.console.ConsoleSite"
