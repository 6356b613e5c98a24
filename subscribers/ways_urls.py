"""Addresses of the ways to subscribe that need some of their own."""

from django.urls import path

from subscribers import sms_views, ways_views

urlpatterns = [
    path("hooks/sms/<slug:provider>", sms_views.inbound, name="sms_inbound"),
    path("subscriptions/code/<str:who>", ways_views.code, name="way_code"),
    path("subscriptions/secret", ways_views.secret, name="way_secret"),
    path("subscriptions/push-moved", ways_views.push_moved, name="push_moved"),
]
