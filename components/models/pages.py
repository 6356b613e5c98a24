"""Pages: the main one, sub-pages and customer pages; what each shows, and the host names of each."""

import secrets
import uuid
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from common import public_ids, time_zones
from components.models.services import Component, ComponentGroup
from components.uptime import Weights


def _check_time_zone(value: str) -> None:
    if value not in time_zones.names():
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


MAIN_ID = 1


def _new_id() -> int:
    """An id that no earlier page had: folders and stored links name pages by it."""
    return secrets.randbelow(2**52) + 2


class PageKind(models.TextChoices):
    """Who a page is for. The main page is public and shows every service."""

    PUBLIC = "public", _("Public page")
    SUB = "sub", _("Sub-page")  # public, of some services
    CUSTOMER = "customer", _("Customer page")  # behind sign-in


class PageQuerySet(models.QuerySet["Page"]):
    def live(self) -> "PageQuerySet":
        """Those that answer: not retired."""
        return self.filter(retired_at__isnull=True)

    def published(self) -> "PageQuerySet":
        """Those that are written to the published folder; a customer page never is (decision 3)."""
        return self.live().exclude(kind=PageKind.CUSTOMER)

    def customers(self) -> "PageQuerySet":
        return self.filter(kind=PageKind.CUSTOMER)


class Page(models.Model):
    """A page that somebody sees: the main one (id 1), a sub-page or a customer page.

    Components, incidents and probes exist once; `shows_all`, `PageComponent` and `PageGroup` say
    which part a page shows (`components.pages`). What concerns the whole installation stands on the
    main page's row alone: `maintenance_hides_monitors`, `tells_status_changes` and `revision`, the
    dirty mark, which every operation that changes something visitors see raises in its own
    transaction (`catalogue.mark_dirty`), and each publisher compares it with what it has on disk.

    `address` is the random part of a customer page's address, of 128 bits: it is published nowhere
    (requirement R11). `set_up_at` is empty until somebody has named the main page (A1). A page that
    is retired answers nobody and can be brought back for 30 days.
    """

    id = models.PositiveBigIntegerField(primary_key=True, default=_new_id, editable=False)
    public_id = models.CharField(
        max_length=12, unique=True, default=public_ids.make, editable=False
    )
    kind = models.CharField(_("kind"), max_length=16, choices=PageKind, default=PageKind.SUB)
    slug = models.CharField(
        _("slug"),
        max_length=40,
        unique=True,
        validators=[
            RegexValidator(
                r"^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$",
                _("Use small letters, digits and hyphens, with a letter or a digit at both ends."),
            )
        ],
        help_text=_("Part of the address: a host name like eu.status.example.com, or /s/eu."),
    )
    address = models.CharField(max_length=43, unique=True, null=True, default=None, editable=False)  # noqa: DJ001 - unique
    shows_all = models.BooleanField(_("shows every service"), default=False)
    language = models.CharField(_("language"), max_length=16, default="en")
    set_up_at = models.DateTimeField(null=True, default=None, editable=False)
    created_at = models.DateTimeField(null=True, default=None, editable=False)
    retired_at = models.DateTimeField(null=True, default=None, editable=False)
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
    v2_tells_maintenance = models.BooleanField(
        _("maintenance is an indicator of its own"),
        default=True,
        help_text=_(
            "In the status API for programs that know Statuspage. Off for readers that do not know "
            "the indicator “maintenance”: it is “none” then."
        ),
    )
    v2_counts_incidents = models.BooleanField(
        _("open incidents raise the indicator"),
        default=True,
        help_text=_(
            "In the status API for programs that know Statuspage. Off: the indicator follows the "
            "services alone."
        ),
    )
    # The host in the ids of feeds and calendars; stays when the page moves to another address.
    feed_authority = models.CharField(max_length=253, blank=True, default="", editable=False)
    is_demo = models.BooleanField(_("shows made-up history"), default=False, editable=False)
    revision = models.PositiveBigIntegerField(default=1, editable=False)

    objects = PageQuerySet.as_manager()

    class Meta:
        verbose_name = _("page")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(id=MAIN_ID, kind=PageKind.PUBLIC, shows_all=True)
                | (~models.Q(id=MAIN_ID) & ~models.Q(kind=PageKind.PUBLIC)),
                name="one_main_page",
            ),
            models.CheckConstraint(
                condition=models.Q(kind=PageKind.CUSTOMER, address__isnull=False)
                | (~models.Q(kind=PageKind.CUSTOMER) & models.Q(address__isnull=True)),
                name="customer_pages_have_addresses",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_main(self) -> bool:
        return self.id == MAIN_ID

    @property
    def is_customer(self) -> bool:
        return self.kind == PageKind.CUSTOMER

    @property
    def weights(self) -> Weights:
        """How much of the time in a status counts as down on this page."""
        return Weights(
            major_outage=self.major_outage_weight,
            partial_outage=self.partial_outage_weight,
            degraded_performance=self.degraded_performance_weight,
            under_maintenance=self.under_maintenance_weight,
        )

    @property
    def is_live(self) -> bool:
        return self.retired_at is None


class PageComponent(models.Model):
    """A component that was chosen for a page by itself."""

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="chosen_components")
    component = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["page", "component"], name="component_once_a_page")
        ]

    def __str__(self) -> str:
        return f"{self.page_id}: {self.component_id}"


class PageGroup(models.Model):
    """A group of which a page shows every component, also those that come later."""

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="chosen_groups")
    group = models.ForeignKey(ComponentGroup, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["page", "group"], name="group_once_a_page")]

    def __str__(self) -> str:
        return f"{self.page_id}: {self.group_id}"


class PageHostQuerySet(models.QuerySet["PageHost"]):
    def active(self) -> "PageHostQuerySet":
        """Those that are served."""
        return self.filter(is_active=True, page__isnull=False, page__retired_at__isnull=True)


class PageHost(models.Model):
    """A host name of the customer's own for a page (T1-T5), as strict lower-case labels (A-labels).

    It is served while `is_active`: from the moment its DNS records were found until it was released
    or the weekly look has missed them for seven days. `challenge` is the value of its TXT record.
    `findings` is what the last look found, record by record. A released name (`released_at`, or no
    page any more) can be taken by no other page for 30 days (reliability G4).
    """

    page = models.ForeignKey(Page, null=True, on_delete=models.SET_NULL, related_name="hosts")
    name = models.CharField(_("host name"), max_length=253, unique=True)
    challenge = models.CharField(max_length=64)
    is_active = models.BooleanField(default=False)
    is_primary = models.BooleanField(_("links use this name"), default=True)
    created_at = models.DateTimeField()
    verified_at = models.DateTimeField(null=True, default=None)
    checked_at = models.DateTimeField(null=True, default=None)
    failing_since = models.DateTimeField(null=True, default=None)
    released_at = models.DateTimeField(null=True, default=None)
    findings = models.JSONField(default=list, blank=True)
    certificate_until = models.DateTimeField(null=True, default=None)
    # When the proxy was last asked for the certificate: the one asked longest ago comes next.
    certificate_asked_at = models.DateTimeField(null=True, default=None)

    objects = PageHostQuerySet.as_manager()

    class Meta:
        verbose_name = _("custom domain")
        verbose_name_plural = _("custom domains")

    def __str__(self) -> str:
        return self.name
