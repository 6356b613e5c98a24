"""The operators' console: Django's admin site in the product's look, with screens of our own."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _


class ConsoleSite(admin.AdminSite):
    site_title = _("Status console")
    site_header = _("Status console")
