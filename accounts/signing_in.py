"""The console's sign-in page: password first, locked after too many failures, then a second step."""

from datetime import datetime, timedelta
from typing import Any

from allauth.account.utils import perform_login
from axes.models import AccessAttempt
from django import forms
from django.conf import settings
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import ngettext


def locked_for(request: HttpRequest, *, username: str, now: datetime) -> timedelta | None:
    """How long this user name is still refused from this address; None when it is not."""
    if not getattr(request, "axes_locked_out", False):
        return None
    last = (
        AccessAttempt.objects.filter(username=username, ip_address=request.META["REMOTE_ADDR"])
        .order_by("-attempt_time")
        .values_list("attempt_time", flat=True)
        .first()
    )
    cool_off: timedelta = settings.AXES_COOLOFF_TIME
    return max(timedelta(0), last + cool_off - now) if last else cool_off


class SignIn(LoginView):
    """Django's, but who has a second factor goes on to the second step."""

    authentication_form = AdminAuthenticationForm
    redirect_authenticated_user = False

    def form_valid(self, form: Any) -> HttpResponse:
        answer: HttpResponse = perform_login(
            self.request, form.get_user(), redirect_url=self.get_success_url()
        )
        return answer

    def form_invalid(self, form: Any) -> HttpResponse:
        username = str(form.data.get("username", ""))
        wait = locked_for(self.request, username=username, now=timezone.now())
        if wait is None:
            return super().form_invalid(form)
        minutes = max(1, -(-int(wait.total_seconds()) // 60))
        form.errors.clear()
        form.add_error(
            None,
            forms.ValidationError(
                ngettext(
                    "Too many failed attempts. Wait a minute and try again.",
                    "Too many failed attempts. Wait %(count)d minutes and try again.",
                    minutes,
                )
                % {"count": minutes}
            ),
        )
        return self.render_to_response(self.get_context_data(form=form), status=429)
