"""The team: who is in it, who may do what, and who left (A15). For Owners.

Nobody changes their own role or state, so an Owner always remains: the one who acts. That two Owners
do it to each other at the same moment is kept apart by a lock (`_others`).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import sessions
from accounts.models import Invitation, User
from accounts.roles import Role


class MemberState(StrEnum):
    INVITED = "invited"
    ACTIVE = "active"
    DEACTIVATED = "deactivated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One line of the team's screen: an account, or an invitation that is open (`name` is empty)."""

    id: int
    name: str
    email: str
    role: Role | None
    state: MemberState
    has_second_factor: bool = False
    last_seen_at: datetime | None = None
    link_expires_at: datetime | None = None


class NotAllowed(Exception):
    """What was asked for is refused; the text says why, for people."""


def roster() -> list[Member]:
    """Everybody: active members, open invitations, then those who left, each by name."""
    protected = set(
        Authenticator.objects.exclude(type=Authenticator.Type.RECOVERY_CODES).values_list(
            "user_id", flat=True
        )
    )
    rows = User.objects.filter(is_staff=True).order_by("-is_active", "username")
    accounts = [
        Member(
            id=user.pk,
            name=user.get_username(),
            email=user.email,
            role=_role(user.role),
            state=MemberState.ACTIVE if user.is_active else MemberState.DEACTIVATED,
            has_second_factor=user.pk in protected,
            last_seen_at=user.last_seen_at or user.last_login,
        )
        for user in rows
    ]
    active = [member for member in accounts if member.state == MemberState.ACTIVE]
    invited = [
        Member(
            id=row.pk,
            name="",
            email=row.email,
            role=_role(row.role),
            state=MemberState.INVITED,
            link_expires_at=row.expires_at,
        )
        for row in Invitation.objects.open().order_by("email")
    ]
    return [*active, *invited, *accounts[len(active) :]]


def change_role(*, member: User, role: Role, by: User) -> None:
    """Give a member another role; all their sessions end. Raises NotAllowed."""
    with transaction.atomic():
        member = _others(member, by=by)
        member.role = role
        member.save(update_fields=["role"])


def set_active(*, member: User, is_active: bool, by: User) -> None:
    """Let a member in no more, or again; the audit log keeps their name. Raises NotAllowed."""
    with transaction.atomic():
        member = _others(member, by=by)
        member.is_active = is_active
        member.save(update_fields=["is_active"])
        sessions.end_all(user=member)  # else a session from before would work once they are back


def remove_second_factor(*, member: User, by: User | None) -> None:
    """Take off the factors of somebody who lost them; the password alone signs them in then.

    `by` is None for the command on the server. Raises NotAllowed.
    """
    with transaction.atomic():
        if by is not None:
            member = _others(member, by=by)
        Authenticator.objects.filter(user=member).delete()
        sessions.end_all(user=member)


def _others(member: User, *, by: User) -> User:
    """The member, locked, of whom something may be changed by `by`. Raises NotAllowed."""
    # Owners in the order of their ids: two who demote each other take turns and never deadlock.
    owners = User.objects.select_for_update().filter(role=Role.OWNER, is_active=True)
    acting = by.pk in {owner.pk for owner in owners.order_by("pk")}
    if not acting:
        raise NotAllowed(_("You are no longer an Owner."))
    if member.pk == by.pk:
        raise NotAllowed(_("Nobody changes their own role or account here: ask another Owner."))
    return User.objects.select_for_update().get(pk=member.pk)


def _role(text: str) -> Role | None:
    return Role(text) if text in set(Role) else None
