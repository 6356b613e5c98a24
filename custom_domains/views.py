"""Screens of custom domains: the list, and the way from a name to its certificate."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from common import console
from components import page_addresses
from components.models import PageHost
from custom_domains import asking, domains, names, reading
from custom_domains.forms import NameForm

may_look = permission_required("components.view_pagehost", raise_exception=True)
may_change = permission_required("components.change_pagehost", raise_exception=True)


@require_safe
@may_look
def domain_list(request: HttpRequest) -> HttpResponse:
    context = {
        "title": _("Custom domains"),
        "rows": reading.rows(reading.held(request.user), now=timezone.now()),
    }
    return console.page(request, "admin/domains/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("components.add_pagehost", raise_exception=True)
def domain_add(request: HttpRequest) -> HttpResponse:
    """The first step: a name for a page."""
    form = NameForm(request.POST or None, initial={"page": request.GET.get("page") or "1"})
    host = form.carry_out(
        lambda: domains.add(
            page=form.cleaned_data["page"], text=form.cleaned_data["name"], now=timezone.now()
        )
    )
    if host is not None:
        return redirect("admin:domain", host.pk)
    context = {"title": _("Add custom domain"), "form": form, "step": 1}
    return console.page(request, "admin/domains/form.html", context)


@require_safe
@may_look
def domain(request: HttpRequest, host_id: int) -> HttpResponse:
    """The other steps: the records to add, what was found of them, the certificate."""
    host = get_object_or_404(reading.held(request.user), pk=host_id)
    now = timezone.now()
    context: dict[str, Any] = {
        "title": names.shown(host.name),
        "host": host,
        "ascii_name": host.name if names.shown(host.name) != host.name else "",
        "url": page_addresses.with_host(host.name),
        "default_url": page_addresses.default(host.page).home if host.page else "",
        "records": reading.record_rows(host),
        "has_target": bool(asking.target().alias or asking.target().addresses),
        "state": reading.state(host, now=now),
        "step": reading.step(host),
        "now": now,
    }
    return console.page(request, "admin/domains/domain.html", context)


@require_POST
@may_change
def domain_verify(request: HttpRequest, host_id: int) -> HttpResponse:
    """Look for the records now; answers within 20 s, and any number of times."""
    host = get_object_or_404(reading.held(request.user), pk=host_id)
    try:
        is_found = asking.verify(host=host, now=timezone.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        if is_found:
            said = _("All records were found. The page answers at %(name)s.")
            messages.success(request, said % {"name": names.shown(host.name)})
        else:
            messages.error(
                request,
                _(
                    "Not accepted yet: see at each record what to do. Nothing is lost, verify again"
                    " when it is done."
                ),
            )
    return redirect("admin:domain", host.pk)


@require_POST
@may_change
def domain_primary(request: HttpRequest, host_id: int) -> HttpResponse:
    """Let links use this name, or the default address again."""
    host = get_object_or_404(PageHost.objects.active(), pk=host_id)
    is_primary = request.POST.get("on") == "1"
    domains.set_primary(host=host, is_primary=is_primary)
    said = (
        _("Links to the page use %(name)s now.")
        if is_primary
        else _("Links to the page use its default address now; %(name)s goes on answering.")
    )
    messages.success(request, said % {"name": names.shown(host.name)})
    return redirect("admin:domain", host.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("components.delete_pagehost", raise_exception=True)
def domain_release(request: HttpRequest, host_id: int) -> HttpResponse:
    """Ask, and then stop serving a name."""
    host = get_object_or_404(reading.held(request.user), pk=host_id)
    shown = names.shown(host.name)
    if request.method == "POST":
        domains.release(host=host, now=timezone.now())
        messages.success(request, _("The name %(name)s is released.") % {"name": shown})
        return redirect("admin:domains")
    context = {"title": _("Release %(name)s?") % {"name": shown}, "host": host}
    return console.page(request, "admin/domains/release.html", context)
