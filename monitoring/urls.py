"""Addresses of monitoring inside the console: (route, view, name), mounted by the console site."""

from collections.abc import Callable

from django.http import HttpResponseBase

from monitoring import (
    address_views,
    alert_views,
    edit_views,
    hook_views,
    push_views,
    token_views,
    truth_views,
    verdict_views,
    views,
)

Screen = tuple[str, Callable[..., HttpResponseBase], str]

console: list[Screen] = [
    ("truth/", truth_views.truth, "truth"),
    ("truth/settings/", truth_views.truth_settings_edit, "truth_settings"),
    ("truth/findings/<int:finding_id>/", truth_views.finding_acknowledge, "finding_acknowledge"),
    ("truth/policies/<int:component_id>/", truth_views.draft_policy, "draft_policy"),
    ("monitors/", views.monitors, "monitors"),
    ("monitors/live/", views.live, "monitors_live"),
    ("monitors/services/add/", edit_views.service_add, "service_add"),
    ("monitors/services/<int:component_id>/", edit_views.service_edit, "service_edit"),
    ("monitors/services/<int:component_id>/move/", views.service_move, "service_move"),
    ("monitors/services/<int:component_id>/remove/", edit_views.service_remove, "service_remove"),
    ("monitors/services/<int:component_id>/nodes/add/", edit_views.node_add, "node_add"),
    ("monitors/nodes/<int:node_id>/", edit_views.node_edit, "node_edit"),
    ("monitors/nodes/<int:node_id>/addresses/", address_views.node_addresses, "node_addresses"),
    ("monitors/nodes/<int:node_id>/timing/", address_views.node_timing, "node_timing"),
    ("monitors/nodes/<int:node_id>/backtest/", verdict_views.node_backtest, "node_backtest"),
    ("monitors/nodes/<int:node_id>/verdicts/", verdict_views.node_verdict, "node_verdict"),
    ("monitors/nodes/<int:node_id>/try/", edit_views.node_try, "node_try"),
    ("monitors/nodes/<int:node_id>/panel/", views.node_panel, "node_panel"),
    ("monitors/nodes/<int:node_id>/judging/", views.judging, "node_judging"),
    ("monitors/nodes/<int:node_id>/move/", views.node_move, "node_move"),
    ("monitors/nodes/<int:node_id>/remove/", edit_views.node_remove, "node_remove"),
    ("monitors/nodes/<int:node_id>/replicas/", views.replica_add, "replica_add"),
    ("monitors/nodes/<int:node_id>/test/", views.address_test, "address_test"),
    ("monitors/replicas/<int:replica_id>/", edit_views.replica_edit, "replica_edit"),
    ("monitors/replicas/<int:replica_id>/test/", views.replica_test, "replica_test"),
    ("monitors/replicas/<int:replica_id>/move/", views.replica_move, "replica_move"),
    ("monitors/replicas/<int:replica_id>/remove/", edit_views.replica_remove, "replica_remove"),
    ("tokens/", token_views.token_list, "tokens"),
    ("tokens/<int:token_id>/revoke/", token_views.token_revoke, "token_revoke"),
    ("alerts/", alert_views.team_alerts, "team_alerts"),
    ("alerts/channels/add/<slug:kind>/", alert_views.channel_add, "channel_add"),
    ("alerts/channels/<int:channel_id>/", alert_views.channel_edit, "channel_edit"),
    ("alerts/channels/<int:channel_id>/switch/", alert_views.channel_switch, "channel_switch"),
    ("alerts/channels/<int:channel_id>/test/", alert_views.channel_test, "channel_test"),
    ("alerts/channels/<int:channel_id>/remove/", alert_views.channel_remove, "channel_remove"),
    ("alerts/warning/", alert_views.warning_edit, "warning_edit"),
    ("alerts/push/", push_views.push, "push_alerts"),
    ("alerts/push/connect/", push_views.push_connect, "push_connect"),
    ("alerts/push/<int:browser_id>/disconnect/", push_views.push_disconnect, "push_disconnect"),
    ("alerts/hooks/add/", hook_views.hook_add, "hook_add"),
    ("alerts/hooks/<int:hook_id>/", hook_views.hook_edit, "hook_edit"),
    ("alerts/hooks/<int:hook_id>/test/", hook_views.hook_test, "hook_test"),
    ("alerts/hooks/<int:hook_id>/remove/", hook_views.hook_remove, "hook_remove"),
    ("monitors/nodes/<int:node_id>/alerts/", alert_views.node_alerts_edit, "node_alerts"),
]
