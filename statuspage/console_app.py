"""The console in the place of Django's stock admin site."""

from django.contrib.admin.apps import AdminConfig


class ConsoleConfig(AdminConfig):
    default_site = "statuspage.console.ConsoleSite"
