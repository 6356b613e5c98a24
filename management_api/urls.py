"""Addresses of the management API, below /api/manage/v1/."""

from django.urls import path, re_path

from management_api import views
from management_api.api import api

operations, _app_name, _namespace = api.urls
urlpatterns = [
    path("openapi.json", views.openapi),
    path("docs", views.docs),
    *operations,
    re_path(r"", views.nothing_here),
]
