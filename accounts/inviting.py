"""Invitations: a one-time link by e-mail, after which the invited person chooses name and password.

The link works for seven days and once. Only its digest is stored, and the letter is blanked when it
is sent. Sending again makes a new link; the old one stops working.
"""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth import password_validation
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Invitation, User
from accounts.roles import Role
from notifications import outbox
from notifications.messages import Message

WORKS_FOR = timedelta(days=7)


class InvitationGone(Exception):
    """The link was used, replaced or withdrawn, is too old, or never was one."""


def invite(*, email: str, role: Role, by: User, now: datetime) -> Invitation:
    """Invite somebody; the letter leaves with the commit. Raises ValidationError on `email`."""
    address = User.objects.normalize_email(email.strip())
    if User.objects.filter(email__iexact=address, is_active=True).exists():
        raise ValidationError({"email": [_("Somebody with this address is in the team already.")]})
    token = secrets.token_urlsafe(32)
    row = Invitation(
        email=address,
        role=role,
        token_digest=_digest(token),
        created_at=now,
        expires_at=now + WORKS_FOR,
    )
    row.full_clean(exclude=["token_digest"], validate_constraints=False)
    try:
        with transaction.atomic():
            row.save()
            _put_letter(row, token, by=by, now=now)
    except IntegrityError:
        raise ValidationError(
            {"email": [_("This address is invited already. Send the invitation again.")]}
        ) from None
    return row


def send_again(*, invitation: Invitation, by: User, now: datetime) -> None:
    """Send a new link in the place of the old one. Raises InvitationGone."""
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        row = _locked(invitation)
        outbox.cancel(dedupe_key=_key(row))
        row.token_digest, row.expires_at = _digest(token), now + WORKS_FOR
        row.save(update_fields=["token_digest", "expires_at"])
        _put_letter(row, token, by=by, now=now)


def revoke(*, invitation: Invitation, now: datetime) -> None:
    """Withdraw an invitation, and its letter if it has not left. Raises InvitationGone."""
    with transaction.atomic():
        row = _locked(invitation)
        row.revoked_at = now
        row.save(update_fields=["revoked_at"])
        outbox.cancel(dedupe_key=_key(row))


def find(*, token: str, now: datetime) -> Invitation:
    """The invitation that the link is for; changes nothing. Raises InvitationGone."""
    row = Invitation.objects.open().filter(token_digest=_digest(token), expires_at__gt=now).first()
    if row is None:
        raise InvitationGone
    return row


def accept(*, token: str, username: str, password: str, now: datetime) -> User:
    """Make the account of the invited person and use the link up, in one transaction.

    Of any number of calls at once exactly one succeeds. Raises InvitationGone, or ValidationError
    by field with nothing saved.
    """
    invitation = find(token=token, now=now)
    user = User(
        username=username.strip(),
        email=invitation.email,
        is_staff=True,
        role=invitation.role,
        date_joined=now,
    )
    _validate(user, password)
    user.password = make_password(password)  # outside the transaction: it takes a tenth of a second
    with transaction.atomic():
        won = Invitation.objects.open().filter(
            token_digest=invitation.token_digest, expires_at__gt=now
        )
        if not won.update(accepted_at=now):
            raise InvitationGone
        # Saved last: the role may have been changed, never the address.
        user.role = Invitation.objects.get(pk=invitation.pk).role
        user.save()
    return user


def _locked(invitation: Invitation) -> Invitation:
    row = Invitation.objects.open().select_for_update().filter(pk=invitation.pk).first()
    if row is None:
        raise InvitationGone
    return row


def _put_letter(row: Invitation, token: str, *, by: User, now: datetime) -> None:
    link = f"{settings.CANDOR_ORIGIN}{reverse('accounts:join', args=[token])}"
    text = _(
        "%(who)s invites you to the team that runs the status page at %(origin)s.\n\n"
        "Choose a user name and a password here:\n%(link)s\n\n"
        "The link works once, until %(until)s UTC. If you did not expect this, do nothing.\n"
    ) % {
        "who": by.get_username(),
        "origin": settings.CANDOR_ORIGIN,
        "link": link,
        "until": f"{row.expires_at:%Y-%m-%d %H:%M}",
    }
    subject = _("Join the team of %(origin)s") % {"origin": settings.CANDOR_ORIGIN}
    outbox.put(
        channel="email",
        address=row.email,
        message=Message(subject=subject, text=text, url=link),
        dedupe_key=_key(row),
        now=now,
        expires_at=row.expires_at,
        is_sensitive=True,
    )


def _key(row: Invitation) -> str:
    """What the letter of the newest link is known by; nothing of the link can be worked out."""
    return f"invitation:{row.pk}:{hashlib.sha256(row.token_digest.encode()).hexdigest()[:16]}"


def _validate(user: User, password: str) -> None:
    errors: dict[str, list[str]] = {}
    try:
        user.full_clean(exclude=["password"])
    except ValidationError as error:
        errors = error.message_dict
    try:
        password_validation.validate_password(password, user)
    except ValidationError as error:
        errors["password"] = error.messages
    if errors:
        raise ValidationError(errors)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
