"""The form that visitors subscribe with: a page of its own, which a script shows as a dialog."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_http_methods, require_safe

from components import page_addresses
from components.models import Page
from subscribers import adding, asking, followed, letters, pages, subscribing, visits, ways
from subscribers.canonical import Mailbox
from subscribers.followed import Event
from subscribers.forms import ChoiceForm, EmailForm
from subscribers.offers import NotTaken
from subscribers.subscribing import Choice, NothingChosen, NotNow, Suppressed, TooManyRequests

# Nothing is sent for these: their addresses stand on the page.
_TAKEN_AWAY = ("feed", "calendar")


@pages.for_visitors
@ensure_csrf_cookie
@require_http_methods(["GET", "HEAD", "POST"])
def subscribe(request: HttpRequest) -> HttpResponse:
    """Show the form, or take it: by e-mail here, by other ways where `ways` says."""
    asked = request.POST if request.method == "POST" else request.GET
    wanted = str(asked.get("follow", ""))[:20]
    page = pages.door(request).page
    event = followed.find_on(page, wanted)
    if request.method != "POST":
        is_over = bool(wanted) and event is None
        return _form(request, event, ChoiceForm(page=page, event=event), {}, is_over=is_over)
    choices = ChoiceForm(request.POST, page=page, event=event)
    errors = {"scope": str(choices.errors["scope"][0])} if "scope" in choices.errors else {}
    try:
        return _taken(request, choices, errors)
    except NotTaken as refused:
        errors |= {refused.field: str(refused)}
        return _form(request, event, choices, errors, status=422)
    except NothingChosen as refused:
        return _form(request, event, choices, {"scope": str(refused)}, status=422)
    except TooManyRequests as refused:
        response = _form(request, event, choices, {"form": str(refused)}, status=429)
        response.headers["Retry-After"] = str(int(refused.after.total_seconds()))
        return response
    except NotNow as refused:
        return _form(request, event, choices, {"form": str(refused)}, status=503)


def _taken(request: HttpRequest, choices: ChoiceForm, errors: dict[str, str]) -> HttpResponse:
    """Hand the form to the way that was chosen. Raises NotTaken, and what `ask` raises."""
    channel = request.POST.get("channel", "")
    now = timezone.now()
    if channel == "email" and letters.can_be_sent():
        email = EmailForm(request.POST)
        if not email.is_valid():
            raise NotTaken("email", str(email.errors["email"][0]))
        _check(choices, errors)
        return _by_mail(request, email.mailbox, choices.choice, now=now)
    way = next((way for way in ways.offered(pages.door(request)) if way.channel == channel), None)
    if way is None:
        raise NotTaken("channel", _("Choose how we should reach you."))
    _check(choices, errors)
    return way.take(request, choice=choices.choice, now=now)


def _by_mail(
    request: HttpRequest, mailbox: Mailbox, choice: Choice, *, now: datetime
) -> HttpResponse:
    """Ask the mailbox to confirm; the one that has signed in has proved itself already."""
    door = pages.door(request)
    language = translation.get_language() or settings.LANGUAGE_CODE
    if door.page.is_customer:
        mailbox = _of_the_customer(door.page, mailbox)
        if mailbox.address == door.holder:
            try:
                row = subscribing.ask_proved(
                    page=door.page,
                    address=mailbox.address,
                    canonical=mailbox.key,
                    choice=choice,
                    holder=door.holder,
                    language=language,
                    now=now,
                )
            except Suppressed as refused:
                raise NotTaken("email", str(refused)) from None
            return visits.welcome(request, subscriber=row, now=now, said="confirmed")
    asking.subscribe(
        page=door.page,
        mailbox=mailbox,
        choice=choice,
        language=language,
        client=pages.client(request),
        holder=door.holder,
        now=now,
    )
    return HttpResponseRedirect(door.path("/subscribe/sent"), status=303)


def _of_the_customer(page: Page, mailbox: Mailbox) -> Mailbox:
    """The mailbox in its one form, if it may see this customer page. Raises NotTaken."""
    try:
        return adding.mailbox_of(page, mailbox)
    except adding.NotLetIn:
        said = _("Only addresses that may see this page can be subscribed here.")
        raise NotTaken("email", said) from None


def _check(choices: ChoiceForm, errors: dict[str, str]) -> None:
    if not choices.is_valid():
        raise NotTaken("scope", errors.get("scope") or _("Choose from what is on the page."))


def _form(
    request: HttpRequest,
    event: Event | None,
    choices: ChoiceForm,
    errors: dict[str, str],
    *,
    status: int = 200,
    is_over: bool = False,
) -> HttpResponse:
    page = pages.door(request).page
    offered = ways.offered(pages.door(request))
    takes_email = letters.can_be_sent()
    # Feeds of a customer page have addresses of each person's own, which stand on that page.
    taken_away = () if page.is_customer else _TAKEN_AWAY
    known = ["email"] if takes_email else []
    known += [*(way.channel for way in offered), *taken_away]
    asked = request.POST.get("channel", "")
    home = page_addresses.canonical(page).url("")
    context: dict[str, Any] = {
        "ways": offered,
        "takes_email": takes_email,
        "channel": asked if asked in known else next(iter(known), ""),
        "event": event,
        "is_over": is_over,
        "values": request.POST,
        "errors": errors,
        "choice": choices.shown,
        "has_feeds": bool(taken_away),
        "home": home,
        "calendar": f"webcal://{home.partition('://')[2]}/maintenance.ics",
    }
    return pages.page(request, "subscribers/subscribe.html", context, status=status)


@pages.for_visitors
@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    """What to do next; the same for every address (reliability A3)."""
    return pages.page(request, "subscribers/sent.html")
