"""Types with attributes, their entries, and which pages are made from them."""

from typing import Any

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.values import Field, Kind
from components.models import Page, PageKind

NAME_MAX, KEY_MAX = 100, 60
# What an entry has of itself, so that no attribute can be called so.
NAME, KEY = "name", "key"

_KEY_RULE = RegexValidator(
    r"^[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?$",
    _("Use small letters, digits, hyphens and underscores, as in acme-corp."),
)


class TypeQuerySet(models.QuerySet["CatalogType"]):
    def present(self) -> "TypeQuerySet":
        """Those that were not removed."""
        return self.filter(removed_at__isnull=True)


class CatalogType(models.Model):
    """A kind of thing, such as Customer or Region. Removed, it can be brought back for 30 days."""

    name = models.CharField(_("name"), max_length=NAME_MAX)
    slug = models.CharField(_("key"), max_length=KEY_MAX, validators=[_KEY_RULE])
    created_at = models.DateTimeField(editable=False)
    removed_at = models.DateTimeField(null=True, default=None, editable=False)

    objects = TypeQuerySet.as_manager()

    class Meta:
        verbose_name = _("catalog type")
        verbose_name_plural = _("catalog types")
        constraints = [
            models.UniqueConstraint(
                fields=["slug"],
                condition=models.Q(removed_at__isnull=True),
                name="one_type_a_key",
                violation_error_message=_("There is a type with this key already."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class Attribute(models.Model):
    """Something that every entry of a type may have. `key` never changes: values are kept by it."""

    type = models.ForeignKey(CatalogType, on_delete=models.CASCADE, related_name="attributes")
    name = models.CharField(_("name"), max_length=NAME_MAX)
    key = models.CharField(_("key"), max_length=KEY_MAX, validators=[_KEY_RULE])
    kind = models.CharField(_("kind"), max_length=16)
    target = models.ForeignKey(
        CatalogType,
        verbose_name=_("refers to"),
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="referring",
    )
    is_required = models.BooleanField(_("required"), default=False)
    position = models.PositiveIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("attribute")
        verbose_name_plural = _("attributes")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["type", "key"], name="one_attribute_a_key"),
            models.CheckConstraint(
                condition=(
                    models.Q(kind__in=["reference", "references"], target__isnull=False)
                    | (
                        ~models.Q(kind__in=["reference", "references"])
                        & models.Q(target__isnull=True)
                    )
                ),
                name="references_have_a_target",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def rule(self) -> Field:
        """The attribute as the rules need it."""
        return Field(
            key=self.key,
            kind=Kind(self.kind),
            is_required=self.is_required,
            target=self.target_id,
        )


class EntryQuerySet(models.QuerySet["Entry"]):
    def present(self) -> "EntryQuerySet":
        """Those that were not removed."""
        return self.filter(removed_at__isnull=True)


class Entry(models.Model):
    """One thing of a type, such as a customer. `values` holds what it has, by the attribute's key.

    Removed, it can be brought back for 30 days, with the pages that were made from it.
    """

    type = models.ForeignKey(CatalogType, on_delete=models.CASCADE, related_name="entries")
    name = models.CharField(_("name"), max_length=NAME_MAX)
    key = models.CharField(
        _("key"),
        max_length=KEY_MAX,
        validators=[_KEY_RULE],
        help_text=_("Files know the entry by it, so that it can be renamed."),
    )
    values: "models.JSONField[dict[str, Any]]" = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(editable=False)
    removed_at = models.DateTimeField(null=True, default=None, editable=False)

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("catalog entry")
        verbose_name_plural = _("catalog entries")
        constraints = [
            models.UniqueConstraint(
                fields=["type", "key"],
                condition=models.Q(removed_at__isnull=True),
                name="one_entry_a_key",
                violation_error_message=_("There is an entry with this key already."),
            )
        ]
        indexes = [models.Index(fields=["type", "name"], name="entries_by_name")]

    def __str__(self) -> str:
        return self.name


class PageSource(models.Model):
    """A page of this kind is made for every entry of a type; the attributes say what is on it.

    Without `title` a page is called as its entry. Ended, its pages are retired.
    """

    type = models.ForeignKey(CatalogType, on_delete=models.CASCADE, related_name="sources")
    kind = models.CharField(
        _("kind"),
        max_length=16,
        choices=[(one.value, one.label) for one in (PageKind.SUB, PageKind.CUSTOMER)],
    )
    title = models.ForeignKey(
        Attribute, null=True, blank=True, on_delete=models.RESTRICT, related_name="+"
    )
    components = models.ForeignKey(
        Attribute, null=True, blank=True, on_delete=models.RESTRICT, related_name="+"
    )
    domains = models.ForeignKey(
        Attribute, null=True, blank=True, on_delete=models.RESTRICT, related_name="+"
    )
    time_zone = models.ForeignKey(
        Attribute, null=True, blank=True, on_delete=models.RESTRICT, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, default=None, editable=False)

    class Meta:
        verbose_name = _("pages from a type")
        verbose_name_plural = _("pages from types")
        constraints = [
            models.UniqueConstraint(fields=["type", "kind"], name="one_source_a_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.type}: {self.kind}"

    @property
    def is_on(self) -> bool:
        return self.ended_at is None


class EntryPage(models.Model):
    """The page that was made from an entry."""

    source = models.ForeignKey(PageSource, on_delete=models.CASCADE, related_name="made")
    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="made")
    page = models.OneToOneField(Page, on_delete=models.CASCADE, related_name="made_from")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "entry"], name="one_page_an_entry"),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id}: {self.page_id}"


class DomainException(models.Model):
    """A domain that no list may hold, at which an Owner allowed single addresses for one entry (B7)."""

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="exceptions")
    domain = models.CharField(_("domain"), max_length=253)
    allowed_by = models.CharField(_("allowed by"), max_length=150)
    allowed_at = models.DateTimeField(editable=False)

    class Meta:
        verbose_name = _("exception for a domain")
        verbose_name_plural = _("exceptions for domains")
        constraints = [
            models.UniqueConstraint(fields=["entry", "domain"], name="one_exception_a_domain"),
        ]

    def __str__(self) -> str:
        return self.domain
