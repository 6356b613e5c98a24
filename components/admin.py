"""Groups, components and their history in the console; saving calls `catalogue`."""

from typing import Any

from django.contrib import admin
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from common import console
from common.console import ConsoleAdmin, ReadOnlyAdmin
from components import catalogue
from components.models import Component, ComponentGroup, StatusChange
from components.status import Status


def _changed(form: Any) -> dict[str, Any]:
    return {name: form.cleaned_data[name] for name in form.changed_data}


@admin.register(Component)
class ComponentAdmin(ConsoleAdmin[Component]):
    list_display = ("name", "group", "visitors_see", "is_visible", "position")
    list_display_links = ("name",)
    list_editable = ("position",)
    list_filter = ("group", "is_visible")
    list_select_related = ("group",)
    search_fields = ("name", "slug")
    ordering = (F("group__position").asc(nulls_last=True), "group__name", "position", "name")
    fields = (
        "name",
        "slug",
        "group",
        "description",
        "position",
        "is_visible",
        "only_where_chosen",
        "shows_addresses",
    )

    @admin.display(description=gettext_lazy("visitors see"))
    def visitors_see(self, component: Component) -> SafeString:
        shown = component.shown_status
        return console.badge(shown.code, _(shown.label))

    def get_prepopulated_fields(self, request: HttpRequest, obj: Component | None = None) -> Any:
        return {} if obj else {"slug": ("name",)}  # an address that is in use stays as it is

    def save_model(self, request: HttpRequest, obj: Component, form: Any, change: bool) -> None:
        if change:
            catalogue.change_component(component=obj, **_changed(form))
        else:
            catalogue.register(component=obj, now=timezone.now())

    def delete_model(self, request: HttpRequest, obj: Component) -> None:
        catalogue.remove_component(component=obj)

    def consequence(self, obj: Component) -> str:
        return _(
            "“%(name)s” disappears from the page. Its history since %(since)s, its nodes and "
            "replicas and everything measured of them are deleted."
        ) % {"name": obj.name, "since": f"{obj.created_at:%-d %b %Y}"}


@admin.register(ComponentGroup)
class ComponentGroupAdmin(ConsoleAdmin[ComponentGroup]):
    list_display = ("name", "position", "is_collapsed")
    list_editable = ("position", "is_collapsed")
    ordering = ("position", "name")
    fields = ("name", "position", "is_collapsed")

    def save_model(
        self, request: HttpRequest, obj: ComponentGroup, form: Any, change: bool
    ) -> None:
        if change:
            catalogue.change_group(group=obj, **_changed(form))
        else:
            catalogue.register_group(group=obj)

    def delete_model(self, request: HttpRequest, obj: ComponentGroup) -> None:
        catalogue.remove_group(group=obj)

    def consequence(self, obj: ComponentGroup) -> str:
        count = obj.components.count()
        return ngettext(
            "The heading “%(name)s” disappears from the page. Its component stays, below all groups.",
            "The heading “%(name)s” disappears from the page. Its %(count)d components stay, below "
            "all groups.",
            count,
        ) % {"name": obj.name, "count": count}


@admin.register(StatusChange)
class StatusChangeAdmin(ReadOnlyAdmin[StatusChange]):
    list_display = ("when", "component", "became", "cause", "note")
    list_display_links = None
    list_filter = ("component", "cause")
    list_select_related = ("component",)
    ordering = ("-at", "-id")

    @admin.display(description=gettext_lazy("when"), ordering="at")
    def when(self, change: StatusChange) -> str:
        return console.moment(change.at)

    @admin.display(description=gettext_lazy("became"))
    def became(self, change: StatusChange) -> SafeString:
        status = Status(change.status)
        return console.badge(status.code, _(status.label))
