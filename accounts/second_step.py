"""The second step of signing in, and being asked again: five tries in 15 minutes, codes used once.

allauth's forms, with what it leaves to a cache done in our own table, so that it holds with several
processes and without Redis (reliability F11). `settings.MFA_FORMS` names them.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from allauth.account.forms import ReauthenticateForm
from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm as TheirCodeForm
from allauth.mfa.base.forms import ReauthenticateForm as TheirCodeAgainForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.utils import decrypt
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.contrib.admin.forms import AdminPasswordChangeForm
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import SecondStep, User

TRIES = 5
WINDOW = timedelta(minutes=15)
CHALLENGE_AGE = timedelta(minutes=5)
_ASKED = "passkey_asked_at"


class TooManyTries(Exception):
    """All tries of the window are used up; `wait` is how long until there are new ones."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(str(wait))
        self.wait = wait


def take_a_try(*, user: User, now: datetime) -> None:
    """Use up one try, by a conditional update, before anything is compared. Raises TooManyTries."""
    SecondStep.objects.get_or_create(user=user, defaults={"since": now})
    row = SecondStep.objects.filter(user=user)
    row.filter(since__lte=now - WINDOW).update(tries=0, since=now)
    if not row.filter(tries__lt=TRIES).update(tries=F("tries") + 1):
        raise TooManyTries(row.get().since + WINDOW - now)


def forget_tries(*, user: User) -> None:
    SecondStep.objects.filter(user=user).update(tries=0)


def use_totp_step(*, user: User, step: int) -> bool:
    """Use up a step of TOTP and all before it; False when it was used already."""
    rows = SecondStep.objects.filter(user=user, last_totp_step__lt=step)
    return rows.update(last_totp_step=step) == 1


def _now() -> datetime:
    # The forms are called by views of allauth, which hand down no time.
    return datetime.fromtimestamp(time.time(), tz=UTC)


def _limited(user: User, check: Callable[[], Any]) -> Any:
    """Check within the limits. The row is locked, so that no code counts for two requests at once."""
    try:
        take_a_try(user=user, now=_now())
    except TooManyTries as error:
        minutes = max(1, -(-int(error.wait.total_seconds()) // 60))
        raise forms.ValidationError(
            ngettext(
                "Too many tries. Wait a minute and try again.",
                "Too many tries. Wait %(count)d minutes and try again.",
                minutes,
            )
            % {"count": minutes},
            code="too_many",
        ) from None
    with transaction.atomic():
        SecondStep.objects.select_for_update().get(user=user)
        checked = check()
    forget_tries(user=user)
    return checked


def _use_code(user: User, secret: str, code: str) -> None:
    """Use up the step that the code belongs to."""
    typed = "".join(code.split())
    step = max(
        (
            counter
            for counter in totp.yield_hotp_counters_from_time()
            if totp.format_hotp_value(totp.hotp_value(secret, counter)) == typed
        ),
        default=0,
    )
    if not use_totp_step(user=user, step=step):
        raise forms.ValidationError(_("This code was used already. Wait for the next one."))


class _Code:
    """Checks a code of TOTP or a recovery code."""

    def clean_code(self: Any) -> str:
        return str(_limited(self.user, self._check))

    def _check(self: Any) -> str:
        code: str = super().clean_code()  # type: ignore[misc]  # of allauth's form beside it
        if self.authenticator.type == Authenticator.Type.TOTP:
            _use_code(self.user, decrypt(self.authenticator.data["secret"]), code)
        return code


class CodeForm(_Code, TheirCodeForm):  # type: ignore[misc]  # allauth's types are partial
    pass


class CodeAgainForm(_Code, TheirCodeAgainForm):  # type: ignore[misc]
    pass


class FirstCodeForm(ActivateTOTPForm):  # type: ignore[misc]
    def clean_code(self) -> str:
        return str(_limited(self.user, self._check))

    def _check(self) -> str:
        code: str = super().clean_code()
        _use_code(self.user, self.secret, code)
        return code


def note_challenge() -> None:
    """Remember when a challenge was made; allauth keeps it in the session, without a time."""
    context.request.session[_ASKED] = _now().timestamp()


def _check_age_of_challenge() -> None:
    asked = context.request.session.get(_ASKED, 0)
    if _now().timestamp() - asked > CHALLENGE_AGE.total_seconds():
        raise forms.ValidationError(_("That took too long. Try again."))


class _Passkey:
    """Checks what a browser made of its passkey; each failure counts as a try."""

    def clean_credential(self: Any) -> Any:
        return _limited(self.user, self._check)

    def _check(self: Any) -> Any:
        _check_age_of_challenge()
        try:
            return super().clean_credential()  # type: ignore[misc]  # of allauth's form beside it
        except KeyError:  # a part is missing, which no browser leaves out
            raise forms.ValidationError(_("This passkey cannot be read.")) from None


class PasskeyForm(_Passkey, AuthenticateWebAuthnForm):  # type: ignore[misc]
    pass


class PasskeyAgainForm(_Passkey, ReauthenticateWebAuthnForm):  # type: ignore[misc]
    pass


class NewPasskeyForm(AddWebAuthnForm):  # type: ignore[misc]
    def clean(self) -> Any:
        _check_age_of_challenge()
        return super().clean()


class PasswordForm(ReauthenticateForm):  # type: ignore[misc]
    def clean_password(self) -> Any:
        return _limited(self.user, super().clean_password)


class NewPasswordForm(AdminPasswordChangeForm):
    """Of the console's own page: the old password is asked there, and must not be guessed."""

    def clean_old_password(self) -> str:
        return str(_limited(self.user, super().clean_old_password))
