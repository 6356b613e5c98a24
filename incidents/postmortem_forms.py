"""The editor of a postmortem: its texts, and the rows of its two lists.

Rows are forms of their own, numbered from 0 in the names of their controls; `entry-rows` and
`action-rows` say how many. A row that is left empty says nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common import console
from incidents import postmortems, promised, texts
from incidents.incident_forms import IncidentForm
from incidents.models import Postmortem
from incidents.postmortems import Action, Entry, Writing

Raw = dict[str, str]


def _text(label: Any, *, help_text: Any = "", rows: int = 5) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        max_length=texts.TEXT_LIMIT,
        widget=forms.Textarea(attrs={"rows": rows}),
        help_text=help_text,
    )


class PostmortemForm(IncidentForm):
    title = forms.CharField(
        label=gettext_lazy("Title"),
        max_length=texts.TITLE_LIMIT,
        error_messages={"required": gettext_lazy("Write a title.")},
    )
    summary = _text(
        gettext_lazy("Summary"),
        help_text=gettext_lazy("One paragraph: what happened, to whom, and that it is over."),
        rows=4,
    )
    impact_description = _text(
        gettext_lazy("Impact"), help_text=gettext_lazy("How many were affected, and for how long.")
    )
    root_cause = _text(
        gettext_lazy("Root cause"), help_text=gettext_lazy("What it was, without blame.")
    )


class RowForm(console.ConsoleForm):
    """One row of a list; a row without anything typed is left out."""

    typed_by_hand: ClassVar[tuple[str, ...]] = ("text",)

    @property
    def is_empty(self) -> bool:
        return not any(str(self[name].value() or "").strip() for name in self.typed_by_hand)


class EntryForm(RowForm):
    typed_by_hand = ("at", "text")

    at = forms.DateTimeField(
        label=gettext_lazy("Time (UTC)"),
        widget=console.LocalDateTime,
        error_messages={"required": gettext_lazy("Say when.")},
    )
    text = forms.CharField(
        label=gettext_lazy("What happened"),
        max_length=postmortems.LINE_LIMIT,
        error_messages={"required": gettext_lazy("Say what happened.")},
    )


class ActionForm(RowForm):
    typed_by_hand = ("text", "owner", "due_on")

    text = forms.CharField(
        label=gettext_lazy("What we change"),
        max_length=postmortems.LINE_LIMIT,
        error_messages={"required": gettext_lazy("Say what is changed.")},
    )
    owner = forms.CharField(label=gettext_lazy("Owner"), max_length=100, required=False)
    due_on = forms.DateField(
        label=gettext_lazy("Due"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    is_done = forms.BooleanField(label=gettext_lazy("Done"), required=False)


class Editor:
    """The form with both lists of rows, as they stand on the screen."""

    def __init__(
        self, form: PostmortemForm, entries: Sequence[EntryForm], actions: Sequence[ActionForm]
    ) -> None:
        self.form, self.entries, self.actions = form, entries, actions

    @classmethod
    def of(cls, writing: Writing) -> "Editor":
        """The editor filled with what was written."""
        entries = [
            {"at": promised.as_typed(entry.at), "text": entry.text} for entry in writing.entries
        ]
        actions = [
            {
                "text": action.text,
                "owner": action.owner,
                "due_on": action.due_on.isoformat() if action.due_on else "",
                "is_done": action.is_done,
            }
            for action in writing.actions
        ]
        initial = {name: getattr(writing, name) for name in PostmortemForm.base_fields}
        return cls(
            PostmortemForm(initial=initial), _rows(EntryForm, entries), _rows(ActionForm, actions)
        )

    @classmethod
    def typed(cls, data: QueryDict, *, entries: list[Raw], actions: list[Raw]) -> "Editor":
        """The editor with what was typed and these rows, without a word about what is wrong."""
        initial = {name: data.get(name, "") for name in PostmortemForm.base_fields}
        return cls(
            PostmortemForm(initial=initial), _rows(EntryForm, entries), _rows(ActionForm, actions)
        )

    @classmethod
    def posted(cls, data: QueryDict) -> "Editor":
        """The editor bound to what was posted, to be saved."""
        return cls(
            PostmortemForm(data),
            [EntryForm(data, prefix=f"entry-{n}") for n in range(_count(data, "entry"))],
            [ActionForm(data, prefix=f"action-{n}") for n in range(_count(data, "action"))],
        )

    @property
    def filled(self) -> list[RowForm]:
        return [row for row in (*self.entries, *self.actions) if not row.is_empty]

    def is_valid(self) -> bool:
        """Whether it can be saved; a wrong row shows what is wrong with it."""
        are_right = [row.is_valid() for row in self.filled]
        if not all(are_right):
            self.form.add_error(None, _("Some lines below are not complete."))
        return self.form.is_valid() and all(are_right)

    @property
    def writing(self) -> Writing:
        """What a valid editor says."""
        entries = [row.cleaned_data for row in self.entries if not row.is_empty]
        actions = [row.cleaned_data for row in self.actions if not row.is_empty]
        return Writing(
            **self.form.cleaned_data,
            entries=[Entry(**values) for values in entries],
            actions=[Action(**values) for values in actions],
        )


def raw_rows(data: QueryDict, kind: type[RowForm], name: str) -> list[Raw]:
    """The rows of a list as they were typed."""
    return [
        {field: data.get(f"{name}-{number}-{field}", "") for field in kind.base_fields}
        for number in range(_count(data, name))
    ]


def written(row: Postmortem) -> Writing:
    """A stored postmortem as the editor takes it."""
    return Writing(
        title=row.title,
        summary=row.summary,
        impact_description=row.impact_description,
        root_cause=row.root_cause,
        entries=[Entry(at=entry.at, text=entry.text) for entry in row.entries.order_by("at", "id")],
        actions=[
            Action(
                text=action.text, owner=action.owner, due_on=action.due_on, is_done=action.is_done
            )
            for action in row.actions.order_by("position", "id")
        ],
    )


def _rows(kind: Any, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
    name = "entry" if kind is EntryForm else "action"
    return [kind(initial=row, prefix=f"{name}-{number}") for number, row in enumerate(rows)]


def _count(data: QueryDict, name: str) -> int:
    text = data.get(f"{name}-rows", "0")
    number = int(text) if text.isdecimal() and len(text) < 6 else 0
    return min(number, postmortems.ROWS_AT_MOST + 1)
