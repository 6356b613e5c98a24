"""Planned work: single windows, the series that make them, and what was said about them."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from components.models import Component
from components.status import Status
from incidents import public_ids, windows
from incidents.windows import Kind, State

_OVER = (State.COMPLETED.value, State.CANCELLED.value)
_RUNNING = (State.IN_PROGRESS.value, State.VERIFICATION.value)


class MaintenanceSeries(models.Model):
    """Work that comes again, as a rule on the wall clock of a zone; it makes `Maintenance` rows.

    `wall_start` is the first start, naive ISO text. `made_until` is the wall start of the last
    occurrence that got a row: those up to it are never made again. `horizon` is how many coming
    windows stand ready.
    """

    rule = models.CharField(_("recurrence"), max_length=500)  # an RRULE of RFC 5545
    zone = models.CharField(_("time zone"), max_length=64)
    wall_start = models.CharField(max_length=16)
    duration = models.DurationField()
    title = models.CharField(_("title"), max_length=200)
    text = models.TextField(_("message"), blank=True, default="")
    lead_minutes = models.JSONField(default=list, blank=True)
    horizon = models.PositiveSmallIntegerField(default=5)
    auto_start = models.BooleanField(default=True)
    auto_finish = models.BooleanField(default=True)
    mutes_alerts = models.BooleanField(default=True)
    notifies = models.BooleanField(default=True)
    made_until = models.CharField(max_length=16, blank=True, default="")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    author_name = models.CharField(max_length=150, blank=True, default="")

    class Meta:
        verbose_name = _("maintenance series")
        verbose_name_plural = _("maintenance series")

    def __str__(self) -> str:
        return f"{self.title} ({self.rule})"

    @property
    def zone_info(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @property
    def first_start(self) -> datetime:
        """The first start on the wall clock, naive."""
        return datetime.fromisoformat(self.wall_start)


class SeriesService(models.Model):
    """A component that every window of a series touches, and the status it has meanwhile."""

    series = models.ForeignKey(MaintenanceSeries, on_delete=models.CASCADE, related_name="affected")
    component = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="+")
    status = models.CharField(max_length=32, default=Status.UNDER_MAINTENANCE)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["series", "component"], name="series_touches_once"),
        ]

    def __str__(self) -> str:
        return f"{self.component_id}: {self.status}"


class MaintenanceQuerySet(models.QuerySet["Maintenance"]):
    def public(self) -> "MaintenanceQuerySet":
        """Those that visitors may see: all, work is never planned in secret."""
        return self.all()

    def scheduled(self) -> "MaintenanceQuerySet":
        """Those that have not begun, soonest first."""
        return self.filter(state=State.SCHEDULED).order_by("starts_at", "id")

    def running(self) -> "MaintenanceQuerySet":
        """Those in progress or in verification, the one that ends first in front."""
        return self.filter(state__in=_RUNNING).order_by("ends_at", "id")

    def upcoming(self, now: datetime, within: timedelta) -> "MaintenanceQuerySet":
        """Scheduled ones that start until then, soonest first; also those late to start."""
        return self.scheduled().filter(starts_at__lte=now + within)

    def past(self) -> "MaintenanceQuerySet":
        """Completed and cancelled ones, newest first."""
        return self.filter(state__in=_OVER).order_by("-starts_at", "-id")

    def due(self, now: datetime) -> "MaintenanceQuerySet":
        """Those that take a step by themselves by now, in the order of the planned times.

        Of those at the same minute the starts come first: where one window follows another, the
        component is not operational in between.
        """
        ends_last = models.Case(models.When(state=State.SCHEDULED, then=0), default=1)
        return self.filter(next_step_at__lte=now).order_by("next_step_at", ends_last, "id")

    def overlapping(self, starts_at: datetime, ends_at: datetime) -> "MaintenanceQuerySet":
        """Those not over whose planned window meets this half-open one, soonest first."""
        open_ones = self.exclude(state__in=_OVER)
        return open_ones.filter(starts_at__lt=ends_at, ends_at__gt=starts_at).order_by(
            "starts_at", "id"
        )


class Maintenance(models.Model):
    """One window of planned work, as told to visitors.

    `starts_at` and `ends_at` are the plan, `started_at` and `ended_at` what happened. `zone` and
    `wall_start` (naive ISO text) are how the plan was written. `next_step_at` is when it starts or
    finishes by itself. `sequence` rises with every change of the times, the title or the state:
    calendars ask for it. `dedicated_ids` are the components it touches that only some pages chose,
    also those that are gone (`dedicated`).
    """

    public_id = models.CharField(max_length=12, unique=True, default=public_ids.make)
    title = models.CharField(_("title"), max_length=200)
    text = models.TextField(_("message"), blank=True, default="")
    html = models.TextField(blank=True, default="")
    state = models.CharField(_("state"), max_length=16, default=State.SCHEDULED)
    starts_at = models.DateTimeField(_("start"))
    ends_at = models.DateTimeField(_("end"))
    zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    wall_start = models.CharField(max_length=16)
    duration = models.DurationField(_("duration"))
    started_at = models.DateTimeField(_("started"), null=True, default=None)
    ended_at = models.DateTimeField(_("ended"), null=True, default=None)
    next_step_at = models.DateTimeField(null=True, default=None)
    auto_start = models.BooleanField(_("starts by itself"), default=True)
    auto_finish = models.BooleanField(_("finishes by itself"), default=True)
    mutes_alerts = models.BooleanField(_("mutes alerts"), default=True)
    notifies = models.BooleanField(default=True)  # steps it takes by itself, and reminders

    series = models.ForeignKey(
        MaintenanceSeries, null=True, on_delete=models.SET_NULL, related_name="occurrences"
    )
    occurrence = models.CharField(max_length=16, null=True, default=None)  # noqa: DJ001 - unique
    is_detached = models.BooleanField(default=False)  # edited on its own: the series leaves it
    dedicated_ids = models.JSONField(default=list, blank=True, editable=False)

    sequence = models.PositiveIntegerField(default=0)
    origin = models.CharField(max_length=16, default="operator")  # or "api", "import"
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    page_revision = models.PositiveBigIntegerField(default=0, db_index=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    author_name = models.CharField(max_length=150, blank=True, default="")

    objects = MaintenanceQuerySet.as_manager()

    class Meta:
        verbose_name = _("maintenance")
        verbose_name_plural = _("maintenance")
        indexes = [
            models.Index(fields=["-starts_at", "-id"], name="maintenance_by_start"),
            models.Index(
                fields=["next_step_at"],
                name="maintenance_due",
                condition=models.Q(next_step_at__isnull=False),
            ),
            models.Index(
                fields=["state"],
                name="maintenance_open",
                condition=~models.Q(state__in=_OVER),
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["series", "occurrence"], name="occurrence_once"),
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="window_has_length"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return f"/maintenance/{self.public_id}"

    @property
    def state_value(self) -> State:
        return State(self.state)

    @property
    def zone_info(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @property
    def first_start(self) -> datetime:
        """The planned start on the wall clock of its zone, naive, as it was asked for."""
        return datetime.fromisoformat(self.wall_start)

    @property
    def planned_step(self) -> datetime | None:
        """What `next_step_at` has to be for the state, the plan and the switches of this row."""
        return windows.next_step(
            self.state_value,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            auto_start=self.auto_start,
            auto_finish=self.auto_finish,
        )

    def overrun(self, now: datetime) -> timedelta:
        """How much longer than planned it is running."""
        return windows.overrun(self.state_value, ends_at=self.ends_at, now=now)


class AffectedService(models.Model):
    """A component that a maintenance touches, and the status it has while the window is open.

    The row stays when the maintenance is over: it was affected.
    """

    maintenance = models.ForeignKey(Maintenance, on_delete=models.CASCADE, related_name="affected")
    component = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="+")
    status = models.CharField(max_length=32, default=Status.UNDER_MAINTENANCE)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["maintenance", "component"], name="maintenance_touches_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.component_id}: {self.status}"

    @property
    def claimed(self) -> Status:
        return Status(self.status)


class MaintenanceUpdateQuerySet(models.QuerySet["MaintenanceUpdate"]):
    def timeline(self) -> "MaintenanceUpdateQuerySet":
        """What pages show, newest first: everything but the reminders."""
        return self.exclude(kind=Kind.REMINDER).order_by("-at", "-id")


class MaintenanceUpdate(models.Model):
    """One entry of a maintenance. `html` is the text rendered once, safe to show.

    `at` is the time shown (the planned one of a step taken by itself); `created_at` when it was
    written. `notifies`: subscribers are to be told (their fan-out reads this). A reminder is an
    entry too, so that it is told like the others, but only to subscribers.
    """

    public_id = models.CharField(max_length=12, unique=True, default=public_ids.make)
    maintenance = models.ForeignKey(Maintenance, on_delete=models.CASCADE, related_name="updates")
    kind = models.CharField(max_length=16)
    previous_state = models.CharField(max_length=16, blank=True, default="")
    state = models.CharField(max_length=16)
    text = models.TextField(blank=True, default="")
    html = models.TextField(blank=True, default="")
    # The plan as this entry found it: what a reminder or a change tells.
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    at = models.DateTimeField()
    created_at = models.DateTimeField()
    notifies = models.BooleanField(default=False)
    corrected_at = models.DateTimeField(null=True, default=None)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    author_name = models.CharField(max_length=150, blank=True, default="")

    objects = MaintenanceUpdateQuerySet.as_manager()

    class Meta:
        verbose_name = _("maintenance update")
        verbose_name_plural = _("maintenance updates")
        indexes = [
            models.Index(fields=["maintenance", "-at", "-id"], name="maintenance_update_by_time")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"

    @property
    def state_value(self) -> State:
        return State(self.state)

    @property
    def kind_value(self) -> Kind:
        return Kind(self.kind)

    @property
    def is_change_of_state(self) -> bool:
        return self.state != self.previous_state


class MaintenanceUpdateComponent(models.Model):
    """What visitors saw of a component before and after an entry; history, so by name."""

    update = models.ForeignKey(
        MaintenanceUpdate, on_delete=models.CASCADE, related_name="components"
    )
    component = models.ForeignKey(Component, null=True, on_delete=models.SET_NULL, related_name="+")
    name = models.CharField(max_length=100)
    # Whether visitors could see the component then: a hidden one stays unnamed when it is removed.
    was_visible = models.BooleanField(default=True)
    previous = models.CharField(max_length=32)
    status = models.CharField(max_length=32)

    def __str__(self) -> str:
        return f"{self.name}: {self.previous} → {self.status}"

    @property
    def status_value(self) -> Status:
        return Status(self.status)


class MaintenanceReminder(models.Model):
    """When subscribers are reminded of a coming window; told once."""

    maintenance = models.ForeignKey(Maintenance, on_delete=models.CASCADE, related_name="reminders")
    lead_minutes = models.PositiveIntegerField(_("minutes before the start"))
    due_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, default=None)

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"],
                name="reminder_due",
                condition=models.Q(told_at__isnull=True),
            )
        ]
        constraints = [
            models.UniqueConstraint(fields=["maintenance", "lead_minutes"], name="reminded_once"),
        ]

    def __str__(self) -> str:
        return f"{self.lead_minutes} min: {self.due_at:%Y-%m-%d %H:%M}"
