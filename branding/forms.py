"""The form of the branding screen: text, links, and a file for each slot."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from branding import link_rules, uploads
from branding.changing import Look
from branding.encoded import Encoded
from branding.link_rules import Link, NotALink
from branding.models import Brand, Slot
from branding.unusable import UnusablePicture
from common.console import ConsoleForm

_DIGEST = re.compile(r"[0-9a-f]{64}")
_FILE_TYPES = ".svg,.png,.jpg,.jpeg,.webp"


class LinksField(forms.CharField):
    """Links, a line each: "Website | https://acme.example"."""

    widget = forms.Textarea(attrs={"rows": 3, "spellcheck": "false"})

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        try:
            return link_rules.listed(text)
        except NotALink as error:
            raise forms.ValidationError(
                _("Line %(line)d: %(reason)s") % {"line": error.line, "reason": _(error.sentence)}
            ) from error


class BrandForm(ConsoleForm):
    """What an operator says of the look. `fresh` are the cleaned uploads by slot, once it was asked."""

    colour = forms.CharField(
        label=gettext_lazy("Brand colour"),
        max_length=20,
        required=False,
        help_text=gettext_lazy(
            "As #3a4bc9. Links, buttons and the focus ring take shades of it that can be read on light"
            " and on dark pages. Empty: the product's own. Colours of states never change."
        ),
    )
    header_links = LinksField(
        label=gettext_lazy("Links in the header"),
        max_length=5000,
        required=False,
        help_text=gettext_lazy("One a line: Website | https://acme.example"),
    )
    footer_links = LinksField(
        label=gettext_lazy("Links in the footer"), max_length=5000, required=False
    )
    support = LinksField(
        label=gettext_lazy("Support link"),
        max_length=1000,
        required=False,
        widget=forms.TextInput(attrs={"spellcheck": "false"}),
        help_text=gettext_lazy("Contact support | mailto:help@acme.example"),
    )
    footer_text = forms.CharField(
        label=gettext_lazy("Text in the footer"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Paragraphs, lists, emphasis and links, written in Markdown."),
    )
    css = forms.CharField(
        label=gettext_lazy("Custom CSS"),
        max_length=8000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false", "class": "code"}),
        help_text=gettext_lazy(
            "A checked part of CSS: type, borders, distances and colours of the frame. Nothing that"
            " loads, hides or moves anything."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fresh: dict[str, list[Encoded]] = {}
        for slot in Slot:
            self.fields[slot.value] = forms.FileField(
                label=slot.label,
                required=False,
                allow_empty_file=True,
                widget=forms.FileInput(attrs={"accept": _FILE_TYPES}),
            )
            self.fields[f"{slot.value}_kept"] = forms.CharField(required=False, max_length=600)
            self.fields[f"{slot.value}_removed"] = forms.BooleanField(
                label=gettext_lazy("Remove"), required=False
            )

    def clean_support(self) -> Link | None:
        links: list[Link] = self.cleaned_data["support"]
        if len(links) > 1:
            raise forms.ValidationError(_("Write one link."))
        return links[0] if links else None

    def clean(self) -> dict[str, Any]:
        for slot in Slot.values:
            file = self.cleaned_data.get(slot)
            if isinstance(file, UploadedFile):
                try:
                    self.fresh[slot] = uploads.cleaned(slot, file.read())
                except UnusablePicture as error:
                    self.add_error(slot, _(error.sentence) % error.values)
        return self.cleaned_data

    def held(self, fresh: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
        """The digests of each slot: uploaded now, or held from before, also where a tick removes them."""
        held = {}
        for slot in Slot.values:
            before = _DIGEST.findall(self.data.get(f"{slot}_kept", ""))
            held[slot] = list(fresh.get(slot, ())) or before[:8]
        return held

    def wanted(self, held: Mapping[str, list[str]]) -> dict[str, list[str]]:
        """The digests of each slot that are to be shown; a new upload is, whatever is ticked."""
        return {
            slot: [] if self.data.get(f"{slot}_removed") and slot not in self.fresh else digests
            for slot, digests in held.items()
        }

    def look(self, pictures: Mapping[str, Sequence[str]]) -> Look:
        """What is asked for; what could not be read is left as nothing."""
        said = self.cleaned_data.get
        return Look(
            colour=said("colour") or "",
            pictures=pictures,
            header_links=said("header_links") or (),
            footer_links=said("footer_links") or (),
            support=said("support") or None,
            footer_text=said("footer_text") or "",
            css=said("css") or "",
        )


def initial(row: Brand | None) -> dict[str, Any]:
    """What the form shows of a brand before anything is typed."""
    if row is None:
        return {}
    support = [Link(row.support_label, row.support_url)] if row.support_url else []
    return {
        "colour": row.colour,
        "header_links": link_rules.written([Link(**one) for one in row.header_links]),
        "footer_links": link_rules.written([Link(**one) for one in row.footer_links]),
        "support": link_rules.written(support),
        "footer_text": row.footer_text,
        "css": row.css,
    }
