"""Who may open the console's screens of the catalog: all of them declare one of these."""

from django.contrib.auth.decorators import permission_required
from django.views.decorators.http import require_http_methods

get_and_post = require_http_methods(["GET", "HEAD", "POST"])
may_look = permission_required("catalog.view_entry", raise_exception=True)
may_add = permission_required("catalog.add_entry", raise_exception=True)
may_change = permission_required("catalog.change_entry", raise_exception=True)
may_delete = permission_required("catalog.delete_entry", raise_exception=True)
# Types, attributes and what is made of them: the same people, named apart for the audit.
may_define = permission_required("catalog.change_catalogtype", raise_exception=True)
may_make_pages = permission_required("catalog.change_pagesource", raise_exception=True)
