"""What allauth asks us: addresses of pages, words, and how secrets of factors are kept.

Only its second step is used. There is nothing to sign up to, and no mail of its own.
"""

from ipaddress import ip_address
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import sessions
from accounts.models import User
from common import sealing

_SAID = {
    "mfa/messages/totp_activated.txt": gettext_lazy("The authenticator app is connected."),
    "mfa/messages/totp_deactivated.txt": gettext_lazy("The authenticator app is disconnected."),
    "mfa/messages/webauthn_added.txt": gettext_lazy("The passkey is added."),
    "mfa/messages/webauthn_removed.txt": gettext_lazy("The passkey is removed."),
    "mfa/messages/recovery_codes_generated.txt": gettext_lazy(
        "There are new recovery codes. Keep them: they are shown once."
    ),
}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth's types are partial
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return reverse("admin:index")

    def get_client_ip(self, request: HttpRequest) -> str:
        return str(request.META["REMOTE_ADDR"])  # which our middleware has made true

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        return redirect("admin:login")

    def add_message(  # noqa: PLR0917 - allauth's signature
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        """Ours in the place of theirs; of signing in and out nothing is said."""
        text = message or _SAID.get(message_template or "")
        if text:
            messages.add_message(request, level, str(text), extra_tags=extra_tags)

    def get_reauthentication_methods(self, user: User) -> list[dict[str, Any]]:
        """The second factor where there is one: a password alone must not take it off."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        stronger = [method for method in methods if method["id"] != "reauthenticate"]
        return stronger or methods

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Called after every change of somebody's factors: all their other sessions end."""
        del template_prefix, context, email
        update_session_auth_hash(self.request, sessions.end_all(user=user))


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": gettext_lazy("This code is not right. Type the newest one."),
    }

    def encrypt(self, text: str) -> str:
        return sealing.seal_mapping({"secret": text})

    def decrypt(self, encrypted_text: str) -> str:
        return sealing.unseal_mapping(encrypted_text)["secret"]

    def get_totp_label(self, user: User) -> str:
        return user.get_username()

    def generate_authenticator_name(self, user: User, type: str) -> str:  # noqa: A002 - allauth's name
        return _("Passkey")


def takes_passkeys(request: HttpRequest) -> bool:
    """Whether browsers offer passkeys here: not at a bare address, and only over https or locally."""
    host = request.get_host().rpartition(":")[0] or request.get_host()
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return request.is_secure() or host == "localhost"
    return False
