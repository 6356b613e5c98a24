"""The console's screens of types and attributes."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from catalog import defining, reading
from catalog.forms import AttributeChangeForm, AttributeForm, TypeForm
from catalog.models import Attribute, CatalogType
from catalog.permissions import get_and_post, may_define, may_look
from catalog.values import Kind
from common import console
from components.models import PageKind


@require_safe
@may_look
def type_list(request: HttpRequest) -> HttpResponse:
    context = {
        "title": _("Catalog"),
        "types": reading.types(),
        "removed": reading.types(removed=True),
    }
    return console.page(request, "admin/catalog/list.html", context)


@require_safe
@may_look
def type_detail(request: HttpRequest, type_id: int) -> HttpResponse:
    """The entries of a type, and which pages are made from them."""
    row = get_object_or_404(CatalogType, pk=type_id)
    text = request.GET.get("q", "").replace("\0", "").strip()[:200]
    removed = request.GET.get("show") == "removed"
    sheet = reading.sheet(type=row, text=text, removed=removed, number=request.GET.get("page", "1"))
    attributes = list(row.attributes.all()[: reading.COLUMNS_SHOWN])
    query = request.GET.copy()
    query.pop("page", None)
    sources = reading.sources(row)
    context = {
        "title": row.name,
        "type": row,
        "page": sheet,
        "rows": reading.rows(list(sheet), attributes),
        "attributes": attributes,
        "sources": [(reading.kind_words(one.source.kind), one) for one in sources],
        "can_make_more": len(sources) < 2,
        "makes_customers": any(one.source.kind == PageKind.CUSTOMER for one in sources),
        "text": text,
        "removed": removed,
        "removed_count": row.entries.filter(removed_at__isnull=False).count(),
        "query": query.urlencode(),
    }
    return console.page(request, "admin/catalog/type.html", context)


@get_and_post
@may_define
def type_add(request: HttpRequest) -> HttpResponse:
    form = TypeForm(request.POST or None)
    row = form.carry_out(
        lambda: defining.add_type(name=form.cleaned_data["name"], now=timezone.now())
    )
    if row is None:
        context = {"title": _("Add a type"), "button": _("Add type"), "form": form}
        return _form(request, context | {"back": reverse("admin:catalog")})
    messages.success(request, _("“%(name)s” is added. Give it attributes.") % {"name": row.name})
    return redirect("admin:catalog_type_edit", row.pk)


@get_and_post
@may_define
def type_edit(request: HttpRequest, type_id: int) -> HttpResponse:
    """The name of a type, and its attributes in their order."""
    row = _present(type_id)
    form = TypeForm(request.POST or None, initial={"name": row.name})
    saved = form.carry_out(lambda: defining.rename_type(type=row, name=form.cleaned_data["name"]))
    if saved is not None:
        messages.success(request, _("Saved."))
        return redirect("admin:catalog_type_edit", row.pk)
    row.refresh_from_db()
    attributes = [(one, _(Kind(one.kind).label)) for one in row.attributes.select_related("target")]
    context = {
        "title": _("Attributes of %(name)s") % {"name": row.name},
        "type": row,
        "form": form,
        "attributes": attributes,
    }
    status = 422 if form.errors else 200
    return console.page(request, "admin/catalog/type_edit.html", context, status=status)


@get_and_post
@may_define
def type_remove(request: HttpRequest, type_id: int) -> HttpResponse:
    row = _present(type_id)
    back = reverse("admin:catalog_type", args=[row.pk])
    if request.method == "POST":
        try:
            defining.remove_type(type=row, now=timezone.now())
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return redirect(back)
        said = _("“%(name)s” is removed. It can be brought back for 30 days.")
        messages.success(request, said % {"name": row.name})
        return redirect("admin:catalog")
    context = {
        "title": _("Remove “%(name)s”?") % {"name": row.name},
        "consequences": _consequences(row),
        "button": _("Remove type"),
        "back": back,
        "type": row,
    }
    return console.page(request, "admin/catalog/confirm.html", context)


@require_POST
@may_define
def type_restore(request: HttpRequest, type_id: int) -> HttpResponse:
    row = get_object_or_404(CatalogType, pk=type_id, removed_at__isnull=False)
    try:
        defining.restore_type(type=row, now=timezone.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("admin:catalog")
    messages.success(request, _("“%(name)s” is back.") % {"name": row.name})
    return redirect("admin:catalog_type", row.pk)


@get_and_post
@may_define
def attribute_add(request: HttpRequest, type_id: int) -> HttpResponse:
    row = _present(type_id)
    form = AttributeForm(request.POST or None)
    if form.carry_out(lambda: _add(row, form)) is None:
        context = {
            "title": _("Add an attribute to %(name)s") % {"name": row.name},
            "button": _("Add attribute"),
            "form": form,
            "type": row,
            "back": reverse("admin:catalog_type_edit", args=[row.pk]),
        }
        return _form(request, context)
    messages.success(request, _("The attribute is added."))
    return redirect("admin:catalog_type_edit", row.pk)


def _add(row: CatalogType, form: AttributeForm) -> Attribute:
    said: dict[str, Any] = form.cleaned_data | {"kind": Kind(form.cleaned_data["kind"])}
    return defining.add_attribute(type=row, **said)


@get_and_post
@may_define
def attribute_edit(request: HttpRequest, attribute_id: int) -> HttpResponse:
    one = _attribute(attribute_id)
    initial = {"name": one.name, "is_required": one.is_required}
    form = AttributeChangeForm(request.POST or None, initial=initial)
    saved = form.carry_out(lambda: defining.change_attribute(attribute=one, **form.cleaned_data))
    if saved is None:
        one.refresh_from_db()
        context = {
            "title": one.name,
            "button": _("Save"),
            "form": form,
            "type": one.type,
            "note": _("Kind: %(kind)s. Files know it as “%(key)s”.")
            % {"kind": _(Kind(one.kind).label), "key": one.key},
            "back": reverse("admin:catalog_type_edit", args=[one.type_id]),
        }
        return _form(request, context)
    messages.success(request, _("Saved."))
    return redirect("admin:catalog_type_edit", one.type_id)


@require_POST
@may_define
def attribute_move(request: HttpRequest, attribute_id: int) -> HttpResponse:
    one = _attribute(attribute_id)
    defining.move_attribute(attribute=one, by=1 if request.POST.get("to") == "down" else -1)
    return redirect("admin:catalog_type_edit", one.type_id)


@get_and_post
@may_define
def attribute_remove(request: HttpRequest, attribute_id: int) -> HttpResponse:
    one = _attribute(attribute_id)
    back = reverse("admin:catalog_type_edit", args=[one.type_id])
    if request.method == "POST":
        try:
            defining.remove_attribute(attribute=one, now=timezone.now())
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return redirect(back)
        messages.success(request, _("The attribute is removed."))
        return redirect(back)
    refused = defining.used_by(one)
    context = {
        "title": _("Remove “%(name)s”?") % {"name": one.name},
        "consequences": [refused or defining.lost_with(one)],
        "button": "" if refused else _("Remove attribute"),
        "back": back,
        "type": one.type,
    }
    return console.page(request, "admin/catalog/confirm.html", context)


def _consequences(row: CatalogType) -> list[str]:
    entries = row.entries.present().count()
    live = sum(one.live for one in reading.sources(row))
    said = ngettext(
        "%(count)s entry is removed with it.", "%(count)s entries are removed with it.", entries
    )
    pages = ngettext(
        "%(count)s page answers nobody any more, and its subscribers hear nothing more.",
        "%(count)s pages answer nobody any more, and their subscribers hear nothing more.",
        live,
    )
    return [
        said % {"count": f"{entries:,}"},
        pages % {"count": f"{live:,}"},
        _("All of it can be brought back for 30 days."),
    ]


def _present(type_id: int) -> CatalogType:
    return get_object_or_404(CatalogType.objects.present(), pk=type_id)


def _attribute(attribute_id: int) -> Attribute:
    rows = Attribute.objects.filter(type__removed_at__isnull=True).select_related("type")
    return get_object_or_404(rows, pk=attribute_id)


def _form(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    status = 422 if context["form"].errors else 200
    return console.page(request, "admin/catalog/form.html", context, status=status)
