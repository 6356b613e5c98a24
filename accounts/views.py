"""The pages behind the links that make an account: the first one, and those of invited people."""

from typing import Any

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import inviting, setting_up
from accounts.forms import JoinForm, SetUpForm
from accounts.models import User
from common import console

_BACKEND = "django.contrib.auth.backends.ModelBackend"


@sensitive_post_parameters("password", "repeated")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def set_up(request: HttpRequest, token: str) -> HttpResponse:
    try:
        setting_up.check(token=token)
        form = SetUpForm(request.POST or None)
        user = form.carry_out(lambda: _complete(form.cleaned_data, token))
        if user is not None:
            login(request, user, backend=_BACKEND)
            return redirect("admin:page_set_up")
    except setting_up.SetUpClosed:
        return _page(request, {"title": _("Set-up is complete"), "is_closed": True}, status=403)
    except setting_up.SetUpTokenWrong:
        return _page(request, {"title": _("This link does not work"), "is_wrong": True}, status=404)
    title = _("Create the first administrator")
    return _page(request, {"title": title, "form": form}, status=422 if form.errors else 200)


@sensitive_post_parameters("password", "repeated")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """What an invitation leads to: GET shows the form, POST makes the account."""
    try:
        invitation = inviting.find(token=token, now=timezone.now())
        form = JoinForm(request.POST or None)
        user = form.carry_out(lambda: _accept(form.cleaned_data, token))
    except inviting.InvitationGone:
        return _page(
            request,
            {"title": _("This link does not work")},
            template="accounts/join.html",
            status=404,
        )
    if user is not None:
        login(request, user, backend=_BACKEND)
        return redirect("admin:index")
    return _page(
        request,
        {"title": _("Join the team"), "form": form, "invitation": invitation},
        template="accounts/join.html",
        status=422 if form.errors else 200,
    )


def _accept(fields: dict[str, Any], token: str) -> User:
    return inviting.accept(
        token=token, username=fields["username"], password=fields["password"], now=timezone.now()
    )


def _complete(fields: dict[str, Any], token: str) -> User:
    return setting_up.complete(
        token=token,
        username=fields["username"],
        email=fields["email"],
        password=fields["password"],
        now=timezone.now(),
    )


def _page(
    request: HttpRequest,
    context: dict[str, Any],
    *,
    status: int,
    template: str = "accounts/set_up.html",
) -> HttpResponse:
    response = console.page(request, template, context, status=status)
    # The token is in the address: no referrer may carry it. Not "no-referrer", under which a
    # browser posts the form with "Origin: null", which the CSRF check must refuse.
    response.headers["Referrer-Policy"] = "strict-origin"
    return response
