"""What was imported, so that a second run finds it again."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ImportedRow(models.Model):
    """One thing of one source that became a row of ours, written in the transaction of that row.

    `source_id` is the `key` that the reader gave it (`importing.plans`), `kind` what it is ("group",
    "component", "incident" …). `object_id` is the primary key of our row as text; the row may be
    gone since, and then stays gone. `digest` is the SHA-256 of what the source said of it, and
    `row_digest` that of what we wrote, so that a later run can tell which of the two has changed.
    """

    source = models.CharField(max_length=32)
    kind = models.CharField(max_length=32)
    source_id = models.CharField(max_length=255)
    object_id = models.CharField(max_length=64, blank=True, default="")
    digest = models.CharField(max_length=64)
    row_digest = models.CharField(max_length=64, blank=True, default="")
    imported_at = models.DateTimeField()

    class Meta:
        verbose_name = _("imported row")
        verbose_name_plural = _("imported rows")
        constraints = [
            models.UniqueConstraint(
                fields=["source", "kind", "source_id"], name="imported_once_a_source"
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.kind} {self.source_id}"
