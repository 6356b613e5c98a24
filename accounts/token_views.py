"""The console's screen "API tokens": everybody's own tokens for programs; Owners see those of all."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access_tokens, roles
from accounts.models import AccessToken, User
from accounts.team_views import fresh_for
from accounts.token_forms import TokenForm
from common import console

may_make = permission_required(roles.OWN_TOKENS, raise_exception=True)
_SHOWN = 200


@require_safe
@may_make
def api_tokens(request: HttpRequest) -> HttpResponse:
    return _screen(request)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@may_make
@fresh_for("admin:api_token_add")
def api_token_add(request: HttpRequest) -> HttpResponse:
    """Make a token; its text stands on the answer, and nowhere else."""
    form, now = TokenForm(request.POST or None), timezone.now()
    made = form.carry_out(
        lambda: access_tokens.create(
            owner=_acting(request),
            label=form.cleaned_data["label"],
            scopes=form.cleaned_data["scopes"],
            expires_at=form.expires_at(now=now),
            now=now,
        )
    )
    if made is not None:
        return _screen(request, secret=made[1])
    context = {"title": _("Make an API token"), "form": form}
    return console.page(
        request, "accounts/token_form.html", context, status=422 if form.errors else 200
    )


@require_POST
@may_make
def api_token_revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    token = get_object_or_404(AccessToken.objects.filter(_open_to(_acting(request))), pk=token_id)
    access_tokens.revoke(token=token, now=timezone.now())
    messages.success(request, _("“%(name)s” is refused from now on.") % {"name": token})
    return redirect("admin:api_tokens")


def _screen(request: HttpRequest, *, secret: str = "") -> HttpResponse:
    user = _acting(request)
    rows = AccessToken.objects.filter(_open_to(user)).select_related("owner")
    context = {
        "title": _("API tokens"),
        "secret": secret,
        "tokens": rows.order_by("revoked_at", "-id")[:_SHOWN],
        "sees_all": _sees_all(user),
        "now": timezone.now(),
    }
    return console.page(request, "accounts/tokens.html", context)


def _open_to(user: User) -> Q:
    """The tokens that somebody may see and revoke."""
    return Q() if _sees_all(user) else Q(owner=user)


def _sees_all(user: User) -> bool:
    return user.has_perm("accounts.change_user")


def _acting(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
