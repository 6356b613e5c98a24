"""Nodes below a component: how its replicas are looked at, and what judges them."""

import uuid
from datetime import timedelta

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from common import sealing
from components.models import Component
from monitoring import silence
from probing.options import HttpOptions, Thresholds

# A replica is unknown once three intervals passed without an outcome (DESIGN.md 2.3).
FRESH_INTERVALS = 3


class Mode(models.TextChoices):
    POLL = "poll", _("Poll")
    PUSH = "push", _("Push")
    LOCAL = "local", _("Local")

    @property
    def is_reported(self) -> bool:
        """Whether others report to us, and silence is a verdict."""
        return self is not Mode.POLL


class SilenceRule(models.TextChoices):
    """From when silence is counted (AMB-2): see `monitoring.silence`."""

    LONGER = "longer", _("the longer of “dead after” and the announced interval with grace")
    LAST_REPORT = "last_report", _("“dead after” since the last report, whatever was announced")
    ANNOUNCED = "announced", _("the announced interval and “dead after” on top")


class Location(models.Model):
    """A named place that checks are made from, besides the central poller."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    slug = models.SlugField(_("slug"), max_length=100, unique=True)
    last_seen_at = models.DateTimeField(null=True, default=None, editable=False)

    class Meta:
        verbose_name = _("location")
        verbose_name_plural = _("locations")

    def __str__(self) -> str:
        return self.name


class Node(models.Model):
    """One way a component is looked at, with the thresholds that judge its replicas.

    Thresholds and options are read at each check, so a change counts from the next one (D8).
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    component = models.ForeignKey(
        Component, verbose_name=_("component"), on_delete=models.CASCADE, related_name="nodes"
    )
    name = models.CharField(_("name"), max_length=100)
    slug = models.SlugField(_("slug"), max_length=100)
    position = models.PositiveIntegerField(_("position"), default=0)
    mode = models.CharField(_("mode"), max_length=16, default=Mode.POLL)
    interval_s = models.PositiveIntegerField(
        _("check every (seconds)"),
        default=60,
        validators=[MinValueValidator(1), MaxValueValidator(86_400)],
    )
    retries = models.PositiveSmallIntegerField(
        _("retries before dead"), default=2, validators=[MaxValueValidator(10)]
    )
    sick_after_s = models.FloatField(
        _("sick after (seconds)"),
        default=5.0,
        validators=[MinValueValidator(0.001), MaxValueValidator(120)],
        help_text=_("A slower answer makes the replica sick."),
    )
    dead_after_s = models.FloatField(
        _("dead after (seconds)"),
        default=10.0,
        validators=[MinValueValidator(0.05), MaxValueValidator(120)],
        help_text=_("No answer by then makes the replica dead."),
    )
    http_method = models.CharField(_("HTTP method"), max_length=16, default="GET")
    http_status_min = models.PositiveSmallIntegerField(
        _("lowest healthy status code"),
        default=200,
        validators=[MinValueValidator(100), MaxValueValidator(599)],
    )
    http_status_max = models.PositiveSmallIntegerField(
        _("highest healthy status code"),
        default=399,
        validators=[MinValueValidator(100), MaxValueValidator(599)],
    )
    http_body_contains = models.CharField(
        _("body contains"), max_length=500, blank=True, default=""
    )
    http_body_regex = models.CharField(_("body matches"), max_length=500, blank=True, default="")
    http_follow_redirects = models.BooleanField(_("follow redirects"), default=True)
    http_verify_tls = models.BooleanField(_("check the certificate"), default=True)
    # Reported modes: silence and load (D4-D6).
    silent_after_s = models.FloatField(
        _("dead after silence (seconds)"),
        null=True,
        blank=True,
        default=None,
        validators=[MinValueValidator(1), MaxValueValidator(604_800)],
        help_text=_(
            "No report for that long makes the replica dead. Empty: 60 for push; for local the "
            "announced interval and the grace."
        ),
    )
    silence_rule = models.CharField(
        _("silence is"), max_length=16, choices=SilenceRule, default=SilenceRule.LONGER
    )
    # Jobs that ping us: how often one comes. `silent_after_s` is then the grace on top of that.
    ping_every_s = models.PositiveIntegerField(
        _("a ping every (seconds)"),
        null=True,
        blank=True,
        default=None,
        validators=[MinValueValidator(60), MaxValueValidator(31_536_000)],
    )
    cpu_sick_above = models.FloatField(
        _("sick above CPU load"),
        default=0.9,
        validators=[MinValueValidator(0.0), MaxValueValidator(100.0)],
        help_text=_("0.5 is half of one CPU. Strictly above."),
    )
    ram_sick_above = models.FloatField(
        _("sick above RAM used"),
        default=0.9,
        validators=[MinValueValidator(0.0), MaxValueValidator(100.0)],
        help_text=_("0.75 is three quarters. Strictly above."),
    )
    # Honest verdicts: damping, several places, dependencies.
    bad_checks = models.PositiveSmallIntegerField(
        _("bad checks in a row"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(20)],
        help_text=_("That many checks in a row make it worse."),
    )
    good_checks = models.PositiveSmallIntegerField(
        _("good checks in a row"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(20)],
        help_text=_("That many checks in a row make it better."),
    )
    is_polled_centrally = models.BooleanField(_("checked from here"), default=True)
    locations = models.ManyToManyField(
        Location, verbose_name=_("also checked from"), blank=True, related_name="nodes"
    )
    quorum = models.PositiveSmallIntegerField(
        _("places that must say dead"),
        null=True,
        blank=True,
        default=None,
        validators=[MinValueValidator(1)],
        help_text=_("Empty: the majority of those that checked lately."),
    )
    depends_on = models.ManyToManyField(
        "self",
        verbose_name=_("depends on"),
        symmetrical=False,
        blank=True,
        related_name="dependents",
        help_text=_("While one of these is dead, this node's failures are told as part of it."),
    )
    muted_until = models.DateTimeField(_("muted until"), null=True, blank=True, default=None)
    # When a new replica was last refused for want of room; null while there is room (E2).
    full_at = models.DateTimeField(null=True, default=None, editable=False)
    # Headers may carry credentials: encrypted at rest, never shown again (reliability F13).
    http_headers_sealed = models.TextField(blank=True, default="", editable=False)

    class Meta:
        verbose_name = _("node")
        verbose_name_plural = _("nodes")
        constraints = [
            models.UniqueConstraint(fields=["component", "slug"], name="node_slug_in_component"),
            models.CheckConstraint(
                condition=models.Q(http_status_min__lte=models.F("http_status_max")),
                name="node_status_range",
                violation_error_message=_("The lowest healthy status code is above the highest."),
            ),
            models.CheckConstraint(
                condition=models.Q(sick_after_s__lte=models.F("dead_after_s")),
                name="node_sick_before_dead",
                violation_error_message=_(
                    "“Sick after” is longer than “dead after”. Make it shorter or equal."
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def thresholds(self) -> Thresholds:
        return Thresholds(
            sick_after_s=self.sick_after_s, dead_after_s=self.dead_after_s, retries=self.retries
        )

    @property
    def http_options(self) -> HttpOptions:
        return HttpOptions(
            method=self.http_method,
            headers=self.http_headers,
            status_min=self.http_status_min,
            status_below=self.http_status_max + 1,
            body_contains=self.http_body_contains or None,
            body_regex=self.http_body_regex or None,
            follow_redirects=self.http_follow_redirects,
            verify_tls=self.http_verify_tls,
        )

    @property
    def http_headers(self) -> dict[str, str]:
        return sealing.unseal_mapping(self.http_headers_sealed)

    @http_headers.setter
    def http_headers(self, headers: dict[str, str]) -> None:
        self.http_headers_sealed = sealing.seal_mapping(headers)

    @property
    def silence_limit_s(self) -> float | None:
        """The limit of silence that counts; None: the announced interval and the grace alone."""
        if self.silent_after_s is None and self.mode != Mode.LOCAL:
            return silence.PUSH_DEFAULT_S
        return self.silent_after_s

    @property
    def ping_grace_s(self) -> float:
        """How long a ping may be late, and how long a job that said it started may run."""
        return silence.PING_GRACE_S if self.silent_after_s is None else self.silent_after_s

    @property
    def fresh_for(self) -> timedelta:
        """How long an outcome speaks for the replica: three intervals and one whole check."""
        longest_check_s = self.dead_after_s * (self.retries + 1)
        return timedelta(seconds=FRESH_INTERVALS * self.interval_s + longest_check_s)
