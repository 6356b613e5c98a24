"""The first operator: a one-time link instead of a default password.

`bin/up` and the command `setup_link` make the link, the view behind it calls `complete`. Only the
digest of the token is stored. Once any account ever existed the door stays shut (reliability A14).
"""

import hashlib
import hmac
import secrets
from dataclasses import replace
from datetime import datetime

from django.conf import settings
from django.contrib.auth import password_validation
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext

from accounts.models import SetUp, User
from accounts.roles import Role
from common import auditing


class SetUpClosed(Exception):
    """An account exists or has existed."""


class SetUpTokenWrong(Exception):
    """The link is not the newest one."""


def ensure_link(*, now: datetime) -> str | None:
    """A fresh token for the set-up link, which replaces the last one; None when set-up is over."""
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        SetUp.objects.get_or_create(id=1)
        if User.objects.exists():  # made past User.save, as by a restored dump
            SetUp.objects.filter(id=1, completed_at=None).update(completed_at=now, token_digest="")
        is_open = SetUp.objects.filter(id=1, completed_at=None).update(token_digest=_digest(token))
    return token if is_open else None


def link(*, now: datetime) -> str | None:
    """The address to open for a fresh token; None when set-up is over."""
    token = ensure_link(now=now)
    return f"{settings.CANDOR_ORIGIN}{reverse('accounts:set_up', args=[token])}" if token else None


def is_open() -> bool:
    """Whether the first account is still to be made."""
    return _is_open(SetUp.objects.filter(id=1).first())


def check(*, token: str) -> None:
    """Raise SetUpClosed or SetUpTokenWrong unless `complete` may be called with this token."""
    set_up = SetUp.objects.filter(id=1).first()  # read once: it may be completed at any moment
    if not _is_open(set_up):
        raise SetUpClosed
    stored = set_up.token_digest if set_up else ""
    if not stored or not hmac.compare_digest(stored, _digest(token)):
        raise SetUpTokenWrong


def complete(*, token: str, username: str, email: str, password: str, now: datetime) -> User:
    """Make the first account, an Owner, and close the set-up in the same transaction.

    Of any number of calls at once exactly one succeeds. Raises SetUpClosed, SetUpTokenWrong, or
    ValidationError by field with nothing saved.
    """
    check(token=token)  # before the costly hash, so that guessing stays cheap for us
    user = User(
        username=username.strip(),
        email=User.objects.normalize_email(email.strip()),
        is_staff=True,
        role=Role.OWNER,
        date_joined=now,
    )
    _validate(user, password)
    user.password = make_password(password)  # outside the transaction: it takes a tenth of a second
    by_link = replace(auditing.actor(), name=gettext("set-up link"))
    with transaction.atomic():
        won = SetUp.objects.filter(id=1, completed_at=None, token_digest=_digest(token)).update(
            completed_at=now, token_digest=""
        )
        if not won:
            raise SetUpClosed
        with auditing.acting(lambda: by_link):
            user.save()
    return user


def _is_open(set_up: SetUp | None) -> bool:
    return (set_up is None or set_up.is_open) and not User.objects.exists()


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
