"""The console's view of deliveries: look, and try again."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from common import console
from notifications import outbox
from notifications.messages import Message
from notifications.models import Delivery, State

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Delivery]
else:
    _ModelAdmin = admin.ModelAdmin  # generic for the type checker only


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(state.value, state.label) for state in State]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        return queryset.filter(state=self.value()) if self.value() in State else queryset


@admin.register(Delivery)
class DeliveryAdmin(_ModelAdmin):
    list_display = (
        "when",
        "channel",
        "address",
        "subject",
        "state_label",
        "attempts",
        "next_try",
        "last_error",
    )
    list_select_related = ("body",)
    list_filter = (StateFilter, "channel")
    search_fields = ("address", "dedupe_key")
    ordering = ("-created_at", "-id")
    show_full_result_count = False
    actions = ("try_again",)
    fields = (
        "channel",
        "address",
        "subject",
        "text",
        "state_label",
        "attempts",
        "copies",
        "next_try",
        "created_at",
        "queued_at",
        "handed_at",
        "sent_at",
        "delivered_at",
        "bounced_at",
        "provider_id",
        "expires_at",
        "is_sensitive",
        "last_error",
        "dedupe_key",
        "public_id",
    )
    readonly_fields = fields

    @admin.display(description=_("created"), ordering="created_at")
    def when(self, delivery: Delivery) -> str:
        return console.moment(delivery.created_at)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Delivery | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Delivery | None = None) -> bool:
        return False

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("notifications.change_delivery")

    @admin.display(description=_("subject"))
    def subject(self, row: Delivery) -> str:
        return "" if row.is_sensitive else Message.from_json(row.content).subject

    @admin.display(description=_("text"))
    def text(self, row: Delivery) -> str:
        return (
            gettext("(not shown)")
            if row.is_sensitive
            else Message.from_json(row.content).filled({}).text
        )

    @admin.display(description=_("state"), ordering="state")
    def state_label(self, row: Delivery) -> str:
        return str(State(row.state).label)

    @admin.display(description=_("next attempt"), ordering="next_attempt_at")
    def next_try(self, row: Delivery) -> str:
        return console.moment(row.next_attempt_at) if row.state == State.PENDING else ""

    @admin.display(description=_("delivery id"))
    def public_id(self, row: Delivery) -> str:
        return row.public_id

    @admin.action(description=_("Try again"), permissions=["retry"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        chosen = list(queryset.values_list("id", flat=True))
        queued = outbox.try_again(ids=chosen, now=timezone.now())
        self.message_user(
            request,
            ngettext("%d delivery is queued again.", "%d deliveries are queued again.", queued)
            % queued,
            messages.SUCCESS if queued else messages.WARNING,
        )
        if left := len(chosen) - queued:
            self.message_user(
                request,
                ngettext(
                    "%d delivery was left alone: it has not ended, was sent, or its content is gone.",
                    "%d deliveries were left alone: not ended, sent, or their content is gone.",
                    left,
                )
                % left,
                messages.WARNING,
            )
