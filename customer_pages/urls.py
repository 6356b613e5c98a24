"""Customer pages below /p/<address> on our own host."""

from django.urls import path

from customer_pages import routes, views

app_name = "customer_pages"
urlpatterns = [
    *routes.below("p/<str:address>/"),
    path("p/<str:address>", views.whole_name),
    path("p/<path:rest>", views.nothing),
]
