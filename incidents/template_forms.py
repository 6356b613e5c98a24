"""The form of a template."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common import console
from components.models import Component
from incidents import texts
from incidents.lifecycle import Impact
from incidents.models.templates import Kind
from incidents.templating import Written


class TemplateForm(console.ConsoleForm):
    kind = forms.ChoiceField(label=_("For"), choices=Kind.choices, widget=forms.RadioSelect)
    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        help_text=_("How the team finds it; visitors never see it."),
        error_messages={"required": _("Write a name.")},
    )
    title = forms.CharField(
        label=_("Title"),
        max_length=texts.TITLE_LIMIT,
        help_text=_("What customers notice, as in “{component} is slow”."),
        error_messages={"required": _("Write a title.")},
    )
    text = forms.CharField(
        label=_("Message"),
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("Markdown works."),
        error_messages={"required": _("Write a message.")},
    )
    impact = forms.ChoiceField(
        label=_("Impact"), help_text=_("Chosen for the author, who can choose another.")
    )
    component_ids = forms.TypedMultipleChoiceField(
        label=_("Components"),
        required=False,
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Ticked for the author where nothing is ticked yet."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["impact"].choices = [(one.value, _(one.label)) for one in Impact]
        names = Component.objects.in_page_order().values_list("id", "name")
        fields["component_ids"].choices = list(names)
        if not names:
            del self.fields["component_ids"]

    @property
    def written(self) -> Written:
        """What a valid form says."""
        fields = self.cleaned_data
        return Written(
            kind=Kind(fields["kind"]),
            name=fields["name"],
            title=fields["title"],
            text=fields["text"],
            impact=Impact(fields["impact"]),
            component_ids=fields.get("component_ids", []),
        )
