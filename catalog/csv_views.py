"""The console's import of entries, which is shown before it is taken, and the export."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from catalog import csv_exporting, csv_importing, csv_rules
from catalog.csv_importing import Changed, Report, Verdict
from catalog.csv_rules import Sheet
from catalog.forms import FileForm
from catalog.models import CatalogType
from catalog.permissions import get_and_post, may_change
from common import console, csv_text
from common.csv_text import NotReadable

_SHOWN = 200


@get_and_post
@may_change
def entries_import(request: HttpRequest, type_id: int) -> HttpResponse:
    """Show what a file would do; the text comes back with the button that does it."""
    row = _type(type_id)
    if request.method == "POST" and "stamp" in request.POST:
        return _take(request, row)
    form = FileForm(request.POST or None, request.FILES or None)
    text = form.carry_out(lambda: _text_of(row, form.cleaned_data["file"]))
    if text is None:
        return _start(request, row, form)
    return _preview(request, row, text)


@require_safe
@may_change
def entries_export(request: HttpRequest, type_id: int) -> HttpResponseBase:
    """All entries of a type as a file that an import takes again."""
    row = _type(type_id)
    now = timezone.now()
    return StreamingHttpResponse(
        csv_exporting.exported(type=row, now=now),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{row.slug}-{now:%Y-%m-%d}.csv"'},
    )


def _take(request: HttpRequest, row: CatalogType) -> HttpResponse:
    text = request.POST.get("text", "").replace("\r\n", "\n")
    try:
        report = csv_importing.take(
            type=row, sheet=_sheet(row, text), stamp=request.POST["stamp"], now=timezone.now()
        )
    except NotReadable as error:
        messages.error(request, _said(error))
        return redirect("admin:catalog_entries_import", row.pk)
    except Changed:
        messages.error(request, _("Nothing was imported: something changed meanwhile. Look again."))
        return _preview(request, row, text)
    said = _("Imported: %(added)s added, %(changed)s changed. Their pages follow at once.")
    counts = {
        "added": f"{len(report.of(Verdict.ADDED)):,}",
        "changed": f"{len(report.of(Verdict.CHANGED)):,}",
    }
    messages.success(request, said % counts)
    return redirect("admin:catalog_type", row.pk)


def _text_of(row: CatalogType, file: "UploadedFile[bytes]") -> str:
    """The text of an upload that can be read as a list. Raises ValidationError, on its field."""
    try:
        text = csv_text.decoded(file.read(csv_text.MAX_BYTES + 1))
        _sheet(row, text)
    except NotReadable as error:
        raise forms.ValidationError({"file": _said(error)}) from None
    return text


def _sheet(row: CatalogType, text: str) -> Sheet:
    return csv_rules.sheet(text, csv_importing.columns_of(row.attributes.all()))


def _said(error: NotReadable) -> str:
    return _(str(error)) % error.values


def _start(request: HttpRequest, row: CatalogType, form: FileForm) -> HttpResponse:
    columns = csv_importing.columns_of(row.attributes.all())
    context = {
        "title": _("Import into %(name)s") % {"name": row.name},
        "form": form,
        "type": row,
        "columns": csv_rules.header(columns),
    }
    status = 422 if form.errors else 200
    return console.page(request, "admin/catalog/import.html", context, status=status)


def _preview(request: HttpRequest, row: CatalogType, text: str) -> HttpResponse:
    sheet = _sheet(row, text)
    report = csv_importing.look(type=row, sheet=sheet, now=timezone.now())
    context = {
        "title": _("Import into %(name)s") % {"name": row.name},
        "type": row,
        "report": report,
        "counts": [(label, len(report.of(verdict))) for verdict, label in _labels().items()],
        "ignored": sheet.ignored,
        "text": text,
        **_shown(report),
    }
    return console.page(request, "admin/catalog/import_report.html", context)


def _labels() -> dict[Verdict, str]:
    return {
        Verdict.ADDED: _("Added"),
        Verdict.CHANGED: _("Changed"),
        Verdict.SAME: _("As it is"),
        Verdict.WRONG: _("Wrong"),
    }


def _shown(report: Report) -> dict[str, Any]:
    """The first lines of each kind: what is wrong, what changes, what is added."""
    found: dict[str, Any] = {}
    for verdict in (Verdict.WRONG, Verdict.CHANGED, Verdict.ADDED):
        lines = report.of(verdict)
        found[verdict.value] = lines[:_SHOWN]
        found[f"more_{verdict}"] = max(0, len(lines) - _SHOWN)
    return found


def _type(type_id: int) -> CatalogType:
    return get_object_or_404(CatalogType.objects.present(), pk=type_id)
