"""Screens of subscribers, messages and integrations inside the console, mounted by the console site."""

from collections.abc import Callable

from django.http import HttpResponseBase

from subscribers import (
    csv_views,
    integration_views,
    meter_views,
    operator_views,
    suppression_views,
    ways_console_views,
)

Screen = tuple[str, Callable[..., HttpResponseBase], str]

_KIND = "integrations/<slug:kind>/"
_ONE = "subscribers/<int:subscriber_id>/"
_SUPPRESSED = "subscribers/suppressed/"

console: list[Screen] = [
    ("subscribers/", operator_views.subscriber_list, "subscribers"),
    ("subscribers/add/", operator_views.subscriber_add, "subscriber_add"),
    ("subscribers/import/", csv_views.subscribers_import, "subscribers_import"),
    ("subscribers/export/", csv_views.subscribers_export, "subscribers_export"),
    (_SUPPRESSED, suppression_views.suppression_list, "suppressions"),
    (f"{_SUPPRESSED}add/", suppression_views.suppression_add, "suppression_add"),
    (
        f"{_SUPPRESSED}<int:suppression_id>/lift/",
        suppression_views.suppression_lift,
        "suppression_lift",
    ),
    (_ONE, operator_views.subscriber, "subscriber"),
    (f"{_ONE}edit/", operator_views.subscriber_edit, "subscriber_edit"),
    (f"{_ONE}resend/", operator_views.subscriber_resend, "subscriber_resend"),
    (f"{_ONE}resume/", operator_views.subscriber_resume, "subscriber_resume"),
    (f"{_ONE}remove/", operator_views.subscriber_remove, "subscriber_remove"),
    (f"{_ONE}erase/", operator_views.subscriber_erase, "subscriber_erase"),
    (f"{_ONE}file/", operator_views.subscriber_file, "subscriber_file"),
    ("ways/", ways_console_views.ways, "ways"),
    ("ways/test/", ways_console_views.ways_test, "ways_test"),
    ("messages/", meter_views.messages, "messages"),
    ("messages/<int:number>/again/", meter_views.message_again, "message_again"),
    ("integrations/", integration_views.integration_list, "integrations"),
    ("integrations/x/sign-in/", integration_views.x_begin, "x_begin"),
    ("integrations/x/callback/", integration_views.x_callback, "x_callback"),
    (_KIND, integration_views.integration_set_up, "integration_set_up"),
    (f"{_KIND}switch/", integration_views.integration_switch, "integration_switch"),
    (f"{_KIND}test/", integration_views.integration_test, "integration_test"),
    (f"{_KIND}forget/", integration_views.integration_forget, "integration_forget"),
]
