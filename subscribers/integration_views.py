"""The console's screens of the page's own integrations: switch, set up or sign in, test."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from common import console
from common.console import ConsoleForm
from notifications.channels import CHANNELS
from subscribers import integrations, x_sign_in

_MAY = permission_required("subscribers.change_integration", raise_exception=True)
_SESSION = "x_sign_in"


class _SetUpForm(ConsoleForm):
    """What the channel has to be told; a secret that is left empty stays."""

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for each in CHANNELS[kind].fields:
            self.fields[each.name] = forms.CharField(
                label=_(each.label), help_text=_(each.help_text), required=False, max_length=2000
            )


@require_safe
@_MAY
def integration_list(request: HttpRequest) -> HttpResponse:
    context = {
        "title": _("Integrations"),
        "now": timezone.now(),
        "panes": integrations.panes(),
        "callback_url": x_sign_in.callback_url(),
    }
    return console.page(request, "admin/integrations.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@_MAY
def integration_set_up(request: HttpRequest, kind: str) -> HttpResponse:
    if integrations.KINDS.get(kind) is not False:
        raise Http404
    form = _SetUpForm(request.POST or None, kind=kind)
    row = form.carry_out(
        lambda: integrations.set_up(kind=kind, values=form.cleaned_data, now=timezone.now())
    )
    if row is not None:
        messages.success(request, _("%(title)s is set up.") % {"title": CHANNELS[kind].title})
        return redirect("admin:integrations")
    context = {
        "title": _("Set up %(title)s") % {"title": CHANNELS[kind].title},
        "form": form,
        "button": _("Save"),
        "back": reverse("admin:integrations"),
    }
    status = 422 if form.errors else 200
    return console.page(request, "admin/integration_form.html", context, status=status)


@require_POST
@_MAY
def integration_switch(request: HttpRequest, kind: str) -> HttpResponse:
    return _done(
        request,
        kind,
        lambda: integrations.switch(
            kind=kind, is_enabled=request.POST.get("on") == "1", now=timezone.now()
        ),
        said=_("Saved."),
    )


@require_POST
@_MAY
def integration_test(request: HttpRequest, kind: str) -> HttpResponse:
    return _done(
        request,
        kind,
        lambda: integrations.send_test(kind=kind, now=timezone.now()),
        said=_("The test is on its way; its result stands below in a moment."),
    )


@require_POST
@_MAY
def integration_forget(request: HttpRequest, kind: str) -> HttpResponse:
    return _done(
        request, kind, lambda: integrations.forget(kind=kind), said=_("It is disconnected.")
    )


@require_safe
@_MAY
def x_begin(request: HttpRequest) -> HttpResponse:
    """Send the operator to X; what it sends back counts only in this session."""
    try:
        started = x_sign_in.begin()
    except x_sign_in.SignInFailed as error:
        messages.error(request, str(error))
        return redirect("admin:integrations")
    request.session[_SESSION] = {"state": started.state, "verifier": started.verifier}
    return redirect(started.url)


@require_safe
@_MAY
def x_callback(request: HttpRequest) -> HttpResponse:
    """Take the code that X sent back, once."""
    kept = request.session.pop(_SESSION, None)
    state, code = request.GET.get("state", ""), request.GET.get("code", "")
    if not kept or not constant_time_compare(kept["state"], state) or not code:
        messages.error(request, _("X did not sign you in. Try again."))
        return redirect("admin:integrations")
    try:
        integrations.sign_in(kind="x", code=code, verifier=kept["verifier"], now=timezone.now())
    except x_sign_in.SignInFailed as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Signed in to X. Switch it on when you are ready."))
    return redirect("admin:integrations")


def _done(request: HttpRequest, kind: str, work: Any, *, said: str) -> HttpResponse:
    if kind not in integrations.KINDS:
        raise Http404
    try:
        work()
    except integrations.NotSetUp as error:
        messages.error(request, str(error))
    else:
        messages.success(request, said)
    return redirect("admin:integrations")
