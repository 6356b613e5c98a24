"""Addresses of the manager API and of Alertmanager's webhook, in every spelling that clients use: doubled and trailing slashes.

Reports are answered before Django is entered (api.reports).
"""

from django.urls import re_path

from api import alerts, manager

# Django has taken the first slash off; in brackets, or it warns of a slash at the start.
urlpatterns = [
    re_path(r"^(?:/*)api/+alertmanager/*$", alerts.receive),
    re_path(r"^(?:/*)manager/+announcements/*$", manager.route(GET=manager.list_announcements)),
    re_path(r"^(?:/*)manager/+announcement/*$", manager.route(POST=manager.add_announcement)),
    re_path(
        r"^(?:/*)manager/+announcement/+(?P<ident>[^/]+)/*$",
        manager.route(DELETE=manager.retract_announcement),
    ),
    re_path(r"^(?:/*)manager/+prober/+alerts/*$", manager.route(GET=manager.list_alerts)),
    re_path(
        r"^(?:/*)manager/+prober/+alerts/+ignored/*$",
        manager.route(GET=manager.read_ignored, PUT=manager.set_ignored),
    ),
]
