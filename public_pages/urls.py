"""The few public addresses that are not files: mounted at the root by the project."""

from django.urls import path

from public_pages import views

app_name = "public_pages"
urlpatterns = [
    path("preferences", views.preferences, name="preferences"),
    path("oembed", views.embed_code, name="oembed"),
    path("readyz", views.readyz, name="readyz"),
]
