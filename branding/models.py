"""The brand of a page, and the uploaded pictures by what is in them."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from components.models import Page


class Slot(models.TextChoices):
    """Where a picture of a brand is shown."""

    LOGO = "logo", _("Header logo")
    LOGO_DARK = "logo_dark", _("Header logo on dark pages")
    FOOTER_LOGO = "footer_logo", _("Footer logo")
    FOOTER_LOGO_DARK = "footer_logo_dark", _("Footer logo on dark pages")
    FAVICON = "favicon", _("Icon of the browser tab")
    PATTERN = "pattern", _("Header pattern")
    BACKGROUND = "background", _("Header background")


class Picture(models.Model):
    """The bytes of a cleaned upload, or of a style sheet that a preview links to.

    Named by what is in it, so that it can be cached for ever and is stored once. It lies in the
    database so that every web host can write it into its published folder; one that no brand names
    is removed a day after it was last put here (`changing.sweep`).
    """

    digest = models.CharField(max_length=64, unique=True)  # `naming.digest`
    kind = models.CharField(max_length=8)  # svg, png, webp; css for previews
    width = models.PositiveIntegerField(default=0)  # px; 0 for what scales by itself
    height = models.PositiveIntegerField(default=0)
    body = models.BinaryField()
    put_at = models.DateTimeField()

    class Meta:
        verbose_name = _("picture")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=("svg", "png", "webp", "css")), name="picture_kinds"
            )
        ]

    def __str__(self) -> str:
        return f"{self.digest}.{self.kind}"


class Brand(models.Model):
    """How a page looks. A page without a brand of its own (`is_own`) looks like the main page.

    One record for page, mails and widget (AMB-1). `colour` is as it was given, empty for the
    product's; what is shown is made of it (`colours.shades`). `pictures` names the pictures by slot,
    several where a slot has widths to choose from: {"logo": [{"digest", "kind", "width", "height"}]}.
    `before` is all of this as it was before the last change, for Undo.
    """

    page = models.OneToOneField(Page, on_delete=models.CASCADE, related_name="brand")
    is_own = models.BooleanField(default=True)
    colour = models.CharField(_("brand colour"), max_length=7, blank=True, default="")
    pictures = models.JSONField(default=dict, blank=True)
    header_links = models.JSONField(default=list, blank=True)  # [{"label", "url"}]
    footer_links = models.JSONField(default=list, blank=True)
    support_label = models.CharField(_("support link"), max_length=60, blank=True, default="")
    support_url = models.CharField(max_length=500, blank=True, default="")
    footer_text = models.TextField(_("footer text"), blank=True, default="")
    css = models.TextField(_("custom CSS"), blank=True, default="")
    before = models.JSONField(null=True, default=None, blank=True)
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("brand")

    def __str__(self) -> str:
        return str(self.page)

    def state(self) -> dict[str, Any]:
        """Everything about the look, as stored values by the name of the column."""
        return {name: getattr(self, name) for name in STATE}


def digests_named(*states: Mapping[str, Sequence[Mapping[str, Any]]]) -> set[str]:
    """The digests that some values of `Brand.pictures` name."""
    return {
        entry["digest"] for pictures in states for listed in pictures.values() for entry in listed
    }


STATE = (
    "is_own",
    "colour",
    "pictures",
    "header_links",
    "footer_links",
    "support_label",
    "support_url",
    "footer_text",
    "css",
)
