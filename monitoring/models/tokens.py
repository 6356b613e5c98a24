"""Secrets that programs show us."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from monitoring.models.nodes import Location, Node


class TokenKind(models.TextChoices):
    REPORTER = "reporter", _("Reporter")
    LOCAL = "local", _("Local daemon")
    MANAGER = "manager", _("Manager")
    API = "api", _("Program that changes statuses and events")
    PUSH_URL = "push_url", _("Push URL (Uptime Kuma)")
    PING = "ping", _("Ping URL (cron job)")
    EXTERNAL_ENDPOINT = "external", _("External endpoint (Gatus)")
    ALERTS = "alerts", _("Alertmanager")

    @property
    def is_of_one_node(self) -> bool:
        """Whether it speaks for exactly one node and names no replica itself."""
        return self in {TokenKind.PUSH_URL, TokenKind.PING, TokenKind.EXTERNAL_ENDPOINT}


class Token(models.Model):
    """A secret that a program shows us; only its digest is kept. Write-only for reporters (E1).

    Without a node it counts for the whole page. Two live tokens of the same scope are allowed, so
    that one can be replaced without a gap. `key` is the name an external endpoint is called by.
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
    key = models.CharField(_("key"), max_length=200, blank=True, default="")
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
