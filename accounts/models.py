"""The operator's account, and the record that the first one was made."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """An operator. Our own model from the first migration, so that it can grow."""

    class Meta(AbstractUser.Meta):
        verbose_name = _("user")
        verbose_name_plural = _("users")


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
