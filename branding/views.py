"""The console's screen Branding: what a page looks like, with a preview of both themes."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_response_headers
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from branding import changing, forms, link_rules, previewing, wording
from branding.brand_views import CONTENT_TYPES, PictureView
from branding.colours import NotAColour, read
from branding.forms import BrandForm
from branding.models import Brand, Picture, Slot
from common import console
from components import catalogue
from components.models import Page
from components.models.pages import MAIN_ID

get_and_post = require_http_methods(["GET", "HEAD", "POST"])
may_change = permission_required("branding.change_brand", raise_exception=True)

Pictures = dict[str, list[changing.Entry]]

_INERT = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
_DAY_S = 24 * 3600


@get_and_post
@may_change
def branding(request: HttpRequest, page_id: int = MAIN_ID) -> HttpResponse:
    """Show the form with a preview; save it, unless only a preview is asked for."""
    page = _page(page_id)
    row = Brand.objects.filter(page=page).first()
    if request.method != "POST":
        shown = row if row and row.is_own else Brand.objects.filter(page_id=MAIN_ID).first()
        form = BrandForm(initial=forms.initial(shown))
        state = shown.state() if shown else changing.EMPTY
        return _screen(request, page, row, form, state, held=state["pictures"])
    form, state, held, saved = _taken(request, page)
    if saved is not None:
        messages.success(request, _("The look of “%(page)s” is saved.") % {"page": page.name})
        return redirect(_address(page))
    status = 422 if form.errors else 200
    return _screen(request, page, row, form, state, held=held, status=status)


@require_POST
@may_change
def branding_preview(request: HttpRequest, page_id: int) -> HttpResponse:
    """What the form would give, as pieces of the screen; uploads are kept for a day, nothing is saved."""
    page = _page(page_id)
    form, state, held, _saved = _taken(request, page)
    row = Brand.objects.filter(page=page).first()
    return _screen(
        request, page, row, form, state, held=held, template="admin/branding.html#preview"
    )


@require_POST
@may_change
def branding_undo(request: HttpRequest, page_id: int) -> HttpResponse:
    page = _page(page_id)
    if changing.undo(page=page, now=timezone.now()):
        messages.success(request, _("The last change is undone."))
    return redirect(_address(page))


@get_and_post
@may_change
def branding_reset(request: HttpRequest, page_id: int) -> HttpResponse:
    page = _page(page_id)
    if request.method == "POST":
        changing.reset(page=page, now=timezone.now())
        messages.success(request, _("The look of “%(page)s” is reset.") % {"page": page.name})
        return redirect(_address(page))
    consequence = (
        _(
            "Colour, pictures, links, texts and custom CSS go; the product's own look takes their place."
        )
        if page.is_main
        else _("This page looks like the main page then.")
    )
    context = {
        "title": _("Reset the look of “%(page)s”?") % {"page": page.name},
        "consequences": [consequence, _("“Undo” brings them back.")],
        "button": _("Reset look"),
        "back": _address(page),
    }
    return console.page(request, "admin/branding_confirm.html", context)


@require_safe
@permission_required("branding.change_brand", raise_exception=True)
def branding_file(request: HttpRequest, name: str, kind: str) -> HttpResponse:
    """A picture or a style sheet of a preview, by its digest; as inert as visitors get it."""
    if len(name) not in {32, 64}:  # a style sheet's name has half of the digest
        raise Http404
    row = Picture.objects.filter(digest__startswith=name, kind=kind).first()
    if row is None:
        raise Http404
    content_type = "text/css; charset=utf-8" if kind == "css" else CONTENT_TYPES[kind]
    response = HttpResponse(bytes(row.body), content_type)
    response.headers["Content-Security-Policy"] = _INERT
    response.headers["Content-Disposition"] = "attachment"
    patch_response_headers(response, cache_timeout=_DAY_S)
    response.headers["Cache-Control"] = f"private, max-age={_DAY_S}, immutable"
    return response


# ---- pieces --------------------------------------------------------------------------------------


def _page(page_id: int) -> Page:
    return catalogue.page() if page_id == MAIN_ID else get_object_or_404(Page, pk=page_id)


def _address(page: Page) -> str:
    return (
        reverse("admin:branding")
        if page.is_main
        else reverse("admin:branding_page", args=[page.pk])
    )


def _taken(
    request: HttpRequest, page: Page
) -> tuple[BrandForm, dict[str, Any], Pictures, Brand | None]:
    """The form as it was sent, what of it can be shown, its pictures, and the brand if it is saved."""
    now = timezone.now()
    form = BrandForm(request.POST, request.FILES)
    is_valid = form.is_valid()
    fresh = {slot: changing.keep(pictures=made, now=now) for slot, made in form.fresh.items()}
    held = form.held(fresh)
    look = form.look(form.wanted(held))
    saved = None
    if is_valid and request.POST.get("do") == "save":
        saved = form.carry_out(lambda: changing.save(page=page, look=look, now=now))
    elif is_valid:
        form.carry_out(lambda: changing.checked(look))
    return form, previewing.state(look), changing.entries(held), saved


def _screen(
    request: HttpRequest,
    page: Page,
    row: Brand | None,
    form: BrandForm,
    state: dict[str, Any],
    *,
    held: Pictures,
    template: str = "admin/branding.html",
    status: int = 200,
) -> HttpResponse:
    base = reverse("admin:branding")
    context = {
        "title": _("Branding")
        if page.is_main
        else _("Branding of “%(page)s”") % {"page": page.name},
        "page": page,
        "row": row,
        "is_own": bool(row and row.is_own),
        "form": form,
        "slots": [_slot(form, held, slot, base) for slot in Slot],
        "findings": _findings(form),
        "previews": previewing.previews(page=page, state=state, base=base, now=timezone.now()),
        "is_swap": template.endswith("#preview"),
        "others": _others(page),
        "most_links": link_rules.MOST,
    }
    return console.page(request, template, context, status=status)


def _slot(form: BrandForm, held: Pictures, slot: Slot, base: str) -> dict[str, Any]:
    entries = held.get(slot.value, [])
    # What a browser without WebP shows is the one that a thumbnail needs: the last.
    picture = PictureView(**entries[-1], base=base) if entries else None
    return {
        "name": slot.value,
        "label": slot.label,
        "field": form[slot.value],
        "removal": form[f"{slot.value}_removed"],
        "kept": " ".join(entry["digest"] for entry in entries),
        "picture": picture,
        "is_dark": slot in {Slot.LOGO_DARK, Slot.FOOTER_LOGO_DARK},
        "hint": _HINTS[slot],
    }


def _findings(form: BrandForm) -> list[str]:
    """What becomes of the colour; of one that cannot be read the form says so itself."""
    colour = str(form["colour"].value() or "")
    try:
        return wording.findings(read(colour)) if colour.strip() else []
    except NotAColour:
        return []


def _others(page: Page) -> list[dict[str, Any]]:
    """The pages that have a look of their own, for the main page's screen."""
    if not page.is_main:
        return []
    rows = Brand.objects.filter(is_own=True).exclude(page_id=MAIN_ID).select_related("page")
    return [{"name": row.page.name, "url": _address(row.page)} for row in rows[:100]]


_HINTS = {
    Slot.LOGO: gettext_lazy("SVG is best. Shown 36 pixels high in place of the name."),
    Slot.LOGO_DARK: gettext_lazy("For dark pages; without one the header logo is shown there too."),
    Slot.FOOTER_LOGO: gettext_lazy("Shown 28 pixels high below every page."),
    Slot.FOOTER_LOGO_DARK: gettext_lazy(
        "For dark pages; without one the footer logo is shown there too."
    ),
    Slot.FAVICON: gettext_lazy(
        "Takes the place of the icon that shows the status in the browser tab."
    ),
    Slot.PATTERN: gettext_lazy(
        "A tile that is repeated behind the header; the widget shows the same."
    ),
    Slot.BACKGROUND: gettext_lazy(
        "A picture behind the header, in the place of a pattern; 2880 pixels wide is best."
    ),
}
