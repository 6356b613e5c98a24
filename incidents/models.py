"""What operators say to visitors."""

import uuid
from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _


class AnnouncementQuerySet(models.QuerySet["Announcement"]):
    def current(self, *, now: datetime) -> "AnnouncementQuerySet":
        """What visitors see at this moment, newest first."""
        return self.filter(
            models.Q(ends_at__isnull=True) | models.Q(ends_at__gt=now), starts_at__lte=now
        ).order_by("-starts_at", "-id")


class Announcement(models.Model):
    """A dated note at the top of the page; says nothing about any component (H3)."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    title = models.CharField(_("title"), max_length=200)
    text = models.TextField(_("text"), max_length=5000, help_text=_("Markdown."))
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"), null=True, blank=True, default=None)
    created_at = models.DateTimeField(editable=False)

    objects = AnnouncementQuerySet.as_manager()

    class Meta:
        verbose_name = _("announcement")
        verbose_name_plural = _("announcements")

    def __str__(self) -> str:
        return self.title
