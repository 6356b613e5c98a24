"""Addresses of the accounts app: links for people who are not in yet, and the team's screens."""

from collections.abc import Callable

from django.http import HttpResponseBase
from django.urls import path

from accounts import team_views, token_views, views

Screen = tuple[str, Callable[..., HttpResponseBase], str]

app_name = "accounts"
urlpatterns = [
    path("setup/<str:token>/", views.set_up, name="set_up"),
    path("join/<str:token>/", views.join, name="join"),
]

# Inside the console: (route, view, name), mounted by the console site.
console: list[Screen] = [
    ("api-tokens/", token_views.api_tokens, "api_tokens"),
    ("api-tokens/new/", token_views.api_token_add, "api_token_add"),
    ("api-tokens/<int:token_id>/revoke/", token_views.api_token_revoke, "api_token_revoke"),
    ("team/", team_views.members, "members"),
    ("team/invite/", team_views.member_invite, "member_invite"),
    ("team/<int:member_id>/", team_views.member_edit, "member_edit"),
    ("team/<int:member_id>/state/", team_views.member_state, "member_state"),
    ("team/<int:member_id>/factor/", team_views.member_factor, "member_factor"),
    (
        "team/invitations/<int:invitation_id>/again/",
        team_views.invitation_again,
        "invitation_again",
    ),
    (
        "team/invitations/<int:invitation_id>/revoke/",
        team_views.invitation_revoke,
        "invitation_revoke",
    ),
]
