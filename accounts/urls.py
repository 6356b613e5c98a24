"""Addresses of the accounts app outside the console."""

from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [path("setup/<str:token>/", views.set_up, name="set_up")]
