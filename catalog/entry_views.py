"""The console's screens of entries: the form with a control for each attribute, remove, bring back."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from catalog import entering, generating, reading, values
from catalog.entry_forms import EntryForm, ExceptionForm
from catalog.models import Attribute, CatalogType, Entry
from catalog.permissions import get_and_post, may_add, may_change, may_delete, may_look
from common import console
from components import page_addresses


@get_and_post
@may_add
def entry_add(request: HttpRequest, type_id: int) -> HttpResponse:
    row = get_object_or_404(CatalogType.objects.present(), pk=type_id)
    form = EntryForm(request.POST or None, attributes=_attributes(row))
    entry = form.carry_out(
        lambda: entering.add(
            type=row, name=form.cleaned_data["name"], said=form.said, now=timezone.now()
        )
    )
    if entry is None:
        context = {
            "title": _("Add an entry to %(name)s") % {"name": row.name},
            "button": _("Add entry"),
            "form": form,
            "type": row,
        }
        return _form(request, context)
    made = len(generating.pages_of([entry]))
    said = _("“%(name)s” is added, and its page is made.") if made else _("“%(name)s” is added.")
    messages.success(request, said % {"name": entry.name})
    return redirect("admin:catalog_entry", entry.pk)


@get_and_post
@may_look
def entry(request: HttpRequest, entry_id: int) -> HttpResponse:
    """One entry as a form; whoever may only look sees it without a button."""
    if request.method == "POST":
        return _save(request, entry_id)
    gone = Entry.objects.filter(pk=entry_id, removed_at__isnull=False).first()
    if gone is not None:
        messages.info(request, _("“%(name)s” was removed.") % {"name": gone.name})
        removed = reverse("admin:catalog_type", args=[gone.type_id])
        return redirect(f"{removed}?show=removed")
    row = _entry(entry_id)
    return _show(request, row, EntryForm(attributes=_attributes(row.type), entry=row))


@may_change
def _save(request: HttpRequest, entry_id: int) -> HttpResponse:
    row = _entry(entry_id)
    form = EntryForm(request.POST, attributes=_attributes(row.type), entry=row)
    saved = form.carry_out(
        lambda: entering.change(
            entry=row, name=form.cleaned_data["name"], said=form.said, now=timezone.now()
        )
    )
    if saved is None:
        row.refresh_from_db()
        return _show(request, row, form)
    said = _("Saved. Its pages show it, and the list of who may sign in counts from now on.")
    messages.success(request, said if generating.pages_of([saved]) else _("Saved."))
    return redirect("admin:catalog_entry", row.pk)


@get_and_post
@may_delete
def entry_remove(request: HttpRequest, entry_id: int) -> HttpResponse:
    row = _entry(entry_id)
    back = reverse("admin:catalog_entry", args=[row.pk])
    if request.method == "POST":
        try:
            entering.remove(entry=row, now=timezone.now())
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return redirect(back)
        said = _("“%(name)s” is removed. It can be brought back for 30 days.")
        messages.success(request, said % {"name": row.name})
        return redirect("admin:catalog_type", row.type_id)
    context = {
        "title": _("Remove “%(name)s”?") % {"name": row.name},
        "consequences": reading.consequences(row),
        "button": _("Remove entry"),
        "back": back,
        "type": row.type,
    }
    return console.page(request, "admin/catalog/confirm.html", context)


@require_POST
@may_change
def entry_restore(request: HttpRequest, entry_id: int) -> HttpResponse:
    row = get_object_or_404(
        Entry.objects.select_related("type"), pk=entry_id, removed_at__isnull=False
    )
    try:
        entering.restore(entry=row, now=timezone.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("admin:catalog_type", row.type_id)
    messages.success(request, _("“%(name)s” is back, with its pages.") % {"name": row.name})
    return redirect("admin:catalog_entry", row.pk)


@get_and_post
@may_change
def exception_add(request: HttpRequest, entry_id: int) -> HttpResponse:
    """Let single addresses in at a public provider, by typing its domain (B7)."""
    row = _entry(entry_id)
    attributes = entering.domain_attributes(row.type)
    if not attributes:
        return redirect("admin:catalog_entry", row.pk)
    form = ExceptionForm(request.POST or None, attributes=attributes)
    if form.carry_out(lambda: _allow(row, form, request)) is None:
        title = _("Single addresses for %(name)s") % {"name": row.name}
        context: dict[str, Any] = {"title": title, "form": form, "entry": row, "type": row.type}
        status = 422 if form.errors else 200
        return console.page(request, "admin/catalog/exception.html", context, status=status)
    messages.success(request, _("These addresses may sign in. The domain itself stays refused."))
    return redirect("admin:catalog_entry", row.pk)


def _allow(row: Entry, form: ExceptionForm, request: HttpRequest) -> bool:
    entering.allow_addresses(
        entry=row,
        attribute=form.cleaned_data["attribute"],
        domain=form.cleaned_data["domain"],
        typed=form.cleaned_data["typed"],
        addresses=form.cleaned_data["addresses"].splitlines(),
        by=request.user.get_username(),
        now=timezone.now(),
    )
    return True


def _show(request: HttpRequest, row: Entry, form: EntryForm) -> HttpResponse:
    pages = generating.pages_of([row])
    addresses = page_addresses.canonical_by(pages)
    excepted = list(row.exceptions.order_by("domain"))
    bad = [
        found
        for one in entering.domain_attributes(row.type)
        for found in values.refused(
            row.values.get(one.key), excepted={other.domain for other in excepted}
        )
    ]
    context = {
        "title": row.name,
        "button": _("Save"),
        "form": form,
        "type": row.type,
        "entry": row,
        "pages": [(page, addresses[page.pk].home) for page in pages],
        "exceptions": excepted,
        "bad": [(word, _(reason)) for word, reason in bad],
        "has_domains": bool(entering.domain_attributes(row.type)),
    }
    return _form(request, context)


def _form(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    status = 422 if context["form"].errors else 200
    return console.page(request, "admin/catalog/entry.html", context, status=status)


def _entry(entry_id: int) -> Entry:
    rows = Entry.objects.present().filter(type__removed_at__isnull=True)
    return get_object_or_404(rows.select_related("type"), pk=entry_id)


def _attributes(row: CatalogType) -> list[Attribute]:
    return list(row.attributes.select_related("target"))
