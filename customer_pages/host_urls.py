"""One customer page at the root of a host name of its own; chosen by `middleware`."""

from customer_pages import routes

urlpatterns = routes.below("")
handler404 = "public_pages.views.not_found"
handler500 = "public_pages.views.server_error"
