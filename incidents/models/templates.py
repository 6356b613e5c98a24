"""Prepared texts for incidents and maintenance (L1-L3)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from components.models import Component
from incidents.lifecycle import Impact


class Kind(models.TextChoices):
    """What a template is for."""

    INCIDENT = "incident", _("Incident")
    MAINTENANCE = "maintenance", _("Maintenance")


class EventTemplate(models.Model):
    """A title and a text with {placeholders}; using one copies it, so later edits change no event."""

    kind = models.CharField(_("for"), max_length=16, default=Kind.INCIDENT)
    name = models.CharField(
        _("name"), max_length=100, help_text=_("How the team finds it; visitors never see it.")
    )
    title = models.CharField(_("title"), max_length=200)
    text = models.TextField(_("message"), max_length=5000, help_text=_("Markdown."))
    impact = models.CharField(_("impact"), max_length=16, default=Impact.MINOR)
    components = models.ManyToManyField(
        Component, blank=True, related_name="+", verbose_name=_("components")
    )
    created_at = models.DateTimeField(editable=False)

    class Meta:
        verbose_name = _("template")
        verbose_name_plural = _("templates")
        constraints = [models.UniqueConstraint(fields=["kind", "name"], name="one_name_a_kind")]

    def __str__(self) -> str:
        return self.name
