"""Incidents, what was said about them, and the components they touch."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from components.models import Component, Page
from components.status import Status
from incidents import public_ids
from incidents.lifecycle import Impact, State

_PAST_STATES = (State.RESOLVED, State.POSTMORTEM)


class IncidentQuerySet(models.QuerySet["Incident"]):
    def public(self) -> "IncidentQuerySet":
        """Those that visitors may see: drafts are on no public surface."""
        return self.filter(published_at__isnull=False)

    def drafts(self) -> "IncidentQuerySet":
        """Those that nobody has published, newest first."""
        return self.filter(published_at__isnull=True).order_by("-created_at", "-id")

    def open(self) -> "IncidentQuerySet":
        """Public ones that are going on, newest first."""
        still = self.public().exclude(state__in=_PAST_STATES)
        return still.order_by("-started_at", "-id")

    def past(self) -> "IncidentQuerySet":
        """Public ones that are over, newest first."""
        return self.public().filter(state__in=_PAST_STATES).order_by("-started_at", "-id")


class Incident(models.Model):
    """Something that goes wrong, as told to visitors. Its timeline are its updates.

    A draft (`published_at` empty) keeps its first message in `draft_text`. `page_revision` is the
    revision of the page at the incident's last change: the publisher's cursor. `dedicated_ids` are
    the components it touches that only some pages chose, also those that are gone (`dedicated`).
    """

    public_id = models.CharField(max_length=12, unique=True, default=public_ids.make)
    title = models.CharField(_("title"), max_length=200)
    state = models.CharField(_("state"), max_length=16, default=State.INVESTIGATING)
    impact = models.CharField(_("impact"), max_length=16, default=Impact.NONE)
    started_at = models.DateTimeField(_("started"))
    resolved_at = models.DateTimeField(_("resolved"), null=True, default=None)
    next_update_by = models.DateTimeField(_("next update by"), null=True, default=None)
    is_retroactive = models.BooleanField(default=False)
    published_at = models.DateTimeField(null=True, default=None)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    page_revision = models.PositiveBigIntegerField(default=0, db_index=True)

    origin = models.CharField(max_length=16, default="operator")  # or "monitor", "api", "import"
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    author_name = models.CharField(max_length=150, blank=True, default="")
    draft_text = models.TextField(blank=True, default="")
    draft_notifies = models.BooleanField(default=True)
    # Of those drafted by monitors, for operators: what was measured, and the text that recovery proposes.
    evidence = models.JSONField(default=list, blank=True)
    proposed_text = models.TextField(blank=True, default="")
    recovered_at = models.DateTimeField(null=True, default=None)
    dedicated_ids = models.JSONField(default=list, blank=True, editable=False)

    objects = IncidentQuerySet.as_manager()

    class Meta:
        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        indexes = [
            models.Index(fields=["-started_at", "-id"], name="incident_by_start"),
            models.Index(
                fields=["state"],
                name="incident_open",
                condition=~models.Q(state__in=[state.value for state in _PAST_STATES]),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return f"/incidents/{self.public_id}"

    @property
    def state_value(self) -> State:
        return State(self.state)

    @property
    def impact_value(self) -> Impact:
        return Impact(self.impact)

    @property
    def is_draft(self) -> bool:
        return self.published_at is None

    @property
    def is_open(self) -> bool:
        return not self.is_draft and self.state_value.is_open


class AffectedComponent(models.Model):
    """A component that an incident touches, and what the incident says of it.

    `is_overridden`: a person chose the status, so a change of impact leaves it (AMB-7). The row
    stays when the incident is over: it was affected.
    """

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="affected")
    component = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="+")
    status = models.CharField(max_length=32, blank=True, default="")  # empty: left as it is
    is_overridden = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["incident", "component"], name="affected_once"),
        ]

    def __str__(self) -> str:
        return f"{self.component_id}: {self.status or 'unchanged'}"

    @property
    def claimed(self) -> Status | None:
        return Status(self.status) if self.status else None


class IncidentUpdate(models.Model):
    """One entry of the timeline. `html` is the text rendered once, safe to show.

    `at` is the time shown; `created_at` when it was written. `notifies`: subscribers are to be
    told of it (their fan-out reads this, incidents know no subscribers). With an `audience` it is
    on that page alone and told to its subscribers alone (reliability B8); it changes no state then.
    """

    public_id = models.CharField(max_length=12, unique=True, default=public_ids.make)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="updates")
    previous_state = models.CharField(max_length=16, blank=True, default="")
    state = models.CharField(max_length=16)
    text = models.TextField(blank=True, default="")
    html = models.TextField(blank=True, default="")
    at = models.DateTimeField()
    created_at = models.DateTimeField()
    next_update_by = models.DateTimeField(null=True, default=None)
    notifies = models.BooleanField(default=False)
    audience = models.ForeignKey(
        Page,
        verbose_name=_("only for"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
    )
    corrected_at = models.DateTimeField(null=True, default=None)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    author_name = models.CharField(max_length=150, blank=True, default="")

    class Meta:
        verbose_name = _("incident update")
        verbose_name_plural = _("incident updates")
        indexes = [models.Index(fields=["incident", "-at", "-id"], name="update_by_time")]

    def __str__(self) -> str:
        return f"{self.state} {self.at:%Y-%m-%d %H:%M}"

    @property
    def state_value(self) -> State:
        return State(self.state)

    @property
    def is_change_of_state(self) -> bool:
        return self.state != self.previous_state


class UpdateComponent(models.Model):
    """What visitors saw of an affected component before and after an update; history, so by name."""

    update = models.ForeignKey(IncidentUpdate, on_delete=models.CASCADE, related_name="components")
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


class WithdrawnEvent(models.Model):
    """What is left of a deleted event: its address answers "withdrawn", without any of its text."""

    public_id = models.CharField(max_length=12, unique=True)
    kind = models.CharField(max_length=16)  # "incident" or "maintenance"
    withdrawn_at = models.DateTimeField()
    page_revision = models.PositiveBigIntegerField(default=0, db_index=True)

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"


def author_fields(author: Any, author_name: str = "") -> dict[str, Any]:
    """The two columns that say who wrote something; the name stays when the account goes."""
    name = author_name or (author.get_full_name() or author.get_username() if author else "")
    return {"author": author, "author_name": name[:150]}


def touched(at: datetime, revision: int) -> dict[str, Any]:
    """The two columns that every visible change of an event sets."""
    return {"changed_at": at, "page_revision": revision}
