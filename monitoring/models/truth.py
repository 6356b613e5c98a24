"""What keeps the page honest: when a monitor drafts an incident, and what the watchdog found."""

from datetime import timedelta

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from components.models import Component
from incidents.models import EventTemplate

_MONTH_S = 30 * 86_400


def _seconds(
    label: object, default: int, *, help_text: object = ""
) -> "models.PositiveIntegerField[int, int]":
    return models.PositiveIntegerField(
        label,  # type: ignore[arg-type]  # a lazy string
        default=default,
        help_text=help_text,  # type: ignore[arg-type]
        validators=[MinValueValidator(30), MaxValueValidator(_MONTH_S)],
    )


class TruthSettings(models.Model):
    """When monitors draft incidents, and when the watchdog barks; a single row, times in seconds."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    drafts = models.BooleanField(
        _("monitors draft incidents"),
        default=True,
        help_text=_("A draft is for operators only until somebody publishes it."),
    )
    draft_after_s = _seconds(_("draft after (seconds dead)"), 180)
    tells = models.BooleanField(_("tell findings through the alert channels"), default=True)
    unsaid_after_s = _seconds(
        _("dead with no incident"), 600, help_text=_("How long before it is a finding.")
    )
    green_after_s = _seconds(_("incident open while everything is green"), 1800)
    silent_after_s = _seconds(_("“Investigating” with no word"), 1800)
    overrun_after_s = _seconds(_("maintenance longer than planned"), 300)
    held_after_s = _seconds(_("status set by hand and forgotten"), 86_400)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="truth_settings_are_single")
        ]

    def __str__(self) -> str:
        return "truth settings"

    def after(self, name: str) -> timedelta:
        """The limit of this name, like "unsaid", as a duration."""
        return timedelta(seconds=getattr(self, f"{name}_after_s"))


class DraftPolicy(models.Model):
    """What happens by itself when a component is dead for long; without a row a draft and no more."""

    component = models.OneToOneField(
        Component, on_delete=models.CASCADE, related_name="draft_policy"
    )
    drafts = models.BooleanField(_("draft an incident"), default=True)
    draft_after_s = models.PositiveIntegerField(
        _("after (seconds dead)"),
        null=True,
        blank=True,
        default=None,
        validators=[MinValueValidator(30), MaxValueValidator(_MONTH_S)],
        help_text=_("Empty: as set for all."),
    )
    publishes = models.BooleanField(
        _("publish it without asking"),
        default=False,
        help_text=_("Visitors see the draft at once, and subscribers are told."),
    )
    resolves = models.BooleanField(
        _("resolve it without asking"),
        default=False,
        help_text=_("When every check passes again, the proposed text is posted as resolved."),
    )
    template = models.ForeignKey(
        EventTemplate,
        verbose_name=_("template"),
        null=True,
        blank=True,
        default=None,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    class Meta:
        verbose_name = _("draft policy")
        verbose_name_plural = _("draft policies")

    def __str__(self) -> str:
        return str(self.component)


class Finding(models.Model):
    """A place where page and reality disagree: found once, and cleared when it is so no longer.

    `subject` names what it is about inside its kind ("component:7", "incident:9k2…"). For operators
    only.
    """

    kind = models.CharField(max_length=32)
    subject = models.CharField(max_length=64)
    sentence = models.CharField(max_length=400)
    url = models.CharField(max_length=200, default="")
    found_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True, default=None)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    cleared_at = models.DateTimeField(null=True, default=None)

    class Meta:
        verbose_name = _("finding")
        verbose_name_plural = _("findings")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"],
                name="one_open_finding",
                condition=models.Q(cleared_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return self.sentence
