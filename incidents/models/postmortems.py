"""Postmortems: the report about a resolved incident (M1-M9)."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from incidents.models.incidents import Incident


class Postmortem(models.Model):
    """The report; a draft while `published_at` is empty, and then on no public surface.

    The texts are Markdown, rendered when the page is published.
    """

    incident = models.OneToOneField(Incident, on_delete=models.CASCADE, related_name="postmortem")
    title = models.CharField(_("title"), max_length=200)
    summary = models.TextField(_("summary"), blank=True, default="")
    impact_description = models.TextField(_("impact"), blank=True, default="")
    root_cause = models.TextField(_("root cause"), blank=True, default="")
    published_at = models.DateTimeField(null=True, default=None)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    author_name = models.CharField(max_length=150, blank=True, default="")

    class Meta:
        verbose_name = _("postmortem")
        verbose_name_plural = _("postmortems")

    def __str__(self) -> str:
        return self.title

    @property
    def is_published(self) -> bool:
        return self.published_at is not None


class PostmortemEntry(models.Model):
    """One line of the report's timeline."""

    postmortem = models.ForeignKey(Postmortem, on_delete=models.CASCADE, related_name="entries")
    at = models.DateTimeField(_("time"))
    text = models.CharField(_("what happened"), max_length=500)

    class Meta:
        indexes = [models.Index(fields=["postmortem", "at", "id"], name="entry_by_time")]

    def __str__(self) -> str:
        return f"{self.at:%H:%M} {self.text}"


class CorrectiveAction(models.Model):
    """Something that is changed so that it does not happen again."""

    postmortem = models.ForeignKey(Postmortem, on_delete=models.CASCADE, related_name="actions")
    position = models.PositiveIntegerField(default=0)
    text = models.CharField(_("what we change"), max_length=500)
    owner = models.CharField(_("owner"), max_length=100, blank=True, default="")
    due_on = models.DateField(_("due"), null=True, blank=True, default=None)
    is_done = models.BooleanField(_("done"), default=False)

    class Meta:
        indexes = [models.Index(fields=["postmortem", "position"], name="action_by_position")]

    def __str__(self) -> str:
        return self.text
