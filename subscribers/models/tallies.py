"""How often something was asked for lately, kept where it outlives Redis (reliability A5, A6, C5)."""

from django.db import models


class Tally(models.Model):
    """The recent times of one thing by one who asks. `key` is a digest: nobody is named here."""

    key = models.CharField(max_length=64, unique=True)
    times = models.JSONField(default=list)  # seconds since 1970, oldest first
    touched_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.key[:8]
