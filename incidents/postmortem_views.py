"""Screens of the console for postmortems: the editor, its preview, publish, unpublish, delete.

The editor is one form; the button that was pressed is the field `do`: "save", "publish", "suggest",
"preview", "add-entry", "add-action", "remove-entry-3" and the like. Only the first two save.
"""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from common import console, markdown
from incidents import audience, composer_views, postmortem_forms, postmortems, promised
from incidents.holding import IncidentGone
from incidents.lifecycle import TransitionNotAllowed
from incidents.models import Incident, Postmortem
from incidents.postmortem_forms import ActionForm, Editor, EntryForm, Raw
from incidents.postmortems import NoPostmortem

TEMPLATE = "admin/postmortem.html"
get_and_post = require_http_methods(["GET", "HEAD", "POST"])
may_write = permission_required("incidents.change_postmortem", raise_exception=True)


@get_and_post
@may_write
def postmortem(request: HttpRequest, public_id: str) -> HttpResponse:
    """The editor (M1: of a resolved incident, or one that has a postmortem already)."""
    incident = get_object_or_404(Incident.objects.public(), public_id=public_id)
    report = Postmortem.objects.filter(incident=incident).first()
    if report is None and incident.is_open:
        messages.error(request, _("Resolve the incident before you write its postmortem."))
        return redirect("admin:incident", public_id)
    if request.method != "POST":
        stored = postmortem_forms.written(report) if report else None
        editor = Editor.of(stored or postmortems.prefilled(incident=incident))
        return _screen(request, incident, report, editor)
    wish = request.POST.get("do", "preview")
    if wish not in {"save", "publish"}:
        return _screen(request, incident, report, _changed(request, incident, wish))
    editor = Editor.posted(request.POST)
    if _carry_out(request, editor, incident, is_published=wish == "publish"):
        return redirect("admin:incident", public_id)
    return _screen(request, incident, report, editor, status=422)


@require_POST
@may_write
def postmortem_preview(request: HttpRequest, public_id: str) -> HttpResponse:
    """The report as it would read; saves nothing."""
    incident = get_object_or_404(Incident.objects.public(), public_id=public_id)
    editor = _changed(request, incident, "preview")
    context = {"preview": _preview(editor), "incident": incident}
    return console.page(request, f"{TEMPLATE}#preview", context)


@require_POST
@may_write
def postmortem_publish(request: HttpRequest, public_id: str) -> HttpResponse:
    """Publish the saved report, from the incident's screen."""
    incident = get_object_or_404(Incident.objects.public(), public_id=public_id)
    author = composer_views.user_of(request)
    told = audience.of_postmortem(incident).total
    try:
        postmortems.publish(incident=incident, now=timezone.now(), author=author)
        messages.success(request, _published(told))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("admin:postmortem", public_id)
    except (TransitionNotAllowed, NoPostmortem, IncidentGone) as error:
        messages.error(request, _(str(error)))
    return redirect("admin:incident", public_id)


@require_POST
@may_write
def postmortem_unpublish(request: HttpRequest, public_id: str) -> HttpResponse:
    incident = get_object_or_404(Incident.objects.public(), public_id=public_id)
    try:
        postmortems.unpublish(incident=incident, now=timezone.now())
        said = _("The postmortem is a draft again, and the incident is resolved.")
        messages.success(request, said)
    except (TransitionNotAllowed, NoPostmortem, IncidentGone) as error:
        messages.error(request, _(str(error)))
    return redirect("admin:incident", public_id)


@get_and_post
@permission_required("incidents.delete_postmortem", raise_exception=True)
def postmortem_delete(request: HttpRequest, public_id: str) -> HttpResponse:
    incident = get_object_or_404(Incident.objects.public(), public_id=public_id)
    report = get_object_or_404(Postmortem, incident=incident)
    if request.method == "POST":
        try:
            postmortems.delete(incident=incident, now=timezone.now())
            messages.success(request, _("The postmortem is deleted."))
        except (NoPostmortem, IncidentGone) as error:
            messages.error(request, _(str(error)))
        return redirect("admin:incident", public_id)
    lost = (
        _("It disappears from the status page at once; the incident is “Resolved” again.")
        if report.is_published
        else _("Its text is lost. No visitor has seen it.")
    )
    context = {
        "title": _("Delete the postmortem of “%(title)s”?") % {"title": incident.title},
        "consequences": [lost, _("This cannot be undone.")],
        "button": _("Delete postmortem"),
        "back": reverse("admin:postmortem", args=[public_id]),
    }
    return console.page(request, "admin/incident_confirm.html", context)


def _carry_out(
    request: HttpRequest, editor: Editor, incident: Incident, *, is_published: bool
) -> bool:
    """Save, and publish if asked; whether it was done, with the errors shown where not."""
    if not editor.is_valid():
        return False
    now, author = timezone.now(), composer_views.user_of(request)
    saved = editor.form.carry_out(
        lambda: postmortems.save_draft(
            incident=incident, writing=editor.writing, now=now, author=author
        )
    )
    if saved is None:
        return False
    if not is_published or saved.is_published:
        messages.success(request, _("The postmortem is saved."))
        return True
    told = audience.of_postmortem(incident).total
    published = editor.form.carry_out(
        lambda: postmortems.publish(incident=incident, now=now, author=author)
    )
    if published is not None:
        messages.success(request, _published(told))
    return published is not None


def _published(told: int) -> str:
    said = _("The postmortem is published.")
    if not told:
        return f"{said} {_('Nobody is notified.')}"
    asked = ngettext(
        "%(count)d subscriber asked for postmortems and is notified.",
        "%(count)d subscribers asked for postmortems and are notified.",
        told,
    )
    return f"{said} {asked % {'count': told}}"


def _changed(request: HttpRequest, incident: Incident, wish: str) -> Editor:
    """The editor after a button that changes its rows; anything else changes nothing."""
    data = request.POST
    rows = {
        "entry": postmortem_forms.raw_rows(data, EntryForm, "entry"),
        "action": postmortem_forms.raw_rows(data, ActionForm, "action"),
    }
    verb, _dash, rest = wish.partition("-")
    name, _dash, number = rest.partition("-")
    if wish == "suggest":
        rows["entry"] += _suggested(incident, rows["entry"])
    elif verb == "add" and name in rows:
        rows[name].append({})
    elif verb == "remove" and name in rows and number.isdecimal() and len(number) < 6:
        del rows[name][int(number) : int(number) + 1]
    return Editor.typed(data, entries=rows["entry"], actions=rows["action"])


def _suggested(incident: Incident, known: list[Raw]) -> list[Raw]:
    """The suggested entries that are not among the rows yet."""
    found = [
        {"at": promised.as_typed(entry.at), "text": entry.text}
        for entry in postmortems.suggested_entries(incident=incident)
    ]
    return [row for row in found if row not in known]


def _preview(editor: Editor) -> dict[str, Any]:
    texts = {name: str(editor.form[name].value() or "") for name in editor.form.fields}
    title = texts.pop("title")
    return {
        "title": title[:200],
        "parts": [
            (editor.form.fields[name].label, markdown.render(text[:20_000]))
            for name, text in texts.items()
            if text.strip()
        ],
        "entries": [(_at(row), row["text"].value()) for row in editor.entries if not row.is_empty],
        "actions": [row for row in editor.actions if not row.is_empty],
    }


def _at(row: EntryForm) -> str:
    value = row["at"].value()
    try:
        return f"{datetime.fromisoformat(str(value)):%-d %b, %H:%M}"
    except ValueError:
        return ""


def _screen(
    request: HttpRequest,
    incident: Incident,
    report: Postmortem | None,
    editor: Editor,
    *,
    status: int = 200,
) -> HttpResponse:
    context = {
        "title": _("Postmortem"),
        "incident": incident,
        "report": report,
        "editor": editor,
        "preview": _preview(editor),
        "may_publish": not incident.is_open,
        "told": audience.of_postmortem(incident),
    }
    return console.page(request, TEMPLATE, context, status=status)
