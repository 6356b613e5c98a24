"""Addresses that providers of messages call."""

from django.urls import path

from notifications import hook_views

urlpatterns = [
    path("hooks/sms/<slug:provider>/status", hook_views.sms_status, name="sms_status"),
]
