"""Nodes and replicas below a component, what was measured of them, and the operators' alerts."""

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from common import sealing
from components.models import Component
from probing.health import Health
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
        default=60.0,
        validators=[MinValueValidator(1), MaxValueValidator(604_800)],
        help_text=_("No report for that long makes the replica dead."),
    )
    silence_rule = models.CharField(
        _("silence is"), max_length=16, choices=SilenceRule, default=SilenceRule.LONGER
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
    def fresh_for(self) -> timedelta:
        """How long an outcome speaks for the replica: three intervals and one whole check."""
        longest_check_s = self.dead_after_s * (self.retries + 1)
        return timedelta(seconds=FRESH_INTERVALS * self.interval_s + longest_check_s)


class ReplicaQuerySet(models.QuerySet["Replica"]):
    def due(self, *, now: datetime) -> "ReplicaQuerySet":
        """Poll replicas whose next check is due."""
        return self.filter(next_probe_at__lte=now)

    def gone_quiet(self, *, now: datetime) -> "ReplicaQuerySet":
        """Replicas whose last outcome, or the wait for a first one, is too old to speak for them."""
        return self.filter(fresh_until__lte=now)


class Replica(models.Model):
    """One monitored endpoint, and the last thing seen of it.

    `health` is null while unknown. `fresh_until` is when the last outcome stops speaking for it
    (for a new replica: when the wait for the first outcome has been too long); null once that
    passed. `dead_told_at` is set while operators were told that it is dead and not yet otherwise.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    node = models.ForeignKey(
        Node, verbose_name=_("node"), on_delete=models.CASCADE, related_name="replicas"
    )
    address = models.CharField(_("address"), max_length=2000)
    position = models.PositiveIntegerField(_("position"), default=0)

    health = models.CharField(max_length=8, null=True, default=None, editable=False)  # noqa: DJ001 - null is unknown
    health_since = models.DateTimeField(null=True, default=None, editable=False)
    checks_in_health = models.PositiveIntegerField(default=0, editable=False)
    next_probe_at = models.DateTimeField(null=True, default=None, editable=False)
    last_outcome_at = models.DateTimeField(null=True, default=None, editable=False)
    fresh_until = models.DateTimeField(null=True, default=None, editable=False)
    dead_told_at = models.DateTimeField(null=True, default=None, editable=False)
    latency_ms = models.FloatField(null=True, default=None, editable=False)
    # Reported replicas: when silence makes it dead, when a gone one is removed, its last load.
    announced_interval_s = models.FloatField(null=True, default=None, editable=False)
    silent_at = models.DateTimeField(null=True, default=None, editable=False)
    expires_at = models.DateTimeField(null=True, default=None, editable=False)
    cpu = models.FloatField(null=True, default=None, editable=False)
    ram = models.FloatField(null=True, default=None, editable=False)
    # A replica nobody ever saw healthy must not turn a page dead (reliability E2).
    first_healthy_at = models.DateTimeField(null=True, default=None, editable=False)
    # Damping (`monitoring.judging.Streak`): where the last checks point to, how many in a row do, and
    # how many of them point two steps away.
    streak_health = models.CharField(max_length=8, default="", editable=False)
    streak = models.PositiveIntegerField(default=0, editable=False)
    streak_far = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    reason = models.CharField(max_length=32, default="", editable=False)
    detail = models.CharField(max_length=200, default="", editable=False)
    phases = models.JSONField(default=dict, editable=False)
    certificate_expires_at = models.DateTimeField(null=True, default=None, editable=False)

    objects = ReplicaQuerySet.as_manager()

    class Meta:
        verbose_name = _("replica")
        verbose_name_plural = _("replicas")
        constraints = [
            models.UniqueConstraint(fields=["node", "address"], name="replica_address_in_node")
        ]
        indexes = [
            models.Index(
                fields=["next_probe_at"],
                name="replica_due",
                condition=models.Q(next_probe_at__isnull=False),
            ),
            models.Index(
                fields=["fresh_until"],
                name="replica_fresh",
                condition=models.Q(fresh_until__isnull=False),
            ),
            models.Index(
                fields=["silent_at"],
                name="replica_silent",
                condition=models.Q(silent_at__isnull=False),
            ),
            models.Index(
                fields=["expires_at"],
                name="replica_expires",
                condition=models.Q(expires_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.address

    @property
    def measured(self) -> Health | None:
        return Health(self.health) if self.health else None

    @property
    def is_waiting(self) -> bool:
        """New, and its first outcome is not overdue yet."""
        return self.last_outcome_at is None and self.fresh_until is not None

    @property
    def is_unproven(self) -> bool:
        """Dead, and known from its own reports alone: it has no say in how the page is (E2)."""
        return (
            self.first_healthy_at is None
            and self.health == Health.DEAD
            and Mode(self.node.mode).is_reported
        )


class Pulse(models.Model):
    """When a job of ours last ran: afterwards it knows how long it was away."""

    name = models.CharField(max_length=32, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Ballot(models.Model):
    """What one place last said of one replica; `place` is a location's slug, empty for here.

    `health` is empty while a place has not made up its mind. Damping is done place by place.
    """

    replica = models.ForeignKey(Replica, on_delete=models.CASCADE, related_name="ballots")
    place = models.CharField(max_length=100, blank=True, default="")
    health = models.CharField(max_length=8, blank=True, default="")
    streak_health = models.CharField(max_length=8, default="")
    streak = models.PositiveIntegerField(default=0)
    streak_far = models.PositiveIntegerField(default=0)
    at = models.DateTimeField()
    fresh_until = models.DateTimeField()
    latency_ms = models.FloatField(null=True, default=None)
    reason = models.CharField(max_length=32, default="")
    detail = models.CharField(max_length=200, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["replica", "place"], name="one_ballot_a_place")
        ]

    def __str__(self) -> str:
        return f"{self.place or 'here'}: {self.health}"


class Blindness(models.Model):
    """A stretch in which our own network was down, so that nothing we saw meant anything (F-28).

    In the database, so that all workers and pages agree; at most one is open.
    """

    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, default=None)
    is_open = models.BooleanField(default=True)
    good_rounds = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["is_open"], condition=models.Q(is_open=True), name="one_open_blindness"
            )
        ]

    def __str__(self) -> str:
        return f"blind since {self.started_at}"


class HealthChange(models.Model):
    """One change of a replica's health, with what the probe saw; null is unknown.

    `verdict` is what made it so (JSON of `monitoring.judging.Verdict`): ballots, limits, the checks
    in a row, and the sentence that explains it.
    """

    replica = models.ForeignKey(Replica, on_delete=models.CASCADE, related_name="changes")
    previous = models.CharField(max_length=8, null=True, default=None)  # noqa: DJ001 - null is unknown
    health = models.CharField(max_length=8, null=True, default=None)  # noqa: DJ001 - null is unknown
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    reason = models.CharField(max_length=32, default="")
    detail = models.CharField(max_length=200, default="")
    phases = models.JSONField(default=dict)
    attempts = models.PositiveSmallIntegerField(default=1)
    verdict = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["replica", "at"], name="health_change_by_time")]

    def __str__(self) -> str:
        return f"{self.previous or 'unknown'} → {self.health or 'unknown'}"


class Sample(models.Model):
    """One recent outcome; packed into `PackedHour` and deleted soon after its quarter hour ended."""

    replica = models.ForeignKey(Replica, on_delete=models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField()
    latency_ms = models.PositiveIntegerField(null=True)
    outcome = models.PositiveSmallIntegerField()  # packing.Outcome
    place = models.CharField(max_length=100, default="", db_default="")  # as in Ballot

    class Meta:
        indexes = [models.Index(fields=["at"], name="sample_by_time")]

    def __str__(self) -> str:
        return f"{self.at}: {self.latency_ms} ms"


class PackedHour(models.Model):
    """The samples of one replica in one hour (UTC), packed by `monitoring.packing`."""

    pk = models.CompositePrimaryKey(
        "replica_id", "hour"
    )  # no surrogate key: 8 bytes a sample count
    replica = models.ForeignKey(Replica, on_delete=models.CASCADE, related_name="+", db_index=False)
    hour = models.DateTimeField()
    data = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.hour}"


class Span(models.TextChoices):
    QUARTER = "quarter", _("quarter hour")
    HOUR = "hour", _("hour")
    DAY = "day", _("day")


class ResponseSummary(models.Model):
    """Response times of a component's replicas over a quarter hour, an hour or a day (UTC).

    Percentiles are exact: computed from the samples themselves, never from other percentiles.
    """

    component = models.ForeignKey(
        Component, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    span = models.CharField(max_length=8)
    start_at = models.DateTimeField()
    answered = models.PositiveIntegerField()
    failed = models.PositiveIntegerField()
    p50_ms = models.PositiveIntegerField(null=True)
    p95_ms = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["component", "span", "start_at"], name="one_summary_a_span"
            )
        ]

    def __str__(self) -> str:
        return f"{self.span} {self.start_at}"


class TokenKind(models.TextChoices):
    REPORTER = "reporter", _("Reporter")
    LOCAL = "local", _("Local daemon")
    MANAGER = "manager", _("Manager")


class Token(models.Model):
    """A secret that a program shows us; only its digest is kept. Write-only for reporters (E1).

    Without a node it counts for the whole page. Two live tokens of the same scope are allowed, so
    that one can be replaced without a gap.
    """

    kind = models.CharField(_("kind"), max_length=16, choices=TokenKind)
    node = models.ForeignKey(
        Node,
        verbose_name=_("node"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="tokens",
    )
    location = models.ForeignKey(
        Location,
        verbose_name=_("location"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="tokens",
    )
    label = models.CharField(_("label"), max_length=100, blank=True, default="")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(editable=False)
    last_used_at = models.DateTimeField(null=True, default=None, editable=False)
    last_used_from = models.GenericIPAddressField(null=True, default=None, editable=False)
    revoked_at = models.DateTimeField(null=True, default=None, editable=False)

    class Meta:
        verbose_name = _("token")
        verbose_name_plural = _("tokens")

    def __str__(self) -> str:
        return self.label or f"{self.kind} token"

    @property
    def scope(self) -> str:
        """What it is for: a node (component/node), a location, or the whole page."""
        if self.node is not None:
            return f"{self.node.component.slug}/{self.node.slug}"
        return self.location.slug if self.location is not None else "page"


class PageHealthChange(models.Model):
    """One change of the page's general health (G1); the latest row is the present health."""

    previous = models.CharField(max_length=8, default="")
    health = models.CharField(max_length=8)
    at = models.DateTimeField()
    nodes = models.JSONField(default=list)  # [{"label", "replica"}], as the webhook tells them

    class Meta:
        indexes = [models.Index(fields=["at"], name="page_health_by_time")]

    def __str__(self) -> str:
        return f"{self.previous or 'new'} → {self.health}"


class Browser(models.Model):
    """A browser in which an operator wants to be alerted (F5).

    `digest` is of its endpoint, `address` what deliveries to it are called, and `sealed` holds the
    subscription itself: whoever has it can write to that browser.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=100)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    address = models.CharField(max_length=320, editable=False)
    sealed = models.TextField(editable=False)
    created_at = models.DateTimeField(editable=False)

    class Meta:
        verbose_name = _("browser")
        verbose_name_plural = _("browsers")

    def __str__(self) -> str:
        return self.name


class HealthHook(models.Model):
    """One receiver of `status:health:changed` (G1-G9).

    `sealed` holds its address and the secrets that letters are signed with, sealed: `url`,
    `secret` and, while one is replaced, `previous_secret`.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=100, unique=True)
    is_enabled = models.BooleanField(_("on"), default=True)
    sealed = models.TextField(blank=True, default="", editable=False)

    class Meta:
        verbose_name = _("health webhook")
        verbose_name_plural = _("health webhooks")

    def __str__(self) -> str:
        return self.name

    @property
    def secrets(self) -> dict[str, str]:
        return sealing.unseal_mapping(self.sealed)

    @secrets.setter
    def secrets(self, secrets: dict[str, str]) -> None:
        self.sealed = sealing.seal_mapping(secrets)


class AlertSettings(models.Model):
    """How operators are told, whatever the channel; a single row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    reminder_interval_s = models.PositiveIntegerField(
        _("remind every (seconds)"),
        null=True,
        blank=True,
        default=None,
        help_text=_("Empty: no reminders."),
    )
    reminder_backoff = models.CharField(_("reminders become rarer"), max_length=8, default="none")
    reminder_limit = models.PositiveSmallIntegerField(_("up to this factor"), default=3)
    escalates = models.BooleanField(
        _("reminders get urgent one recipient at a time"), default=False
    )
    muted_until = models.DateTimeField(
        _("reminders muted until"), null=True, blank=True, default=None
    )
    dependency_window_s = models.PositiveIntegerField(
        _("wait for the root cause (seconds)"),
        default=60,
        validators=[MaxValueValidator(3600)],
        help_text=_("How long the death of a node that depends on others is held back."),
    )
    reminded_at = models.DateTimeField(null=True, default=None, editable=False)
    reminders_sent = models.PositiveIntegerField(default=0, editable=False)
    warns_after_s = models.PositiveIntegerField(
        _("warn elsewhere after (seconds)"),
        default=180,
        help_text=_("How long the page has to be dead without a break."),
    )
    warns = models.BooleanField(_("warn in other places"), default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="alert_settings_are_single")
        ]

    def __str__(self) -> str:
        return "alert settings"


class AlertChannel(models.Model):
    """One way operators are told, with its own switch; off sends nothing (F2).

    What its module asks for (`notifications.channels`) is in three places: `recipients` are its
    addresses, `sealed` the secrets (tokens, hook addresses), sealed, and `options` all else.
    """

    kind = models.CharField(_("channel"), max_length=32)
    name = models.CharField(_("name"), max_length=100, blank=True, default="")
    is_enabled = models.BooleanField(_("on"), default=True)
    recipients = models.JSONField(_("recipients"), default=list)
    sealed = models.TextField(blank=True, default="", editable=False)
    options = models.JSONField(default=dict)
    tells_recovery = models.BooleanField(_("also tell when it recovers"), default=True)
    reminders_only = models.BooleanField(_("reminders only"), default=False)

    class Meta:
        verbose_name = _("alert channel")
        verbose_name_plural = _("alert channels")
        constraints = [
            models.UniqueConstraint(fields=["kind", "name"], name="alert_channel_name_in_kind")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}".strip()

    @property
    def secrets(self) -> dict[str, str]:
        return sealing.unseal_mapping(self.sealed)

    @secrets.setter
    def secrets(self, secrets: dict[str, str]) -> None:
        self.sealed = sealing.seal_mapping(secrets)

    @property
    def values(self) -> dict[str, str]:
        """Every field of the channel by name, as its module wants them; raises SealBroken."""
        return {"recipients": "\n".join(self.recipients), **self.options, **self.secrets}
