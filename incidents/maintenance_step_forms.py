"""The forms of what is done to a maintenance: a step or a note, cancel, delete, correct."""

from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common import console
from incidents import texts, windows
from incidents.maintenance import MaintenanceGone
from incidents.maintenance_entries import UpdateGone
from incidents.windows import State, StepNotAllowed

Result = TypeVar("Result")
_REFUSALS = (StepNotAllowed, MaintenanceGone, UpdateGone)
ONE, FOLLOWING = "one", "following"
SCOPES = [
    (ONE, gettext_lazy("this window only")),
    (FOLLOWING, gettext_lazy("this window and all that follow")),
]


class MaintenanceBaseForm(console.ConsoleForm):
    """A form whose operation may also be refused because the maintenance is not what it was."""

    def carry_out(self, operation: Callable[[], Result]) -> Result | None:
        def refused_as_error() -> Result:
            try:
                return operation()
            except _REFUSALS as error:
                raise ValidationError(_(str(error))) from error

        return super().carry_out(refused_as_error)


class MaintenanceUpdateForm(MaintenanceBaseForm):
    """A step or a note; which steps are offered depends on where the maintenance stands."""

    state = forms.ChoiceField(label=gettext_lazy("State"), widget=forms.RadioSelect)
    text = forms.CharField(
        label=gettext_lazy("Message"),
        required=False,
        max_length=texts.TEXT_LIMIT,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=gettext_lazy("A new state may stand without one. Markdown works."),
    )
    notify = forms.BooleanField(
        label=gettext_lazy("Tell subscribers"), required=False, initial=True
    )

    def __init__(self, data: QueryDict | None = None, *, previous: State, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["state"].choices = [
            (one.value, _(one.label)) for one in steps_from(previous, with_cancel=False)
        ]


class CancelForm(MaintenanceBaseForm):
    """Why it does not take place, and whether subscribers are told."""

    scope = forms.ChoiceField(
        label=gettext_lazy("Cancel"), widget=forms.RadioSelect, initial=ONE, choices=SCOPES
    )
    text = forms.CharField(
        label=gettext_lazy("Message"),
        required=False,
        max_length=texts.TEXT_LIMIT,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Why, and what comes instead. Markdown works."),
    )
    notify = forms.BooleanField(
        label=gettext_lazy("Tell subscribers"), required=False, initial=True
    )

    def __init__(self, data: QueryDict | None = None, *, in_series: bool, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        if not in_series:
            del self.fields["scope"]


class RemoveForm(MaintenanceBaseForm):
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


class CorrectForm(MaintenanceBaseForm):
    """Another text for an entry."""

    text = forms.CharField(
        label=gettext_lazy("Message"),
        max_length=texts.TEXT_LIMIT,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=gettext_lazy("The page marks it as corrected. Nobody is told again."),
    )


def steps_from(previous: State, *, with_cancel: bool = True) -> list[State]:
    """The states that may follow, the present one (a note) among them."""
    found = []
    for state in State:
        if state == State.CANCELLED and previous != state and not with_cancel:
            continue
        try:
            windows.check_step(previous, state)
        except StepNotAllowed:
            continue
        found.append(state)
    return found
