"""The audit log in the console (F14); the team has screens of its own (`team_views`)."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit_trail, wording
from accounts.models import AuditEntry
from common import console
from common.console import ReadOnlyAdmin

# Roles are the only rights there are (accounts.roles).
admin.site.unregister(Group)
# auditlog brings a screen of its own, which shows the wrong table.
admin.site.unregister(AuditEntry)
for theirs in (EmailAddress, Authenticator):  # and of allauth nothing is edited by hand
    admin.site.unregister(theirs)


class KindFilter(admin.SimpleListFilter):
    title = gettext_lazy("kind")
    parameter_name = "content_type__id__exact"  # as the history of a row asks

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        kinds = AuditEntry.objects.order_by().values_list("content_type", flat=True).distinct()
        rows = ContentType.objects.filter(pk__in=kinds)
        return sorted(((row.pk, str(row.name)) for row in rows), key=lambda each: each[1])

    def queryset(
        self, request: HttpRequest, queryset: "QuerySet[AuditEntry]"
    ) -> "QuerySet[AuditEntry]":
        chosen = self.value()
        return queryset.filter(content_type=chosen) if chosen and chosen.isdigit() else queryset


class DeedFilter(admin.SimpleListFilter):
    title = gettext_lazy("what was done")
    parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, Any]]:
        return [
            (AuditEntry.Action.CREATE, gettext_lazy("added")),
            (AuditEntry.Action.UPDATE, gettext_lazy("changed")),
            (AuditEntry.Action.DELETE, gettext_lazy("removed")),
        ]

    def queryset(
        self, request: HttpRequest, queryset: "QuerySet[AuditEntry]"
    ) -> "QuerySet[AuditEntry]":
        chosen = self.value()
        return queryset.filter(action=chosen) if chosen and chosen.isdigit() else queryset


class AuditList(ChangeList):
    """The list with what changed worked out for all its rows together."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        changes = audit_trail.changes_of(self.result_list)
        for entry in self.result_list:
            entry.said = changes[entry.pk]


@admin.register(AuditEntry)
class AuditAdmin(ReadOnlyAdmin[AuditEntry]):
    list_display = ("when", "actor_name", "did", "what", "before_and_after", "address")
    list_display_links = None
    list_filter = (("timestamp", admin.DateFieldListFilter), DeedFilter, "actor_name", KindFilter)
    show_facets = admin.ShowFacets.NEVER
    list_select_related = ("content_type",)
    search_fields = ("object_repr", "actor_name", "remote_addr")
    ordering = ("-timestamp", "-id")
    show_full_result_count = False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return AuditList

    @admin.display(description=gettext_lazy("when"), ordering="timestamp")
    def when(self, entry: AuditEntry) -> str:
        return console.moment(entry.timestamp)

    @admin.display(description=gettext_lazy("from"), ordering="remote_addr")
    def address(self, entry: AuditEntry) -> str:
        return entry.remote_addr or ""

    @admin.display(description=gettext_lazy("did"))
    def did(self, entry: AuditEntry) -> str:
        return wording.did(entry)

    @admin.display(description=gettext_lazy("what"))
    def what(self, entry: AuditEntry) -> str:
        return wording.what(entry)

    @admin.display(description=gettext_lazy("before → after"))
    def before_and_after(self, entry: AuditEntry) -> SafeString:
        if entry.redacted_at is not None:
            return format_html("<em>{}</em>", _("The text was removed with what it told of."))
        lines = [
            (change.name, f"{change.before} → " if change.before else "", change.after or "–")
            for change in getattr(entry, "said", [])
        ]
        listed = format_html_join("", "<li><b>{}</b>: {}{}</li>", lines)
        return format_html('<ul class="changes">{}</ul>', listed)
