"""The forms of incidents: report, update, record a past one, revise, correct, delete.

What the three composers share, the table of components and the promised time, is in
`ComposerForm`. Each is made with the rows it offers, and keeps what was typed when it is refused.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common import console
from components.models import Component, Page
from components.status import Status
from incidents import lifecycle, promised, texts
from incidents.holding import IncidentGone
from incidents.lifecycle import CHOSEN_BY_HAND, DECLARABLE, Impact, State, TransitionNotAllowed
from incidents.postmortems import NoPostmortem
from incidents.publishing import Report
from incidents.reading import NO_PROBE, Measured
from incidents.timeline import UpdateGone

Result = TypeVar("Result")
Chosen = Mapping[int, Status | None]

_REFUSALS = (TransitionNotAllowed, IncidentGone, UpdateGone, NoPostmortem)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentRow:
    """One line of the table of affected components. `becomes` is empty when it follows the impact."""

    id: int
    name: str
    group: str
    is_visible: bool
    measured: Measured
    is_ticked: bool
    becomes: str


class IncidentForm(console.ConsoleForm):
    """A form whose operation may also be refused because the incident is not what it was."""

    def carry_out(self, operation: Callable[[], Result]) -> Result | None:
        def refused_as_error() -> Result:
            try:
                return operation()
            except _REFUSALS as error:
                raise ValidationError(_(str(error))) from error

        return super().carry_out(refused_as_error)


class Steps(forms.RadioSelect):
    """A few choices side by side, drawn with `admin/_incident_steps.html`."""


class ComposerForm(IncidentForm):
    """State, impact, components, message and promise: what a report and an update have in common."""

    states: Sequence[State] = CHOSEN_BY_HAND

    state = forms.ChoiceField(
        label=gettext_lazy("State"),
        widget=Steps,
        error_messages={"required": gettext_lazy("Choose a state.")},
    )
    impact = forms.ChoiceField(
        label=gettext_lazy("Impact"),
        widget=Steps,
        error_messages={"required": gettext_lazy("Choose an impact.")},
    )
    text = forms.CharField(
        label=gettext_lazy("Message"),
        required=False,
        max_length=texts.TEXT_LIMIT,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=gettext_lazy(
            "Say what is affected, what still works and what to do meanwhile. The promised time is "
            "added for you. Markdown works."
        ),
    )
    next_update_by = forms.DateTimeField(
        label=gettext_lazy("Next update promised by"), required=False, widget=forms.Select
    )
    notify = forms.BooleanField(label=gettext_lazy("Tell subscribers"), required=False)

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        now: datetime,
        components: Sequence[Component],
        measured: Mapping[int, Measured],
        chosen: Chosen | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data, **kwargs)
        self._components, self._measured = components, measured
        if data is None:
            self.tick(chosen or {})
        else:
            self._ticked = set(data.getlist("components"))
            self._becomes = {
                name.removeprefix("becomes-"): data.get(name, "")
                for name in data
                if name.startswith("becomes-")
            }
        fields: dict[str, Any] = self.fields
        fields["state"].choices = [(one.value, _(one.label)) for one in self.states]
        fields["impact"].choices = [(one.value, _(one.label)) for one in Impact]
        fields["next_update_by"].widget.choices = promised.times(
            self["next_update_by"].value(), now
        )

    @classmethod
    def left_as_typed(
        cls,
        data: QueryDict,
        *,
        replaced: Mapping[str, str] | None = None,
        ticked: Chosen | None = None,
        **kwargs: Any,
    ) -> Self:
        """The form with what was typed, complete or not, and without a word about what is wrong.

        `replaced` are fields that somebody else filled, `ticked` the components instead of those.
        """
        typed = {name: data.get(name, "") for name in cls.base_fields}
        form = cls(data, initial=typed | dict(replaced or {}), **kwargs)
        form.is_bound = False
        if ticked is not None:
            form.tick(ticked)
        return form

    def tick(self, chosen: Chosen) -> None:
        """Choose these components, and no others."""
        self._ticked = {str(component_id) for component_id in chosen}
        self._becomes = {str(key): value or "" for key, value in chosen.items()}

    def clean(self) -> dict[str, Any]:
        offered = {status.value for status in DECLARABLE} | {""}
        if any(self._becomes.get(one, "") not in offered for one in self._ticked):
            raise ValidationError(_("One of the chosen statuses is not offered. Choose again."))
        return self.cleaned_data

    @property
    def rows(self) -> list[ComponentRow]:
        return [
            ComponentRow(
                id=component.pk,
                name=component.name,
                group=component.group.name if component.group else "",
                is_visible=component.is_visible,
                measured=self._measured.get(component.pk, NO_PROBE),
                is_ticked=str(component.pk) in self._ticked,
                becomes=self._becomes.get(str(component.pk), ""),
            )
            for component in self._components
        ]

    @property
    def offered(self) -> list[tuple[str, str]]:
        """What a component can be said to become."""
        return [("", _("Follow the impact")), *((one.value, _(one.label)) for one in DECLARABLE)]

    @property
    def impacts(self) -> list[tuple[str, str, str]]:
        """Each impact with its meaning and what it makes of components."""
        return [
            (
                _(one.label),
                _(one.meaning),
                _(status.label) if (status := lifecycle.claimed_status(one)) else _("unchanged"),
            )
            for one in Impact
        ]

    @property
    def chosen(self) -> Chosen:
        """The ticked components that exist, with the status chosen for each."""
        offered = {status.value for status in DECLARABLE}
        found: dict[int, Status | None] = {}
        for row in self.rows:
            if row.is_ticked:
                found[row.id] = Status(row.becomes) if row.becomes in offered else None
        return found

    @property
    def picked_state(self) -> State:
        """The state that is chosen so far; the first one before anything is."""
        value = self["state"].value()
        return State(value) if value in set(State) else self.states[0]

    @property
    def picked_impact(self) -> Impact:
        value = self["impact"].value()
        return Impact(value) if value in set(Impact) else Impact.NONE

    def time(self, name: str) -> datetime | None:
        """A time as it was typed so far; None when it is none."""
        try:
            at: datetime | None = forms.DateTimeField(required=False).clean(self[name].value())
        except ValidationError:
            return None
        return at


class ReportForm(ComposerForm):
    """A new incident, or the draft of one; a draft may leave open what the page needs."""

    states = tuple(state for state in CHOSEN_BY_HAND if state.is_open)

    title = forms.CharField(
        label=gettext_lazy("Title"),
        max_length=texts.TITLE_LIMIT,
        help_text=gettext_lazy("What customers notice, not the cause."),
        error_messages={"required": gettext_lazy("Write a title.")},
    )
    draft = forms.CharField(widget=forms.HiddenInput, required=False)
    started_at = forms.DateTimeField(
        label=gettext_lazy("Started at (UTC)"),
        required=False,
        widget=console.LocalDateTime,
        help_text=gettext_lazy("Empty: when you publish."),
    )

    def __init__(self, *args: Any, is_draft: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("title", "state", "impact"):
            self.fields[name].required = not is_draft

    @property
    def report(self) -> Report:
        """What a valid form says."""
        return Report(
            title=self.cleaned_data["title"],
            text=self.cleaned_data["text"],
            state=State(self.cleaned_data["state"] or State.INVESTIGATING),
            impact=Impact(self.cleaned_data["impact"] or Impact.NONE),
            components=self.chosen,
            started_at=self.cleaned_data["started_at"],
            next_update_by=self.cleaned_data["next_update_by"],
        )


class UpdateForm(ComposerForm):
    """The next update of a public incident. `seen` is the newest one its author knows."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)
    audience = forms.ChoiceField(
        label=gettext_lazy("Only for"),
        required=False,
        help_text=gettext_lazy(
            "For one page: said there and to its subscribers alone. State, impact, services and the "
            "promised time stay as they are."
        ),
    )
    is_sure = forms.BooleanField(
        label=gettext_lazy("Resolve it although probes disagree"), required=False
    )

    def __init__(self, *args: Any, pages: Sequence[Page], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].required = True
        self.fields["text"].error_messages["required"] = _("Write a message.")
        self.fields["text"].widget.is_required = False
        self._pages = {str(page.pk): page for page in pages}
        names = [(key, page.name) for key, page in self._pages.items()]
        fields: dict[str, Any] = self.fields
        fields["audience"].choices = [("", _("Everybody")), *names]
        if len(names) < 2:  # everybody is who sees the one page
            del self.fields["audience"]

    @property
    def picked_audience(self) -> Page | None:
        """The page that is chosen so far; None is everybody."""
        if "audience" not in self.fields:
            return None
        return self._pages.get(str(self["audience"].value() or ""))


class PastForm(ComposerForm):
    """An incident that is over: when it was, and what it touched meanwhile."""

    states = (State.RESOLVED,)

    title = ReportForm.base_fields["title"]
    started_at = forms.DateTimeField(
        label=gettext_lazy("Started at (UTC)"),
        widget=console.LocalDateTime,
        error_messages={"required": gettext_lazy("Say when it started.")},
    )
    resolved_at = forms.DateTimeField(
        label=gettext_lazy("Ended at (UTC)"),
        widget=console.LocalDateTime,
        error_messages={"required": gettext_lazy("Say when it ended.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["state"], self.fields["next_update_by"]
        self.fields["text"].required = True
        self.fields["text"].error_messages["required"] = _("Write what happened.")
        self.fields["text"].help_text = _("What happened, and what was done. Markdown works.")
        self.fields["notify"].help_text = _("Off by default: it is over.")

    @property
    def picked_state(self) -> State:
        return State.RESOLVED

    @property
    def report(self) -> Report:
        """What a valid form says, but for the end."""
        return Report(
            title=self.cleaned_data["title"],
            text=self.cleaned_data["text"],
            state=State.RESOLVED,
            impact=Impact(self.cleaned_data["impact"]),
            components=self.chosen,
            started_at=self.cleaned_data["started_at"],
        )


class ReviseForm(IncidentForm):
    title = ReportForm.base_fields["title"]
    started_at = PastForm.base_fields["started_at"]


class CorrectForm(IncidentForm):
    text = forms.CharField(
        label=gettext_lazy("Message"),
        max_length=texts.TEXT_LIMIT,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=gettext_lazy(
            "The page marks the update as corrected. Nobody is notified again. The old text stays "
            "in the audit log."
        ),
        error_messages={"required": gettext_lazy("Write a message.")},
    )


class DeleteForm(IncidentForm):
    """Asks for the title, or the word DELETE, before something is lost for good."""

    typed = forms.CharField(
        label=gettext_lazy("Type the title, or DELETE"),
        max_length=texts.TITLE_LIMIT,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, title: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._accepted = {"DELETE", title}

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"].strip()
        if typed not in self._accepted:
            raise ValidationError(_("This is neither the title nor the word DELETE."))
        return typed


def preselected(
    *, components: Collection[Component], measured: Mapping[int, Measured]
) -> tuple[Chosen, Impact | None, datetime | None]:
    """What a new report starts with: the sick components, the impact that fits, and since when."""
    sick = {
        component.pk: found
        for component in components
        if (found := measured.get(component.pk)) and found.is_bad
    }
    if not sick:
        return {}, None, None
    impact = lifecycle.impact_of(one.status for one in sick.values() if one.status)
    usual = lifecycle.claimed_status(impact)
    chosen = {key: None if one.status == usual else one.status for key, one in sick.items()}
    return chosen, impact, min(one.since for one in sick.values() if one.since)
