"""The visitors' addresses of subscriptions, mounted at the root; the paths stand in `links`, too."""

from django.urls import path

from subscribers import own_views, v2_views, views

app_name = "subscribers"
urlpatterns = [
    path("subscribe", views.subscribe, name="subscribe"),
    path("subscribe/sent", views.sent, name="sent"),
    path("api/v2/subscribers.json", v2_views.subscribers, name="v2_subscribers"),
    path("subscriptions", own_views.ask_for_link, name="ask"),
    path("subscriptions/sent", own_views.link_sent, name="link_sent"),
    path("subscriptions/mine", own_views.mine, name="mine"),
    path("subscriptions/mine/stop", own_views.stop, name="stop"),
    path("subscriptions/mine/resume", own_views.resume, name="resume"),
    path("subscriptions/confirm/<str:token>", own_views.confirm, name="confirm"),
    path("subscriptions/open/<str:token>", own_views.open_link, name="open"),
    path("subscriptions/leave/<str:token>", own_views.leave, name="leave"),
    path("subscriptions/undo/<str:token>", own_views.undo, name="undo"),
    path("subscriptions/manage/<str:token>", own_views.manage, name="manage"),
]
