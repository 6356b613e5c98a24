"""Team members in the console (A15), and the audit log of what they did (F14)."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserChangeForm, UserCreationForm
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit_trail, wording
from accounts.models import AuditEntry, User
from accounts.roles import Role
from common import console
from common.console import ConsoleAdmin, ReadOnlyAdmin

_LABELS = {
    "username": gettext_lazy("User name"),
    "email": gettext_lazy("E-mail address"),
    "is_active": gettext_lazy("Active"),
    "is_staff": gettext_lazy("May open the console"),
    "role": gettext_lazy("Role"),
}
_HELP_TEXTS = {
    "username": gettext_lazy("Letters, digits and @ . + - _"),
    "is_active": gettext_lazy("Switch off when somebody leaves; the audit log keeps their name."),
    "is_staff": gettext_lazy("Alone it is enough to look at the dashboard."),
}


class OperatorForm(UserChangeForm):  # type: ignore[type-arg]  # not generic at run time
    class Meta(UserChangeForm.Meta):
        labels = _LABELS
        help_texts = _HELP_TEXTS

    def clean(self) -> dict[str, Any]:
        """Nobody may lock everybody out: one administrator who can sign in has to be left."""
        cleaned = super().clean() or {}
        keeps = all(cleaned.get(name, True) for name in ("is_active", "is_staff"))
        keeps = keeps and cleaned.get("role", Role.OWNER) == Role.OWNER
        if not keeps and self.instance.pk and not other_administrators(self.instance).exists():
            raise forms.ValidationError(_("This is the last Owner. Make somebody else one first."))
        return cleaned


class NewOperatorForm(UserCreationForm):  # type: ignore[type-arg]  # not generic at run time
    class Meta(UserCreationForm.Meta):
        model = User
        labels = _LABELS
        help_texts = _HELP_TEXTS


def _is_owner(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.is_owner


def other_administrators(user: User) -> "QuerySet[User]":
    """The administrators beside this user who can sign in."""
    able = User.objects.filter(is_active=True, is_staff=True, role=Role.OWNER)
    return able.exclude(pk=user.pk)


@admin.register(User)
class OperatorAdmin(UserAdmin, ConsoleAdmin[User]):  # type: ignore[type-arg]  # as above
    form = OperatorForm
    add_form = NewOperatorForm
    add_form_template = None
    list_display = ("username", "email", "is_active", "role", "last_seen")
    list_filter = ("is_active", "role")
    filter_horizontal = ()
    ordering = ("username",)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (gettext_lazy("Person"), {"fields": ("first_name", "last_name", "email")}),
        (gettext_lazy("Access"), {"fields": ("is_active", "is_staff", "role")}),
    )
    add_fieldsets = (
        (None, {"fields": ("username", "email", "password1", "password2")}),
        (gettext_lazy("Access"), {"fields": ("is_staff", "role")}),
    )

    @admin.display(description=gettext_lazy("last signed in"), ordering="last_login")
    def last_seen(self, user: User) -> str:
        return console.moment(user.last_login)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"is_staff": True, **super().get_changeform_initial_data(request)}

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Only an administrator hands out rights, so that nobody raises their own."""
        return () if _is_owner(request) else ("is_staff", "role")

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        if obj is not None and obj.is_owner and not _is_owner(request):
            return False  # changing an administrator's password would be a way to become one
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """An account that did something stays, switched off: the audit log hangs on it."""
        if obj is not None:
            if obj.is_owner and not _is_owner(request):
                return False
            if obj.pk == request.user.pk or AuditEntry.objects.filter(actor=obj).exists():
                return False
        return super().has_delete_permission(request, obj)

    def consequence(self, obj: User) -> str:
        return _("“%(name)s” can no longer sign in.") % {"name": obj.get_username()}


# Roles come with the permissions that they bundle; until then there is nothing to choose from.
admin.site.unregister(Group)
# auditlog brings a screen of its own, which shows the wrong table.
admin.site.unregister(AuditEntry)


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
    list_display = ("when", "actor_name", "did", "what", "before_and_after", "remote_addr")
    list_display_links = None
    list_filter = (("timestamp", admin.DateFieldListFilter), "action", "actor_name", "content_type")
    list_select_related = ("content_type",)
    search_fields = ("object_repr", "actor_name", "remote_addr")
    ordering = ("-timestamp", "-id")
    show_full_result_count = False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return AuditList

    @admin.display(description=gettext_lazy("when"), ordering="timestamp")
    def when(self, entry: AuditEntry) -> str:
        return console.moment(entry.timestamp)

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
        lines = (
            (change.name, change.before or "–", change.after or "–")
            for change in getattr(entry, "said", [])
        )
        return format_html(
            '<ul class="changes">{}</ul>',
            format_html_join("", "<li><b>{}</b>: {} → {}</li>", lines),
        )
