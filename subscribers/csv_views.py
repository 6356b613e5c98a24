"""The console's import of a list, which is shown before it is taken, and the export."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from common import console
from subscribers import csv_exporting, csv_importing, csv_rules, operators_list
from subscribers.csv_rules import Listed, NotReadable
from subscribers.operator_forms import ImportForm
from subscribers.operator_views import get_and_post, may_add, may_export, wanted_of

# A report of 10,000 lines is read by nobody: first what is wrong, then what is good.
_SKIPPED_SHOWN, _READY_SHOWN = 500, 50


@get_and_post
@may_add
def subscribers_import(request: HttpRequest) -> HttpResponse:
    """Show what a file would do; the text comes back with the button that does it."""
    if request.method == "POST" and "stamp" in request.POST:
        return _take(request)
    form = ImportForm(request.POST or None, request.FILES or None)
    text = form.carry_out(lambda: _text_of(form.cleaned_data["file"]))
    if text is None:
        return _start(request, form)
    return _preview(request, text=text, consent=form.cleaned_data["consent"])


@require_safe
@may_export
def subscribers_export(request: HttpRequest) -> HttpResponseBase:
    """What the list shows, as a file; all of it, whatever page is open."""
    now = timezone.now()
    rows = operators_list.narrowed(wanted_of(request))
    name = f"subscribers-{now:%Y-%m-%d}.csv"
    return StreamingHttpResponse(
        csv_exporting.exported(rows=rows, now=now),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _take(request: HttpRequest) -> HttpResponse:
    text = request.POST.get("text", "").replace("\r\n", "\n")
    consent = request.POST.get("consent", "").replace("\0", "").strip()[:200]
    if not consent:
        return redirect("admin:subscribers_import")
    try:
        taken = csv_importing.take(
            lines=csv_rules.listed(text).lines,
            stamp=request.POST["stamp"],
            consent=consent,
            now=timezone.now(),
        )
    except NotReadable as error:
        messages.error(request, _said(error))
        return redirect("admin:subscribers_import")
    except csv_importing.Changed:
        messages.error(
            request,
            _("Nothing was imported: since you looked, others would be added. Look again."),
        )
        return _preview(request, text=text, consent=consent)
    _say(request, taken)
    return redirect("admin:subscribers")


def _say(request: HttpRequest, taken: csv_importing.Taken) -> None:
    """Who is told from now on, and what is left to do for the phones."""
    if taken.told:
        said = ngettext(
            "%(count)d subscriber is told from now on.",
            "%(count)d subscribers are told from now on.",
            taken.told,
        )
        messages.success(request, said % {"count": taken.told})
    if taken.waiting:
        said = ngettext(
            "%(count)d phone waits for a code. Open it and press “Send a code”.",
            "%(count)d phones wait for a code. Open each of them and press “Send a code”.",
            taken.waiting,
        )
        messages.warning(request, said % {"count": taken.waiting})


def _text_of(file: "UploadedFile[bytes]") -> str:
    """The text of an upload that can be read as a list. Raises ValidationError, on its field."""
    try:
        text = csv_rules.decoded(file.read(csv_rules.MAX_BYTES + 1))
        csv_rules.listed(text)
    except NotReadable as error:
        raise forms.ValidationError({"file": _said(error)}) from None
    return text


def _said(error: NotReadable) -> str:
    return _(str(error)) % error.values


def _start(request: HttpRequest, form: ImportForm) -> HttpResponse:
    context = {"title": _("Import subscribers"), "form": form, "columns": csv_rules.UNDERSTOOD}
    status = 422 if form.errors else 200
    return console.page(request, "admin/subscribers/import.html", context, status=status)


def _preview(request: HttpRequest, *, text: str, consent: str) -> HttpResponse:
    listed: Listed = csv_rules.listed(text)
    report = csv_importing.look(lines=listed.lines)
    skipped, ready = report.skipped, report.ready
    context: dict[str, Any] = {
        "title": _("Import subscribers"),
        "report": report,
        "counts": [(verdict.label, count) for verdict, count in report.counts.items()],
        "ignored": listed.ignored,
        "skipped": skipped[:_SKIPPED_SHOWN],
        "more_skipped": max(0, len(skipped) - _SKIPPED_SHOWN),
        "ready": ready[:_READY_SHOWN],
        "ready_count": len(ready),
        "more_ready": max(0, len(ready) - _READY_SHOWN),
        "text": text,
        "consent": consent,
    }
    return console.page(request, "admin/subscribers/import_report.html", context)
