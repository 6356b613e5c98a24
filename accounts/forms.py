"""Forms of accounts: the first-run set-up, joining the team, inviting, roles."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role
from common.console import ConsoleForm


class JoinForm(ConsoleForm):
    """A user name, and a password twice."""

    username = forms.CharField(
        label=_("User name"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 10 characters, and none of the well-known ones."),
    )
    repeated = forms.CharField(
        label=_("Password again"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        password, repeated = cleaned.get("password"), cleaned.get("repeated")
        if password and repeated and password != repeated:
            self.add_error("repeated", _("The two passwords differ."))
        return cleaned


class SetUpForm(JoinForm):
    """The same for the first Owner, with an address."""

    email = forms.EmailField(
        label=_("E-mail address"),
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        help_text=_("Optional. Alerts go where you say later, under Team alerts."),
    )
    field_order = ("username", "email", "password", "repeated")


class RoleForm(ConsoleForm):
    """One of the roles, each with what it may do."""

    role = forms.ChoiceField(label=_("Role"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(role.value, f"{_(role.label)}: {_(role.summary)}") for role in Role]
        self.fields["role"].choices = choices  # type: ignore[attr-defined]  # of a choice field


class InviteForm(RoleForm):
    email = forms.EmailField(
        label=_("E-mail address"),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        help_text=_("Gets a link that works once, for seven days."),
    )
    field_order = ("email", "role")
