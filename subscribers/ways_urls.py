"""Addresses of the ways to subscribe that need some of their own."""

from django.urls import path

from subscribers import sms_views

urlpatterns = [
    path("hooks/sms/<slug:provider>", sms_views.inbound, name="sms_inbound"),
]
