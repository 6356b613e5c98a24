"""Statements that are closed: as they were when the month was, whatever is learned later."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from components.models import Page


class SealedStatement(models.Model):
    """The statement of one page for one month, never changed again.

    `month` is the first day of it, `content` what `statements.Statement` holds, `digest` the
    SHA-256 of that content in its canonical form: a printed statement can be compared with it.
    """

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="statements")
    month = models.DateField(_("month"))
    content = models.JSONField()
    digest = models.CharField(max_length=64)
    sealed_at = models.DateTimeField(_("sealed"))

    class Meta:
        verbose_name = _("service level statement")
        verbose_name_plural = _("service level statements")
        constraints = [
            models.UniqueConstraint(fields=["page", "month"], name="statement_sealed_once")
        ]

    def __str__(self) -> str:
        return f"{self.page_id} {self.month:%Y-%m}"
