"""The console's "Team" screens: list, invite, role, deactivate (A15). Each change is freshly signed."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import inviting, team
from accounts.forms import InviteForm, RoleForm
from accounts.models import Invitation, User
from accounts.roles import Role
from common import console

_View = Callable[..., HttpResponse]
may_look = permission_required("accounts.view_user", raise_exception=True)
may_change = permission_required("accounts.change_user", raise_exception=True)
_LEFT = "admin:members"


def fresh_for(screen: str) -> Callable[[_View], _View]:
    """Ask again who it is, unless that was answered in the last five minutes (reliability F2).

    `screen` is where somebody lands whose form was posted too late: what was posted is not kept.
    """

    def decorate(view: _View) -> _View:
        @wraps(view)
        def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if did_recently_reauthenticate(request):
                return view(request, *args, **kwargs)
            back = request.get_full_path() if request.method == "GET" else reverse(screen)
            return redirect(f"{reverse('account_reauthenticate')}?{urlencode({'next': back})}")

        return asked

    return decorate


fresh = fresh_for(_LEFT)


@require_safe
@may_look
def members(request: HttpRequest) -> HttpResponse:
    context = {"title": _("Team"), "members": team.roster(), "now": timezone.now()}
    return console.page(request, "accounts/team.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@may_change
@fresh
def member_invite(request: HttpRequest) -> HttpResponse:
    form = InviteForm(request.POST or None, initial={"role": Role.RESPONDER})
    invited = form.carry_out(
        lambda: inviting.invite(
            email=form.cleaned_data["email"],
            role=Role(form.cleaned_data["role"]),
            by=_acting(request),
            now=timezone.now(),
        )
    )
    if invited is not None:
        messages.success(request, _("An invitation is on its way to %(to)s.") % {"to": invited})
        return redirect(_LEFT)
    return _form(request, form, title=_("Invite somebody"), button=_("Send the invitation"))


@require_http_methods(["GET", "HEAD", "POST"])
@may_change
@fresh
def member_edit(request: HttpRequest, member_id: int) -> HttpResponse:
    """Show one member, and change the role."""
    member = _member(member_id)
    form = RoleForm(request.POST or None, initial={"role": member.role})
    if request.method == "POST":
        saved = form.carry_out(lambda: _change_role(request, member, form.cleaned_data["role"]))
        if saved is not None:
            said = _("%(name)s is %(role)s now, and signed out everywhere.")
            messages.success(request, said % {"name": member, "role": _(saved.label)})
            return redirect(_LEFT)
    roster = {each.id: each for each in team.roster() if each.state != team.MemberState.INVITED}
    context = {"title": str(member), "form": form, "member": roster.get(member.pk)}
    is_self = member.pk == request.user.pk
    return console.page(
        request,
        "accounts/member.html",
        context | {"is_self": is_self},
        status=422 if form.errors else 200,
    )


@require_POST
@may_change
@fresh
def member_state(request: HttpRequest, member_id: int) -> HttpResponse:
    """Deactivate or reactivate, as the button says."""
    member, is_active = _member(member_id), request.POST.get("active") == "yes"
    _try(
        request,
        lambda: team.set_active(member=member, is_active=is_active, by=_acting(request)),
        _("%(name)s can sign in again.") if is_active else _("%(name)s can no longer sign in."),
        member,
    )
    return redirect(_LEFT)


@require_POST
@may_change
@fresh
def member_factor(request: HttpRequest, member_id: int) -> HttpResponse:
    """Take off the second factor of somebody who lost it."""
    member = _member(member_id)
    _try(
        request,
        lambda: team.remove_second_factor(member=member, by=_acting(request)),
        _("%(name)s signs in with the password alone until a new factor is connected."),
        member,
    )
    return redirect(_LEFT)


@require_POST
@may_change
@fresh
def invitation_again(request: HttpRequest, invitation_id: int) -> HttpResponse:
    row = get_object_or_404(Invitation, pk=invitation_id)
    _try(
        request,
        lambda: inviting.send_again(invitation=row, by=_acting(request), now=timezone.now()),
        _("A new link is on its way to %(name)s; the old one stopped working."),
        row,
    )
    return redirect(_LEFT)


@require_POST
@may_change
@fresh
def invitation_revoke(request: HttpRequest, invitation_id: int) -> HttpResponse:
    row = get_object_or_404(Invitation, pk=invitation_id)
    _try(
        request,
        lambda: inviting.revoke(invitation=row, now=timezone.now()),
        _("The invitation of %(name)s is withdrawn."),
        row,
    )
    return redirect(_LEFT)


def _try(request: HttpRequest, operation: Callable[[], None], said: str, name: Any) -> None:
    """Carry it out, and tell what came of it."""
    try:
        operation()
    except team.NotAllowed as error:
        messages.error(request, str(error))
    except inviting.InvitationGone:
        messages.error(request, _("This invitation was accepted or withdrawn meanwhile."))
    else:
        messages.success(request, said % {"name": name})


def _change_role(request: HttpRequest, member: User, role: str) -> Role:
    try:
        team.change_role(member=member, role=Role(role), by=_acting(request))
    except team.NotAllowed as error:
        raise forms.ValidationError(str(error)) from None
    return Role(role)


def _member(member_id: int) -> User:
    return get_object_or_404(User, pk=member_id, is_staff=True)


def _acting(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def _form(
    request: HttpRequest, form: console.ConsoleForm, *, title: str, button: str
) -> HttpResponse:
    context = {"title": title, "form": form, "button": button, "back": reverse(_LEFT)}
    return console.page(
        request, "accounts/invite.html", context, status=422 if form.errors else 200
    )
