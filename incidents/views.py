"""Screens of the console for announcements: list, add with a preview, edit, retract."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from common import console, markdown
from components.models import Page
from incidents import announcements, shown_on
from incidents.forms import AnnouncementForm
from incidents.models import Announcement

get_and_post = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@permission_required("incidents.view_announcement", raise_exception=True)
def announcement_list(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    newest = Announcement.objects.order_by("-starts_at", "-id")
    rows = list(newest.prefetch_related("pages")[:200])
    shown = announcements.shown_somewhere(now=now)
    may_name = shown_on.may_name(request.user)
    context = {
        "title": _("Announcements"),
        "now": now,
        "rows": [
            {
                "row": row,
                "state": row.state(now=now, shown=shown),
                "pages": shown_on.words(row.pages.all(), names_customers=may_name),
            }
            for row in rows
        ],
        "has_pages": Page.objects.filter(shows_all=False).exists(),
    }
    return console.page(request, "admin/announcements.html", context)


@get_and_post
@permission_required("incidents.add_announcement", raise_exception=True)
def announcement_add(request: HttpRequest) -> HttpResponse:
    form = AnnouncementForm(request.POST or None)
    row = form.carry_out(lambda: announcements.publish(**form.cleaned_data, now=timezone.now()))
    if row is None:
        return _form(request, form, title=_("Post announcement"), button=_("Post announcement"))
    messages.success(request, _("“%(title)s” is saved.") % {"title": row.title})
    return redirect("admin:announcements")


@get_and_post
@permission_required("incidents.change_announcement", raise_exception=True)
def announcement_edit(request: HttpRequest, announcement_id: int) -> HttpResponse:
    row = get_object_or_404(Announcement, pk=announcement_id)
    title = _("Edit “%(title)s”") % {"title": row.title}
    form = AnnouncementForm(request.POST or None, initial=_initial(row), row=row)
    changed = form.carry_out(
        lambda: announcements.change(
            announcement=row, **_to_the_second(form.cleaned_data, row), now=timezone.now()
        )
    )
    if changed is None:
        retract = reverse("admin:announcement_retract", args=[announcement_id])
        return _form(request, form, title=title, button=_("Save"), retract_url=retract)
    messages.success(request, _("“%(title)s” is saved.") % {"title": changed.title})
    return redirect("admin:announcements")


@get_and_post
@permission_required("incidents.delete_announcement", raise_exception=True)
def announcement_retract(request: HttpRequest, announcement_id: int) -> HttpResponse:
    row = get_object_or_404(Announcement, pk=announcement_id)
    if request.method == "POST":
        announcements.retract(announcement=row)
        messages.success(request, _("“%(title)s” is retracted.") % {"title": row.title})
        return redirect("admin:announcements")
    context = {
        "title": _("Retract “%(title)s”?") % {"title": row.title},
        "consequences": [_("It disappears from the status page at once, and from this list.")],
        "button": _("Retract announcement"),
        "back": reverse("admin:announcement_edit", args=[announcement_id]),
    }
    return console.page(request, "admin/announcement_retract.html", context)


@require_POST
@permission_required("incidents.view_announcement", raise_exception=True)
def announcement_preview(request: HttpRequest) -> HttpResponse:
    """What visitors would see of the form as it stands; saves nothing."""
    form = AnnouncementForm(request.POST)
    return console.page(request, "admin/announcement_form.html#preview", _preview(request, form))


def _preview(request: HttpRequest, form: AnnouncementForm) -> dict[str, Any]:
    title, text = form["title"].value() or "", form["text"].value() or ""
    pages, may_name = form.picked_pages, shown_on.may_name(request.user)
    return {
        "preview_title": title[:200].strip(),
        "preview_html": markdown.render(text[:5000]),
        "shown_on": shown_on.words(pages, names_customers=may_name)
        if pages
        else shown_on.everywhere(names_customers=may_name),
    }


def _initial(row: Announcement) -> dict[str, Any]:
    return {
        "title": row.title,
        "text": row.text,
        "starts_at": row.starts_at,
        "ends_at": row.ends_at,
        "pages": [page.pk for page in row.pages.all()],
    }


def _to_the_second(fields: dict[str, Any], row: Announcement) -> dict[str, Any]:
    """The fields with the exact times of the row where the form, which knows minutes, shows them."""
    kept = {
        name: at
        for name in ("starts_at", "ends_at")
        if (at := getattr(row, name)) and at.replace(second=0, microsecond=0) == fields[name]
    }
    return fields | kept


def _form(
    request: HttpRequest, form: AnnouncementForm, *, title: str, button: str, **context: Any
) -> HttpResponse:
    context = {
        "title": title,
        "form": form,
        "button": button,
        "preview_url": reverse("admin:announcement_preview"),
        **_preview(request, form),
        **context,
    }
    status = 422 if form.errors else 200
    return console.page(request, "admin/announcement_form.html", context, status=status)
