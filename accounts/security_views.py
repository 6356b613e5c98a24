"""The console's screens for one's own second factor: allauth's views in the console's frame."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.views import reauthenticate as ask_for_password
from allauth.mfa.base import views as base
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django.contrib import admin, messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from accounts import adapters, second_step, sessions
from accounts.models import User

_View = Callable[..., HttpResponseBase]


def _framed(view: _View, title: Any, *, is_entrance: bool = False) -> _View:
    """The view with the console's menu and header; but for the entrance, for members only."""

    @never_cache
    @sensitive_post_parameters()
    @wraps(view)
    def framed(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not is_entrance and not admin.site.has_permission(request):
            return redirect("admin:login")
        response = view(request, *args, **kwargs)
        if isinstance(response, TemplateResponse):
            frame = admin.site.each_context(request)
            frame |= {"title": title, "takes_passkeys": adapters.takes_passkeys(request)}
            response.context_data = frame | (response.context_data or {})
            if "js_data" in response.context_data:
                second_step.note_challenge()
            form = response.context_data.get("form")
            if getattr(form, "errors", None):
                response.status_code = 422
        return response

    return framed


authenticate = _framed(base.authenticate, gettext_lazy("Second step"), is_entrance=True)
index = _framed(base.index, gettext_lazy("Your sign-in"))
password = _framed(ask_for_password, gettext_lazy("Is it you?"))
code = _framed(base.reauthenticate, gettext_lazy("Is it you?"))
passkey = _framed(webauthn.reauthenticate_webauthn, gettext_lazy("Is it you?"))
connect_app = _framed(totp.activate_totp, gettext_lazy("Connect an authenticator app"))
disconnect_app = _framed(totp.deactivate_totp, gettext_lazy("Disconnect the authenticator app"))
add_passkey = _framed(webauthn.add_webauthn, gettext_lazy("Add a passkey"))
remove_passkey = _framed(webauthn.remove_webauthn, gettext_lazy("Remove a passkey"))
codes = _framed(recovery_codes.view_recovery_codes, gettext_lazy("Recovery codes"))
new_codes = _framed(recovery_codes.generate_recovery_codes, gettext_lazy("New recovery codes"))


@require_POST
def log_out_everywhere(request: HttpRequest) -> HttpResponse:
    """End all other sessions of whoever asks."""
    if not isinstance(request.user, User) or not admin.site.has_permission(request):
        return redirect("admin:login")
    update_session_auth_hash(request, sessions.end_all(user=request.user))
    messages.success(request, _("You are signed out everywhere else."))
    return redirect("mfa_index")
