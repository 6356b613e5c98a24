"""The operator's account, and the record that the first one was made."""

from collections.abc import Iterable
from typing import Any, ClassVar

from auditlog.models import AbstractLogEntry
from django.contrib.auth.models import AbstractUser, UserManager
from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts import roles
from accounts.roles import Role
from common import auditing


class OperatorManager(UserManager["User"]):
    """Who is made a superuser, as by `createsuperuser`, is an Owner."""

    use_in_migrations = False

    def create_user(
        self, username: str, email: str | None = None, password: str | None = None, **fields: Any
    ) -> "User":
        fields.setdefault("role", Role.OWNER if fields.get("is_superuser") else "")
        return super().create_user(username, email, password, **fields)

    def create_superuser(
        self, username: str, email: str | None = None, password: str | None = None, **fields: Any
    ) -> "User":
        fields.setdefault("role", Role.OWNER)
        return super().create_superuser(username, email, password, **fields)


class User(AbstractUser):
    """A member of the team. What somebody may do hangs on the role alone (`roles.allows`).

    `is_superuser` follows the role, for programs that ask for it; groups and permissions of
    Django's own are not used.
    """

    role = models.CharField(_("role"), max_length=16, default="", blank=True)
    # Changed whenever every session has to end; part of what a session is checked against.
    session_stamp = models.CharField(max_length=32, default="", editable=False)
    last_seen_at = models.DateTimeField(_("last seen"), null=True, editable=False)

    objects: ClassVar[OperatorManager] = OperatorManager()

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return self.is_active and roles.allows(self.role, perm)

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and roles.sees_app(self.role, app_label)

    @property
    def is_owner(self) -> bool:
        return self.role == Role.OWNER

    def _get_session_auth_hash(self, secret: Any = None) -> str:
        """A session ends when any of this changes (reliability C6); the second factor is in the stamp."""
        parts = (self.password, self.role, str(self.is_active), self.session_stamp)
        return salted_hmac(
            "accounts.User.session", "|".join(parts), secret=secret, algorithm="sha256"
        ).hexdigest()

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; a new account, whoever makes it, ends the first-run set-up for good."""
        self.is_superuser = self.is_owner
        fields: Iterable[str] | None = kwargs.get("update_fields")
        if fields is not None and "role" in fields:
            kwargs["update_fields"] = {*fields, "is_superuser"}
        if not self._state.adding:
            super().save(*args, **kwargs)
            return
        with transaction.atomic():
            super().save(*args, **kwargs)
            set_up, _created = SetUp.objects.get_or_create(id=1)
            if set_up.is_open:
                # Conditional, and in the transaction of the account: a set-up link that is being
                # used at the same moment loses, or this account waits for it.
                SetUp.objects.filter(id=1, completed_at=None).update(
                    completed_at=self.date_joined, token_digest=""
                )


class SetUp(models.Model):
    """The one-time set-up of the first operator; a single row.

    `completed_at` stays set for ever, also when every account is deleted later: an empty user
    table must never open the door again (reliability A14).
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    token_digest = models.CharField(max_length=64, default="")
    completed_at = models.DateTimeField(null=True, default=None)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="set_up_is_single")]

    def __str__(self) -> str:
        return "set-up"

    @property
    def is_open(self) -> bool:
        return self.completed_at is None


class SecondStep(models.Model):
    """What was tried of somebody's second step, and the last step of TOTP that was used (F11)."""

    user = models.OneToOneField(
        User, on_delete=models.CASCADE, primary_key=True, related_name="second_step"
    )
    tries = models.PositiveSmallIntegerField(default=0)
    since = models.DateTimeField()
    last_totp_step = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"second step of {self.user}"


class AccessToken(models.Model):
    """A secret with which a program acts for a member of the team; only its digest is kept.

    It may do what its `scopes` say (`accounts.scopes`), and never more than its owner's role at that
    moment. `window_at` and `window_count` count the requests of the running minute.
    """

    owner = models.ForeignKey(
        User, verbose_name=_("member"), on_delete=models.CASCADE, related_name="access_tokens"
    )
    label = models.CharField(_("used by"), max_length=100)
    scopes = models.JSONField(_("scopes"), default=list)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("made"), editable=False)
    expires_at = models.DateTimeField(_("works until"), null=True, default=None, editable=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, default=None, editable=False)
    last_used_from = models.GenericIPAddressField(null=True, default=None, editable=False)
    revoked_at = models.DateTimeField(null=True, default=None, editable=False)
    window_at = models.DateTimeField(null=True, default=None, editable=False)
    window_count = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("access token")
        verbose_name_plural = _("access tokens")

    def __str__(self) -> str:
        return self.label


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self) -> "InvitationQuerySet":
        """Neither accepted nor withdrawn; the link may be too old."""
        return self.filter(accepted_at=None, revoked_at=None)


class Invitation(models.Model):
    """Somebody who was asked to join; the link was sent, and only its digest stands here.

    One that is neither accepted nor revoked is open; sending it again replaces the link.
    """

    email = models.EmailField(_("e-mail address"))
    role = models.CharField(_("role"), max_length=16)
    token_digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("invited"), editable=False)
    expires_at = models.DateTimeField(_("link works until"), editable=False)
    accepted_at = models.DateTimeField(_("accepted"), null=True, default=None, editable=False)
    revoked_at = models.DateTimeField(_("withdrawn"), null=True, default=None, editable=False)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                condition=models.Q(accepted_at=None, revoked_at=None),
                name="one_open_invitation_an_address",
            )
        ]

    def __str__(self) -> str:
        return self.email


class AuditEntry(AbstractLogEntry):  # type: ignore[misc]  # auditlog has no types
    """One line of the audit log (F14): who did what to which row, before and after.

    Append-only: the application has no way to change or delete one, and triggers refuse both, save
    `auditing.redact`. Neither a user nor a content type that goes takes its entries along, or
    reaches into them: the name of the actor stands here too.
    """

    content_type = models.ForeignKey(
        ContentType,
        verbose_name=_("kind"),
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
    )
    actor = models.ForeignKey(
        User,
        verbose_name=_("member"),
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
    )
    actor_name = models.CharField(_("who"), max_length=150, db_index=True, editable=False)
    redacted_at = models.DateTimeField(null=True, default=None, editable=False)

    class Meta(AbstractLogEntry.Meta):  # type: ignore[misc]  # as above
        abstract = False
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store a new entry under the name of whoever acts."""
        who = auditing.actor()
        self.actor_id, self.actor_name = who.user_id, who.name[:150]
        self.remote_addr = who.address
        super().save(*args, **(kwargs | {"force_insert": True}))
