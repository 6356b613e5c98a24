"""Page, groups, components, the claims about them and every change of what visitors see."""

import uuid
import zoneinfo
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from components.status import Source, Status


def _check_time_zone(value: str) -> None:
    if value not in zoneinfo.available_timezones():
        raise ValidationError(
            _("“%(value)s” is not a time zone. Write one like Europe/Paris or UTC."),
            params={"value": value},
        )


def _weight_field(default: str, label: Any) -> "models.DecimalField[Decimal, Decimal]":
    return models.DecimalField(
        label,
        max_digits=4,
        decimal_places=3,
        default=Decimal(default),
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(1))],
    )


class Page(models.Model):
    """The public page; a single row.

    `revision` is the dirty mark: every operation that changes something visitors see raises it in
    its own transaction (`catalogue.mark_dirty`), and each publisher compares it with what it has
    on disk.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    # What programs know the page by: never changes ("website_id" of the health webhook).
    uuid = models.UUIDField(default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=100, default="Status")
    time_zone = models.CharField(
        _("time zone"),
        max_length=64,
        default="UTC",
        validators=[_check_time_zone],
        help_text=_(
            "Days and times on the page are cut and shown in this zone, like Europe/Paris."
        ),
    )
    partial_outage_weight = _weight_field("1", _("partial outage counts as down"))
    major_outage_weight = _weight_field("1", _("major outage counts as down"))
    degraded_performance_weight = _weight_field("0", _("degraded performance counts as down"))
    under_maintenance_weight = _weight_field("0", _("maintenance counts as down"))
    maintenance_hides_monitors = models.BooleanField(
        _("maintenance hides what monitors say"),
        default=True,
        help_text=_(
            "While maintenance is in progress, monitors do not change the status of its services, "
            "and their replicas do not count for the health of the page. What an incident or a "
            "person says is shown all the same."
        ),
    )
    tells_status_changes = models.BooleanField(
        _("tell people of a status set by hand"),
        default=False,
        help_text=_(
            "Subscribers hear of a status that is chosen on the dashboard, over every channel but "
            "text messages, unless an open incident or maintenance names the service. Webhooks hear "
            "of it always."
        ),
    )
    # The host in the ids of feeds and calendars; stays when the page moves to another address.
    feed_authority = models.CharField(max_length=253, blank=True, default="", editable=False)
    is_demo = models.BooleanField(_("shows made-up history"), default=False, editable=False)
    revision = models.PositiveBigIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("page")
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="page_is_single")]

    def __str__(self) -> str:
        return self.name


class ComponentGroup(models.Model):
    """A heading with components under it."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    position = models.PositiveIntegerField(
        _("position"), default=0, help_text=_("Groups with a lower number come first.")
    )
    is_collapsed = models.BooleanField(
        _("starts collapsed"),
        default=False,
        help_text=_("Show the group closed while all its components are operational."),
    )

    class Meta:
        verbose_name = _("component group")
        verbose_name_plural = _("component groups")

    def __str__(self) -> str:
        return self.name


class ComponentQuerySet(models.QuerySet["Component"]):
    def in_page_order(self) -> "ComponentQuerySet":
        """Groups by position, loose components last; the order never follows the status."""
        return self.order_by(
            models.F("group__position").asc(nulls_last=True),
            models.F("group__name").asc(nulls_last=True),
            "position",
            "name",
        )

    def visible(self) -> "ComponentQuerySet":
        return self.filter(is_visible=True)


class Component(models.Model):
    """A service that visitors know by name. Its status is the worst of the claims about it."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    group = models.ForeignKey(
        ComponentGroup,
        verbose_name=_("group"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="components",
    )
    name = models.CharField(_("name"), max_length=100)
    slug = models.SlugField(
        _("slug"),
        max_length=100,
        unique=True,
        help_text=_("Part of the address: /components/landing-page"),
    )
    description = models.CharField(_("description"), max_length=500, blank=True, default="")
    position = models.PositiveIntegerField(_("position"), default=0)
    is_visible = models.BooleanField(_("shown on the page"), default=True)
    shows_addresses = models.BooleanField(
        _("show replica addresses"), default=False, help_text=_("Visitors see numbers otherwise.")
    )
    is_manual = models.BooleanField(
        _("set by hand"),
        default=False,
        help_text=_("Monitors are ignored: only a person changes what visitors see."),
    )
    status = models.CharField(
        _("status"), max_length=32, default=Status.OPERATIONAL, editable=False
    )
    status_since = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(editable=False)

    objects = ComponentQuerySet.as_manager()

    class Meta:
        verbose_name = _("component")
        verbose_name_plural = _("components")

    def __str__(self) -> str:
        return self.name

    @property
    def shown_status(self) -> Status:
        return Status(self.status)


class StatusClaim(models.Model):
    """What one source says about one component, while it says so (decisions 1).

    `source` is the kind, `reference` names the speaker inside it ("monitors", later an incident's id).
    """

    component = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="claims")
    source = models.CharField(max_length=16)
    reference = models.CharField(max_length=64, default="")
    status = models.CharField(max_length=32)
    claimed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["component", "source", "reference"], name="one_claim_a_speaker"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.reference}: {self.status}"

    @property
    def source_kind(self) -> Source:
        return Source(self.source)


class StatusChange(models.Model):
    """One change of what visitors see of a component: history, and the source of uptime.

    `at` is when it holds from; `recorded_at` is later when nobody was looking at the time
    (a gap is only known once a deadline has passed). `cause` is the source of the deciding claim.
    """

    component = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="changes")
    previous = models.CharField(max_length=32, default="")
    status = models.CharField(max_length=32)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    cause = models.CharField(max_length=16)
    note = models.CharField(max_length=300, default="")
    is_demo = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["component", "at"], name="status_change_by_time")]

    def __str__(self) -> str:
        return f"{self.previous or 'new'} → {self.status}"


class DeclaredPeriod(models.Model):
    """A status that somebody declared of a time that was over already, as a retroactive incident does.

    It is laid over the recorded changes when uptime is counted (`uptime.overlaid`) and goes with
    the event that declared it; the recorded history itself is never rewritten.
    """

    component = models.ForeignKey(
        Component, on_delete=models.CASCADE, related_name="declared_periods"
    )
    source = models.CharField(max_length=16)
    reference = models.CharField(max_length=64)
    status = models.CharField(max_length=32)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["component", "ends_at"], name="declared_by_time")]
        constraints = [
            models.UniqueConstraint(
                fields=["component", "source", "reference"], name="one_period_a_speaker"
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="period_has_length"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.reference}: {self.status}"
