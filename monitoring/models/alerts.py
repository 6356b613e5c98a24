"""How operators, and programs of theirs, are told."""

import uuid

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from common import sealing
from monitoring.models.replicas import Replica


class Browser(models.Model):
    """A browser in which an operator wants to be alerted (F5).

    `digest` is of its endpoint, `address` what deliveries to it are called, and `sealed` holds the
    subscription itself: whoever has it can write to that browser.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=100)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    address = models.CharField(max_length=320, editable=False)
    sealed = models.TextField(editable=False)
    created_at = models.DateTimeField(editable=False)

    class Meta:
        verbose_name = _("browser")
        verbose_name_plural = _("browsers")

    def __str__(self) -> str:
        return self.name


class HealthHook(models.Model):
    """One receiver of `status:health:changed` (G1-G9).

    `sealed` holds its address and the secrets that letters are signed with, sealed: `url`,
    `secret` and, while one is replaced, `previous_secret`.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=100, unique=True)
    is_enabled = models.BooleanField(_("on"), default=True)
    sealed = models.TextField(blank=True, default="", editable=False)

    class Meta:
        verbose_name = _("health webhook")
        verbose_name_plural = _("health webhooks")

    def __str__(self) -> str:
        return self.name

    @property
    def secrets(self) -> dict[str, str]:
        return sealing.unseal_mapping(self.sealed)

    @secrets.setter
    def secrets(self, secrets: dict[str, str]) -> None:
        self.sealed = sealing.seal_mapping(secrets)


class AlertSettings(models.Model):
    """How operators are told, whatever the channel; a single row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    reminder_interval_s = models.PositiveIntegerField(
        _("remind every (seconds)"),
        null=True,
        blank=True,
        default=None,
        help_text=_("Empty: no reminders."),
    )
    reminder_backoff = models.CharField(_("reminders become rarer"), max_length=8, default="none")
    reminder_limit = models.PositiveSmallIntegerField(_("up to this factor"), default=3)
    escalates = models.BooleanField(
        _("reminders get urgent one recipient at a time"), default=False
    )
    muted_until = models.DateTimeField(
        _("reminders muted until"), null=True, blank=True, default=None
    )
    dependency_window_s = models.PositiveIntegerField(
        _("wait for the root cause (seconds)"),
        default=60,
        validators=[MaxValueValidator(3600)],
        help_text=_("How long the death of a node that depends on others is held back."),
    )
    reminded_at = models.DateTimeField(null=True, default=None, editable=False)
    reminders_sent = models.PositiveIntegerField(default=0, editable=False)
    warns_after_s = models.PositiveIntegerField(
        _("warn elsewhere after (seconds)"),
        default=180,
        help_text=_("How long the page has to be dead without a break."),
    )
    warns = models.BooleanField(_("warn in other places"), default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="alert_settings_are_single")
        ]

    def __str__(self) -> str:
        return "alert settings"


class ToldDeath(models.Model):
    """A death that operators were told, until its end is; without a replica once that is gone."""

    replica = models.ForeignKey(
        Replica, null=True, default=None, on_delete=models.SET_NULL, related_name="+"
    )
    name = models.CharField(max_length=400)
    address = models.CharField(max_length=2000)
    told_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class AlertChannel(models.Model):
    """One way operators are told, with its own switch; off sends nothing (F2).

    What its module asks for (`notifications.channels`) is in three places: `recipients` are its
    addresses, `sealed` the secrets (tokens, hook addresses), sealed, and `options` all else.
    """

    kind = models.CharField(_("channel"), max_length=32)
    name = models.CharField(_("name"), max_length=100, blank=True, default="")
    is_enabled = models.BooleanField(_("on"), default=True)
    recipients = models.JSONField(_("recipients"), default=list)
    sealed = models.TextField(blank=True, default="", editable=False)
    options = models.JSONField(default=dict)
    tells_recovery = models.BooleanField(_("also tell when it recovers"), default=True)
    reminders_only = models.BooleanField(_("reminders only"), default=False)

    class Meta:
        verbose_name = _("alert channel")
        verbose_name_plural = _("alert channels")
        constraints = [
            models.UniqueConstraint(fields=["kind", "name"], name="alert_channel_name_in_kind")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}".strip()

    @property
    def secrets(self) -> dict[str, str]:
        return sealing.unseal_mapping(self.sealed)

    @secrets.setter
    def secrets(self, secrets: dict[str, str]) -> None:
        self.sealed = sealing.seal_mapping(secrets)

    @property
    def values(self) -> dict[str, str]:
        """Every field of the channel by name, as its module wants them; raises SealBroken."""
        return {"recipients": "\n".join(self.recipients), **self.options, **self.secrets}
