"""The catalog as an app, with its deploy checks."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "catalog"

    def ready(self) -> None:
        # They read models, which Django loads after the modules of apps.
        from catalog import checks  # noqa: F401, PLC0415
