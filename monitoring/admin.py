"""What was measured, as a history to look at; nodes and replicas have screens of their own."""

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from common import console
from common.console import ReadOnlyAdmin
from monitoring import wording
from monitoring.models import HealthChange
from probing.health import Health


@admin.register(HealthChange)
class HealthChangeAdmin(ReadOnlyAdmin[HealthChange]):
    list_display = ("when", "service", "replica", "became", "detail", "attempts")
    list_display_links = None
    list_filter = ("health", "replica__node__component")
    list_select_related = ("replica__node__component",)
    search_fields = ("replica__address", "replica__node__name")
    ordering = ("-at", "-id")

    @admin.display(description=_("when"), ordering="at")
    def when(self, change: HealthChange) -> str:
        return console.moment(change.at)

    @admin.display(description=_("service"))
    def service(self, change: HealthChange) -> str:
        return f"{change.replica.node.component} / {change.replica.node}"

    @admin.display(description=_("became"))
    def became(self, change: HealthChange) -> SafeString:
        measured = Health(change.health) if change.health else None
        return console.badge(wording.HEALTH_CODES[measured], wording.health(measured))
