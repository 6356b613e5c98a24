"""Screens of the console for pages: set up the main one, the list, each page's settings, retire."""

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
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from common import console
from components import catalogue, claims, page_addresses, pages
from components.models import Page, PageKind
from statuspage import pages_embeds, pages_forms, pages_links, pages_reading
from statuspage.pages_forms import NamedPageForm, PageForm, SettingsForm
from subscribers import operators_list

get_and_post = require_http_methods(["GET", "HEAD", "POST"])
may_look = permission_required("components.view_page", raise_exception=True)
may_change = permission_required("components.change_page", raise_exception=True)
FORM = "admin/pages/form.html"


@get_and_post
@may_change
def set_up(request: HttpRequest) -> HttpResponse:
    """Name the main page; afterwards it is public and nobody is asked again (A1, A2)."""
    page = catalogue.page()
    if page.set_up_at is not None:
        return redirect("admin:page_edit", page.pk)
    initial = {"slug": page.slug, "time_zone": page.time_zone, "language": page.language}
    form = NamedPageForm(request.POST or None, initial=initial)
    saved = form.carry_out(lambda: pages.set_up(**form.cleaned_data, now=timezone.now()))
    if saved is not None:
        address = pages_reading.address_lines(saved)[0]
        said = _("“%(name)s” is set up and answers at %(address)s.")
        messages.success(request, said % {"name": saved.name, "address": address})
        return redirect("admin:index")
    context = {"title": _("Set up the status page"), "asks_set_up": False, "is_set_up": True}
    return _form(request, form, page=page, button=_("Set up the page"), **context)


@require_safe
@may_look
def page_list(request: HttpRequest) -> HttpResponse:
    wanted = pages_reading.wanted(request.GET)
    sheet = pages_reading.sheet(
        open_rows=pages_reading.open_to(request.user),
        wanted=wanted,
        number=request.GET.get("page", ""),
    )
    context = {
        "title": _("Pages"),
        "rows": pages_reading.rows(list(sheet)),
        "page": sheet,
        "wanted": wanted,
        "query": wanted.query,
        "kinds": pages_reading.kinds(request.user),
        "states": pages_reading.STATES,
        "page_links": pages_links.of_list(request.user),
    }
    return console.page(request, "admin/pages/list.html", context)


@get_and_post
@permission_required("components.add_page", raise_exception=True)
def page_add(request: HttpRequest) -> HttpResponse:
    """A sub-page by hand; those of the catalog are made from its entries."""
    main = catalogue.page()
    taken_over = ("time_zone", "language", *PageForm.WEIGHTS, *PageForm.INDICATOR)
    initial = {name: getattr(main, name) for name in taken_over}
    form = PageForm(request.POST or None, initial=initial)
    row = form.carry_out(
        lambda: pages.add(kind=PageKind.SUB, now=timezone.now(), **form.columns, **form.members)
    )
    if row is None:
        return _form(request, form, title=_("Add sub-page"), button=_("Add sub-page"))
    address = pages_reading.address_lines(row)[0]
    said = _("“%(name)s” is published at %(address)s.") % {"name": row.name, "address": address}
    messages.success(request, said)
    return redirect("admin:pages")


@require_http_methods(["GET", "HEAD", "POST"])
@may_look
def page_edit(request: HttpRequest, page_id: int) -> HttpResponse:
    """The settings of a page; whoever may only look sees them without a button."""
    if request.method == "POST":
        return _save(request, page_id)
    page = get_object_or_404(pages_reading.open_to(request.user), pk=page_id)
    source = pages_links.source_of(page)
    return _settings(request, page, PageForm(page=page, source=source, initial=_initial(page)))


@may_change
def _save(request: HttpRequest, page_id: int) -> HttpResponse:
    page = get_object_or_404(Page, pk=page_id)
    form = PageForm(request.POST, page=page, source=pages_links.source_of(page))
    saved = form.carry_out(
        lambda: pages.change(page=page, now=timezone.now(), **form.columns, **form.members)
    )
    if saved is None:
        page.refresh_from_db()
        return _settings(request, page, form)
    messages.success(request, _("The settings of “%(name)s” are saved.") % {"name": saved.name})
    return redirect("admin:page_edit", page.pk)


@require_safe
@may_look
def page_embed(request: HttpRequest, page_id: int) -> HttpResponse:
    """What to copy to show a page elsewhere; customer pages are shown nowhere else."""
    found = pages_reading.open_to(request.user).exclude(kind=PageKind.CUSTOMER)
    page = get_object_or_404(found, pk=page_id, retired_at=None)
    context = {
        "title": _("Embed “%(name)s”") % {"name": page.name},
        "subject": page,
        "frame": page_addresses.canonical(page).url("/embed/frame"),
        "snippets": pages_embeds.snippets(page),
        "badges": pages_embeds.badges(page),
        "pictures": pages_embeds.pictures(page),
    }
    return console.page(request, "admin/pages/embed.html", context)


@get_and_post
@permission_required("components.delete_page", raise_exception=True)
def page_retire(request: HttpRequest, page_id: int) -> HttpResponse:
    page = get_object_or_404(Page.objects.live(), pk=page_id, shows_all=False)
    if (source := pages_links.source_of(page)) is not None:
        said = _("This page is made from %(entry)s. Remove the entry, and the page is retired.")
        messages.error(request, said % {"entry": source.name})
        return redirect(source.url)
    if request.method == "POST":
        pages.retire(page=page, now=timezone.now())
        messages.success(
            request,
            _("“%(name)s” is retired. It can be brought back for 30 days.") % {"name": page.name},
        )
        return redirect("admin:pages")
    context = {
        "title": _("Retire “%(name)s”?") % {"name": page.name},
        "consequences": _consequences(page),
        "button": _("Retire page"),
        "back": reverse("admin:page_edit", args=[page.pk]),
    }
    return console.page(request, "admin/pages/retire.html", context)


@require_POST
@permission_required("components.delete_page", raise_exception=True)
def page_restore(request: HttpRequest, page_id: int) -> HttpResponse:
    page = get_object_or_404(Page, pk=page_id)
    if (source := pages_links.source_of(page)) is not None:
        said = _("This page comes back with %(entry)s: bring the entry back.")
        messages.error(request, said % {"entry": source.name})
        return redirect(source.url)
    pages.restore(page=page)
    messages.success(request, _("“%(name)s” answers again.") % {"name": page.name})
    return redirect("admin:page_edit", page.pk)


@require_safe
@may_change
def page_address(request: HttpRequest) -> HttpResponse:
    """The address that a slug makes, or why it cannot be taken (htmx): by the name of another page."""
    number = request.GET.get("page", "")
    page = Page.objects.filter(pk=int(number)).first() if _is_id(number) else None
    slug = request.GET.get("slug", "")[:41].strip()
    return console.page(request, f"{FORM}#address", _address(slug, page))


@get_and_post
@may_change
def settings(request: HttpRequest) -> HttpResponse:
    """The switches of the whole installation."""
    page = catalogue.page()
    initial = {name: getattr(page, name) for name in SettingsForm.base_fields}
    form = SettingsForm(request.POST if request.method == "POST" else None, initial=initial)
    done = form.carry_out(
        lambda: claims.change_page(page=page, now=timezone.now(), **form.cleaned_data)
    )
    if done is not None:
        messages.success(request, _("The settings are saved."))
        return redirect("admin:settings")
    context = {"title": _("Settings"), "form": form}
    status = 422 if form.errors else 200
    return console.page(request, "admin/pages/settings.html", context, status=status)


def _settings(request: HttpRequest, page: Page, form: PageForm) -> HttpResponse:
    now = timezone.now()
    context = {
        "title": _("Settings of “%(name)s”") % {"name": page.name},
        "row": pages_reading.rows([page])[0],
        "addresses": pages_reading.address_lines(page),
        "source": pages_links.source_of(page),
        "page_links": pages_links.of_page(page, request.user),
        "days_left": pages_reading.days_left(page, now=now),
        "now": now,
    }
    return _form(request, form, page=page, button=_("Save"), **context)


def _form(
    request: HttpRequest,
    form: NamedPageForm,
    *,
    button: str,
    page: Page | None = None,
    **context: Any,
) -> HttpResponse:
    context |= {
        "form": form,
        "subject": page,
        "button": button,
        "time_zones": pages_forms.offered_zones(),
        "has_service_domain": pages_reading.has_service_domain(),
        **_address(str(form["slug"].value() or ""), page),
    }
    return console.page(request, FORM, context, status=422 if form.errors else 200)


def _address(slug: str, page: Page | None) -> dict[str, Any]:
    """The address that a slug makes, for the line under its field."""
    if not slug:
        return {"address": "", "refused": ""}
    row = Page(pk=page.pk, kind=page.kind, slug=slug) if page else Page(slug=slug)
    try:
        row.clean_fields(exclude={field.name for field in Page._meta.fields} - {"slug"})
        pages.check_slug(row)
    except ValidationError as error:
        return {"address": "", "refused": " ".join(error.messages)}
    return {"address": pages_reading.default_address(slug=slug, page=page), "refused": ""}


def _initial(page: Page) -> dict[str, Any]:
    components, groups = pages.members(page)
    own = {name: getattr(page, name) for name in ("name", "slug", "time_zone", "language")}
    rest = {name: getattr(page, name) for name in (*PageForm.WEIGHTS, *PageForm.INDICATOR)}
    return own | rest | {"components": sorted(components), "groups": sorted(groups)}


def _consequences(page: Page) -> list[str]:
    address = pages_reading.address_lines(page)[0]
    said = [_("%(address)s answers nobody from now on.") % {"address": address}]
    if count := operators_list.counts_by_page().get(page.pk, 0):
        said.append(
            ngettext(
                "Its %(count)d subscriber hears nothing while it is retired.",
                "Its %(count)d subscribers hear nothing while it is retired.",
                count,
            )
            % {"count": count}
        )
    if page.is_customer:
        said.append(_("Everybody who is signed in to it loses access."))
    if names := list(page.hosts.filter(is_active=True).values_list("name", flat=True)):
        said.append(_("Its custom domain %(names)s stops.") % {"names": ", ".join(names)})
    return [
        *said,
        _("Services, incidents and the other pages stay as they are."),
        _("For 30 days you can bring it back as it was; then it is removed for good."),
    ]


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 17
