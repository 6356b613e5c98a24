"""What visitors asked for by e-mail, until a worker has looked at it."""

from django.db import models

from components.models import Page


class Asked(models.Model):
    """One form that was sent: the same row, and the same work, for every address (reliability A3).

    `choice` is what `subscribing.Choice` holds, for a subscription; a request for a link has none.
    """

    page = models.ForeignKey(
        Page, null=True, on_delete=models.CASCADE, related_name="+"
    )  # null: main
    address = models.CharField(max_length=320)
    canonical = models.CharField(max_length=320)
    choice = models.JSONField(null=True, default=None)
    # The mailbox that signed in to a customer page to ask.
    holder = models.CharField(max_length=320, blank=True, default="", db_default="")
    language = models.CharField(max_length=16, blank=True, default="")
    asked_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.pk}"
