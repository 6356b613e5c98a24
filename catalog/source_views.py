"""The console's screens that create pages from a type, and end that (R2, R4)."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalog import generating, reading, sources
from catalog.forms import NEW, ChoiceForm, StartForm
from catalog.generating import Preview
from catalog.models import CatalogType, PageSource
from catalog.permissions import get_and_post, may_make_pages
from common import console
from components.models import PageKind

_SHOWN = 50


@get_and_post
@may_make_pages
def pages_add(request: HttpRequest) -> HttpResponseBase:
    """Two steps, then a look at what will be made: which pages of which type; which attributes.

    Nothing is written before the last button: the steps are carried in the address.
    """
    form = StartForm(request.GET if "kind" in request.GET else None, initial=_first(request))
    if not form.is_valid():
        context = {"title": _("Create pages"), "form": form}
        status = 422 if form.errors else 200
        return console.page(request, "admin/catalog/pages_add.html", context, status=status)
    kind = PageKind(form.cleaned_data["kind"])
    if form.cleaned_data["type"] == NEW:
        return _from_new_type(request, kind, form.cleaned_data["name"])
    return _from_type(request, kind, get_object_or_404(CatalogType, pk=form.cleaned_data["type"]))


def _first(request: HttpRequest) -> dict[str, Any]:
    """What the first step shows at first: a new type "Customer" where there is none yet."""
    if CatalogType.objects.present().exists():
        return {"kind": PageKind.CUSTOMER, "type": request.GET.get("type", "")}
    return {"kind": PageKind.CUSTOMER, "type": NEW, "name": _("Customer")}


def _from_new_type(request: HttpRequest, kind: PageKind, name: str) -> HttpResponse:
    form = console.ConsoleForm(request.POST or None)
    source = None
    if request.method == "POST":
        form = console.ConsoleForm({})  # no field of its own; it carries what is refused
        source = form.carry_out(
            lambda: sources.start_with_new_type(name=name, kind=kind, now=timezone.now())
        )
    if source is None:
        context = {
            "title": _("Create pages"),
            "form": form,
            "name": name,
            "kind": reading.kind_words(kind),
            "starters": sources.starter_names().values(),
        }
        status = 422 if form.errors else 200
        return console.page(request, "admin/catalog/pages_new_type.html", context, status=status)
    said = _("“%(name)s” is there. Every entry that you add makes a page.")
    messages.success(request, said % {"name": source.type.name})
    return redirect("admin:catalog_entry_add", source.type_id)


def _from_type(request: HttpRequest, kind: PageKind, row: CatalogType) -> HttpResponse:
    if row.sources.filter(kind=kind, ended_at__isnull=True).exists():
        messages.info(request, _("Pages of this kind are made from this type already."))
        return redirect("admin:catalog_type", row.pk)
    form = ChoiceForm(request.POST or None, type=row, kind=kind)
    if not form.is_valid():
        return _choose(request, form, row, title=_("Create pages"), button=_("Look at the pages"))
    choice = form.choice
    preview = generating.preview(choice=choice, entries=row.entries.present().order_by("name"))
    if "create" not in request.POST:
        return _look(request, form, row, preview)
    source = form.carry_out(lambda: sources.start(type=row, choice=choice, now=timezone.now()))
    if source is None:
        return _choose(request, form, row, title=_("Create pages"), button=_("Look at the pages"))
    count = len(preview.names)
    said = ngettext(
        "%(count)s page is made, and one for every entry to come.",
        "%(count)s pages are made, and one for every entry to come.",
        count,
    )
    messages.success(request, said % {"count": f"{count:,}"})
    return redirect("admin:catalog_type", row.pk)


@get_and_post
@may_make_pages
def source_edit(request: HttpRequest, source_id: int) -> HttpResponse:
    """Choose other attributes; every page changes at once."""
    source = _source(source_id)
    row, kind = source.type, PageKind(source.kind)
    initial = ChoiceForm.initial_of(source)
    form = ChoiceForm(request.POST or None, type=row, kind=kind, initial=initial)
    count = form.carry_out(
        lambda: sources.change(source=source, choice=form.choice, now=timezone.now())
    )
    if count is None:
        title = _("%(pages)s from %(type)s") % {
            "pages": reading.kind_words(kind),
            "type": row.name,
        }
        return _choose(request, form, row, title=title, button=_("Save"))
    said = ngettext("Saved. %(count)s page changed.", "Saved. %(count)s pages changed.", count)
    messages.success(request, said % {"count": f"{count:,}"})
    return redirect("admin:catalog_type", row.pk)


@get_and_post
@may_make_pages
def source_end(request: HttpRequest, source_id: int) -> HttpResponse:
    source = _source(source_id)
    back = reverse("admin:catalog_type", args=[source.type_id])
    if request.method == "POST":
        count = sources.end(source=source, now=timezone.now())
        said = ngettext("%(count)s page is retired.", "%(count)s pages are retired.", count)
        messages.success(request, said % {"count": f"{count:,}"})
        return redirect(back)
    live = sum(one.live for one in reading.sources(source.type) if one.source.pk == source.pk)
    said = ngettext(
        "%(count)s page answers nobody any more, and its subscribers hear nothing more.",
        "%(count)s pages answer nobody any more, and their subscribers hear nothing more.",
        live,
    )
    context = {
        "title": _("Make no more pages from “%(name)s”?") % {"name": source.type.name},
        "consequences": [
            said % {"count": f"{live:,}"},
            _("The entries stay. Create pages again within 30 days, and these come back."),
        ],
        "button": _("Retire these pages"),
        "back": back,
        "type": source.type,
    }
    return console.page(request, "admin/catalog/confirm.html", context)


def _choose(
    request: HttpRequest, form: ChoiceForm, row: CatalogType, *, title: str, button: str
) -> HttpResponse:
    context = {
        "title": title,
        "form": form,
        "type": row,
        "kind": reading.kind_words(form.kind),
        "button": button,
        "back": reverse("admin:catalog_type", args=[row.pk]),
        "needs_domains": form.kind == PageKind.CUSTOMER
        and not form.fields["domains"].queryset.exists(),  # type: ignore[attr-defined]
    }
    status = 422 if form.errors else 200
    return console.page(request, "admin/catalog/pages_choose.html", context, status=status)


def _look(
    request: HttpRequest, form: ChoiceForm, row: CatalogType, preview: Preview
) -> HttpResponse:
    context = {
        "title": _("Create pages"),
        "form": form,
        "type": row,
        "kind": reading.kind_words(form.kind),
        "preview": preview,
        "names": preview.names[:_SHOWN],
        "more": max(0, len(preview.names) - _SHOWN),
        "remarks": _remarks(preview),
        "faults": preview.faults[:_SHOWN],
    }
    return console.page(request, "admin/catalog/pages_preview.html", context)


def _remarks(preview: Preview) -> list[tuple[str, str]]:
    """What is missing, with the names of the first entries without it."""
    said = []
    if names := preview.without_components:
        text = ngettext(
            "%(count)s page shows no service, until its entry names some:",
            "%(count)s pages show no service, until their entries name some:",
            len(names),
        )
        said.append((text % {"count": f"{len(names):,}"}, reading.in_short(list(names))))
    if names := preview.without_domains:
        text = ngettext(
            "%(count)s page is closed to everybody, until its entry names a domain:",
            "%(count)s pages are closed to everybody, until their entries name a domain:",
            len(names),
        )
        said.append((text % {"count": f"{len(names):,}"}, reading.in_short(list(names))))
    return said


def _source(source_id: int) -> PageSource:
    rows = PageSource.objects.filter(ended_at__isnull=True, type__removed_at__isnull=True)
    return get_object_or_404(rows.select_related("type"), pk=source_id)
