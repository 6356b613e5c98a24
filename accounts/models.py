"""The operator's account, and the record that the first one was made."""

from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """An operator. Our own model from the first migration, so that it can grow."""

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; a new account, whoever makes it, ends the first-run set-up for good."""
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
