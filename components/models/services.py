"""Groups and components: what the catalogue holds, once, whatever pages show it."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from common import public_ids
from components.status import Status


class ComponentGroup(models.Model):
    """A heading with components under it."""

    public_id = models.CharField(
        max_length=12, unique=True, default=public_ids.make, editable=False
    )
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

    def general(self) -> "ComponentQuerySet":
        """The visible ones that a page of every service shows."""
        return self.visible().filter(only_where_chosen=False)


class Component(models.Model):
    """A service that visitors know by name. Its status is the worst of the claims about it.

    `public_id` is what programs that speak Statuspage's language know it by (interop 1.2).
    """

    public_id = models.CharField(
        max_length=12, unique=True, default=public_ids.make, editable=False
    )
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
    only_where_chosen = models.BooleanField(
        _("only on pages that choose it"),
        default=False,
        help_text=_(
            "The main page does not show it, nor what happens to it: for what belongs to some "
            "customers alone."
        ),
    )
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
