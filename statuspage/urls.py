"""Every dynamic address. Public pages are files and answered before this (public_pages.front)."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from statuspage import views

admin.autodiscover()  # not done by ConsoleConfig: only what shows screens pays for them

urlpatterns = [
    path("admin/security/", include("accounts.security_urls")),
    path("admin/login/", admin.site.login, name="account_login"),  # the name allauth asks for
    path("api/manage/v1/", include("management_api.urls")),
    path("admin/api/v1/", include("api.estatus_urls")),
    path("v1/", include("api.v1_urls")),
    path("admin/", admin.site.urls),
    path("push-worker.js", views.push_worker, name="push_worker"),
    path("", include("notifications.hook_urls")),
    path("", include("subscribers.ways_urls")),
    path("", include("api.urls")),
    path("", include("accounts.urls")),
    path("", include("subscribers.urls")),
    path("", include("customer_pages.urls")),
    path("", include("observability.urls")),
    path("", include("public_pages.urls")),
]
if settings.ANYMAIL:
    # First: the providers' hooks, each at /hooks/mail/<provider>/tracking/.
    urlpatterns.insert(0, path("hooks/mail/", include("anymail.urls")))
handler404 = "public_pages.views.not_found"
handler500 = "public_pages.views.server_error"
