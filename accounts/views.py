"""The page behind the set-up link, where the first operator's account is made."""

from typing import Any

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import setting_up
from accounts.forms import SetUpForm
from accounts.models import User
from common import console


@sensitive_post_parameters("password", "repeated")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def set_up(request: HttpRequest, token: str) -> HttpResponse:
    try:
        setting_up.check(token=token)
        form = SetUpForm(request.POST or None)
        user = form.carry_out(lambda: _complete(form.cleaned_data, token))
        if user is not None:
            login(request, user, backend="django.contrib.auth.backends.ModelBackend")
            return redirect("admin:index")
    except setting_up.SetUpClosed:
        return _page(request, {"title": _("Set-up is complete"), "is_closed": True}, status=403)
    except setting_up.SetUpTokenWrong:
        return _page(request, {"title": _("This link does not work"), "is_wrong": True}, status=404)
    title = _("Create the first administrator")
    return _page(request, {"title": title, "form": form}, status=422 if form.errors else 200)


def _complete(fields: dict[str, Any], token: str) -> User:
    return setting_up.complete(
        token=token,
        username=fields["username"],
        email=fields["email"],
        password=fields["password"],
        now=timezone.now(),
    )


def _page(request: HttpRequest, context: dict[str, Any], *, status: int) -> HttpResponse:
    response = console.page(request, "accounts/set_up.html", context, status=status)
    # The token is in the address: no referrer may carry it. Not "no-referrer", under which a
    # browser posts the form with "Origin: null", which the CSRF check must refuse.
    response.headers["Referrer-Policy"] = "strict-origin"
    return response
