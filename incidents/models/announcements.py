"""What operators say to visitors."""

import uuid
from collections.abc import Collection
from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from components.models import Page

SHOWN_AT_ONCE = 2


class AnnouncementState(models.TextChoices):
    """Where an announcement stands; `code` is the icon beside the word."""

    SHOWN = "shown", _("Shown")
    DISPLACED = "displaced", _("Displaced by two newer ones")
    PLANNED = "planned", _("Planned")
    OVER = "over", _("Over")

    @property
    def code(self) -> str:
        return {AnnouncementState.SHOWN: "op", AnnouncementState.PLANNED: "mt"}.get(self, "un")


class AnnouncementQuerySet(models.QuerySet["Announcement"]):
    def not_over(self, *, now: datetime) -> "AnnouncementQuerySet":
        """Current and coming ones, newest first; none whose only page was removed."""
        still = models.Q(ends_at__isnull=True) | models.Q(ends_at__gt=now)
        on_pages = self.exclude(is_for_some=True, pages__isnull=True)
        return on_pages.filter(still).order_by("-starts_at", "-id")

    def current(self, *, now: datetime) -> "AnnouncementQuerySet":
        """What visitors see at this moment, newest first."""
        return self.not_over(now=now).filter(starts_at__lte=now)

    def shown(self, *, now: datetime) -> "AnnouncementQuerySet":
        """What the page has room for: the newest ones (DESIGN 5.11)."""
        return self.current(now=now)[:SHOWN_AT_ONCE]


class Announcement(models.Model):
    """A dated note at the top of pages; says nothing about any component (H3).

    Without any of its own `pages` it is on every page, unless it `is_for_some`: what was said to one
    customer is not said to everybody when the page of that customer is removed.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    title = models.CharField(_("title"), max_length=200)
    text = models.TextField(_("text"), max_length=5000, help_text=_("Markdown."))
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"), null=True, blank=True, default=None)
    created_at = models.DateTimeField(editable=False)
    pages = models.ManyToManyField(
        Page, verbose_name=_("only on"), blank=True, related_name="announcements"
    )
    is_for_some = models.BooleanField(_("on chosen pages only"), default=False, editable=False)

    objects = AnnouncementQuerySet.as_manager()

    class Meta:
        verbose_name = _("announcement")
        verbose_name_plural = _("announcements")

    def __str__(self) -> str:
        return self.title

    def state(self, *, now: datetime, shown: Collection[int]) -> AnnouncementState:
        """Where it stands; `shown` are the ids of those the page shows."""
        if self.pk in shown:
            return AnnouncementState.SHOWN
        if self.starts_at > now:
            return AnnouncementState.PLANNED
        return (
            AnnouncementState.OVER
            if self.ends_at and self.ends_at <= now
            else AnnouncementState.DISPLACED
        )
