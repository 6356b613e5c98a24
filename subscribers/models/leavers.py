"""Who unsubscribed by themselves and is forgotten since: a digest of the address, and nothing else."""

from django.db import models


class Leaver(models.Model):
    """`digest` names a page, a channel and an address to whoever knows all three, and the secret key."""

    digest = models.CharField(max_length=64, unique=True)
    left_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["left_at"], name="leaver_by_age")]

    def __str__(self) -> str:
        return self.digest[:8]
