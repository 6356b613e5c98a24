"""Links that sign somebody in, who is signed in, and the addresses that their programs read."""

from datetime import datetime, timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from components.models import Page

SESSION_LIVES = timedelta(days=30)
_MAILBOX_MAX = 320
_DIGEST_MAX = 64


class SignInQuerySet(models.QuerySet["SignIn"]):
    def unanswered(self) -> "SignInQuerySet":
        """Those that no worker has looked at yet, oldest first."""
        return self.filter(answered_at__isnull=True).order_by("id")


class SignIn(models.Model):
    """Somebody asked for a link to a customer page: the same row whoever it was (reliability A4).

    A worker decides whether the mailbox may have one; only then is there a `token_digest`, and a
    `code_digest` for the tab that asked, which `browser_digest` knows again. The link and the code
    work once each: a mail scanner that used the link up leaves the code (C1).
    """

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="sign_ins")
    mailbox = models.CharField(max_length=_MAILBOX_MAX)
    browser_digest = models.CharField(max_length=_DIGEST_MAX)
    host = models.CharField(max_length=253)  # where it was asked
    target = models.CharField(max_length=200, blank=True, default="")  # what was asked for first
    language = models.CharField(max_length=16, blank=True, default="")
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, default=None)
    token_digest = models.CharField(max_length=_DIGEST_MAX, null=True, unique=True, default=None)  # noqa: DJ001 - unique
    code_digest = models.CharField(max_length=_DIGEST_MAX, blank=True, default="")
    attempts = models.PositiveSmallIntegerField(default=0)
    link_used_at = models.DateTimeField(null=True, default=None)
    code_used_at = models.DateTimeField(null=True, default=None)

    objects = SignInQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["page", "browser_digest"], name="sign_in_by_browser"),
            models.Index(fields=["expires_at"], name="sign_in_by_end"),
            models.Index(
                fields=["id"],
                name="sign_in_unanswered",
                condition=models.Q(answered_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"


class SessionQuerySet(models.QuerySet["CustomerSession"]):
    def open(self, *, now: datetime) -> "SessionQuerySet":
        """Those that have neither ended nor been ended."""
        return self.filter(revoked_at__isnull=True, created_at__gt=now - SESSION_LIVES)


class CustomerSession(models.Model):
    """Somebody signed in to one page, in one browser, under one host name (reliability B2).

    Whether they may still see it is asked anew at every request, and not kept here.
    """

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="sessions")
    mailbox = models.CharField(_("signed in as"), max_length=_MAILBOX_MAX)
    host = models.CharField(max_length=253)
    key_digest = models.CharField(max_length=_DIGEST_MAX, unique=True)
    created_at = models.DateTimeField(_("signed in"))
    seen_at = models.DateTimeField(_("last seen"))
    revoked_at = models.DateTimeField(_("ended"), null=True, default=None)

    objects = SessionQuerySet.as_manager()

    class Meta:
        verbose_name = _("signed-in session")
        verbose_name_plural = _("signed-in sessions")
        indexes = [models.Index(fields=["page", "-seen_at"], name="sessions_of_a_page")]

    def __str__(self) -> str:
        return self.mailbox


class Reader(models.TextChoices):
    """What a program may read by an address of its own (reliability B5)."""

    FEED = "feed", _("Feed")
    CALENDAR = "calendar", _("Calendar")
    JSON = "json", _("Status as JSON")
    BADGE = "badge", _("Badge")


class ReaderToken(models.Model):
    """An address that lets one program of one person read one thing of one page, until it is ended."""

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="reader_tokens")
    mailbox = models.CharField(max_length=_MAILBOX_MAX)
    reads = models.CharField(_("reads"), max_length=16, choices=Reader)
    digest = models.CharField(max_length=_DIGEST_MAX, unique=True)
    created_at = models.DateTimeField(_("made"))
    used_at = models.DateTimeField(_("last read"), null=True, default=None)
    revoked_at = models.DateTimeField(_("ended"), null=True, default=None)

    class Meta:
        verbose_name = _("address for programs")
        verbose_name_plural = _("addresses for programs")
        indexes = [models.Index(fields=["page", "mailbox"], name="reader_tokens_of_a_person")]

    def __str__(self) -> str:
        return f"{self.mailbox}: {self.reads}"
