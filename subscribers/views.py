"""The form that visitors subscribe with: a page of its own, which a script shows as a dialog."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_http_methods, require_safe

from subscribers import asking, followed, letters, pages, ways
from subscribers.followed import Event
from subscribers.forms import ChoiceForm, EmailForm
from subscribers.offers import NotTaken
from subscribers.subscribing import NothingChosen, NotNow, TooManyRequests

# Nothing is sent for these: their addresses stand on the page.
_TAKEN_AWAY = ("feed", "calendar")


@pages.for_visitors
@ensure_csrf_cookie
@require_http_methods(["GET", "HEAD", "POST"])
def subscribe(request: HttpRequest) -> HttpResponse:
    """Show the form, or take it: by e-mail here, by other ways where `ways` says."""
    asked = request.POST if request.method == "POST" else request.GET
    wanted = str(asked.get("follow", ""))[:20]
    event = followed.find(wanted)
    if request.method != "POST":
        is_over = bool(wanted) and event is None
        return _form(request, event, ChoiceForm(event=event), {}, is_over=is_over)
    choices = ChoiceForm(request.POST, event=event)
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
        asking.subscribe(
            mailbox=email.mailbox,
            choice=choices.choice,
            language=translation.get_language() or settings.LANGUAGE_CODE,
            client=pages.client(request),
            now=now,
        )
        return HttpResponseRedirect(reverse("subscribers:sent"), status=303)
    way = next((way for way in ways.offered() if way.channel == channel), None)
    if way is None:
        raise NotTaken("channel", _("Choose how we should reach you."))
    _check(choices, errors)
    return way.take(request, choice=choices.choice, now=now)


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
    offered = ways.offered()
    takes_email = letters.can_be_sent()
    first = "email" if takes_email else offered[0].channel if offered else "feed"
    known = {"email" if takes_email else "", *(way.channel for way in offered), *_TAKEN_AWAY} - {""}
    asked = request.POST.get("channel", "")
    context: dict[str, Any] = {
        "ways": offered,
        "takes_email": takes_email,
        "channel": asked if asked in known else first,
        "event": event,
        "is_over": is_over,
        "values": request.POST,
        "errors": errors,
        "choice": choices.shown,
        "origin": settings.CANDOR_ORIGIN,
        "calendar": f"webcal://{settings.CANDOR_ORIGIN.partition('://')[2]}/maintenance.ics",
    }
    return pages.page(request, "subscribers/subscribe.html", context, status=status)


@pages.for_visitors
@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    """What to do next; the same for every address (reliability A3)."""
    return pages.page(request, "subscribers/sent.html")
