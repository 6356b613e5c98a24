"""Change how a page looks: keep uploads, save, undo, reset. The only writer of brands and pictures.

Every function is one transaction; nothing is saved when anything is refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from branding import colours, css_rules, link_rules, naming
from branding.colours import NotAColour
from branding.css_rules import RefusedCss
from branding.encoded import Encoded
from branding.link_rules import Link
from branding.models import STATE, Brand, Picture, Slot, digests_named
from components import catalogue
from components.models import Page

FOOTER_LENGTH = 2000
_KEPT_UNNAMED = timedelta(days=1)

# A picture as `Brand.pictures` has it.
Entry = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What an operator asks for. `pictures` are digests by slot, of pictures that were kept before."""

    colour: str = ""
    pictures: Mapping[str, Sequence[str]]
    header_links: Sequence[Link] = ()
    footer_links: Sequence[Link] = ()
    support: Link | None = None
    footer_text: str = ""
    css: str = ""


def keep(*, pictures: Sequence[Encoded], now: datetime) -> list[str]:
    """Store cleaned pictures and return their digests; for a day, unless a brand names them."""
    return [_put(one, now) for one in pictures]


def keep_style(*, style: str, now: datetime) -> str:
    """Store a style sheet for a preview, and return its digest."""
    return _put(Encoded(kind="css", width=0, height=0, body=style.encode()), now)


def save(*, page: Page, look: Look, now: datetime) -> Brand:
    """Give a page this look.

    Raises:
        ValidationError: by field; nothing is saved then.
    """
    state = checked(look)
    with transaction.atomic():
        Picture.objects.filter(digest__in=digests_named(state["pictures"])).update(put_at=now)
        return _store(page, state, now)


def reset(*, page: Page, now: datetime) -> Brand:
    """Take the look from a page: it has the main page's then, and that one the product's own."""
    return _store(page, EMPTY | {"is_own": False}, now)


def undo(*, page: Page, now: datetime) -> bool:
    """Bring back the look before the last change, which can be undone in turn; whether there was one."""
    row = Brand.objects.filter(page=page).first()
    if row is None or row.before is None:
        return False
    _store(page, EMPTY | row.before, now)
    return True


def sweep(*, now: datetime) -> int:
    """Remove the pictures that no brand names, also not for Undo, a day after they were put here."""
    named: set[str] = set()
    for pictures, before in Brand.objects.values_list("pictures", "before"):
        named |= digests_named(pictures, (before or {}).get("pictures", {}))
    old = Picture.objects.filter(put_at__lt=now - _KEPT_UNNAMED).exclude(digest__in=named)
    removed, _rows = old.delete()
    return removed


def entries(pictures: Mapping[str, Sequence[str]]) -> dict[str, list[Entry]]:
    """Return what is known of pictures by slot; those that are not kept any more are left out."""
    fields = ("digest", "kind", "width", "height")
    digests = {digest for listed in pictures.values() for digest in listed}
    rows = Picture.objects.filter(digest__in=digests).exclude(kind="css")
    known = {row["digest"]: row for row in rows.values(*fields)}
    return {
        slot: [known[digest] for digest in listed if digest in known]
        for slot, listed in pictures.items()
    }


def checked(look: Look) -> dict[str, Any]:
    """Return the values to store of a look, by column.

    Raises:
        ValidationError: by field, with everything that is wrong.
    """
    errors: dict[str, list[str]] = {}
    state = EMPTY | {
        "colour": _colour(look.colour, errors),
        "pictures": _entries(look.pictures, errors),
        "header_links": [{"label": link.label, "url": link.url} for link in look.header_links],
        "footer_links": [{"label": link.label, "url": link.url} for link in look.footer_links],
        "support_label": look.support.label if look.support else "",
        "support_url": look.support.url if look.support else "",
        "footer_text": look.footer_text.strip(),
        "css": _css(look.css, errors),
    }
    if len(state["footer_text"]) > FOOTER_LENGTH:
        errors["footer_text"] = [_("Shorten the text to 2000 characters.")]
    links = (*look.header_links, *look.footer_links, *([look.support] if look.support else []))
    if not all(link_rules.is_url(link.url) for link in links):
        errors["header_links"] = [_("A link leads to https, http or mailto only.")]
    for name in ("footer_text", "css", "support_label"):
        if "\0" in state[name] or any("\ud800" <= letter <= "\udfff" for letter in state[name]):
            errors[name] = [_("The text holds characters that cannot be stored.")]
    if errors:
        raise ValidationError(errors)
    return state


EMPTY: dict[str, Any] = {
    "is_own": True,
    "colour": "",
    "pictures": {},
    "header_links": [],
    "footer_links": [],
    "support_label": "",
    "support_url": "",
    "footer_text": "",
    "css": "",
}


def _colour(text: str, errors: dict[str, list[str]]) -> str:
    if not text.strip():
        return ""
    try:
        return colours.read(text)
    except NotAColour as error:
        errors["colour"] = [_(str(error))]
        return ""


def _css(text: str, errors: dict[str, list[str]]) -> str:
    try:
        css_rules.checked(text)
    except RefusedCss as error:
        errors["css"] = [
            _("Line %(line)d: %(reason)s")
            % {"line": problem.line, "reason": _(problem.sentence) % {"what": problem.what}}
            for problem in error.problems[:10]
        ]
    return text.replace("\r\n", "\n").strip()


def _entries(
    pictures: Mapping[str, Sequence[str]], errors: dict[str, list[str]]
) -> dict[str, list[Entry]]:
    """The pictures of each slot as they are stored; one that is not there any more is an error."""
    found = entries(pictures)
    for slot, digests in pictures.items():
        if digests and (slot not in Slot.values or len(found[slot]) < len(digests)):
            errors[slot] = [_("This picture is not kept any more. Upload it again.")]
    return {slot: listed for slot, listed in found.items() if listed}


def _put(one: Encoded, now: datetime) -> str:
    digest = naming.digest(one.body)
    values = {"kind": one.kind, "width": one.width, "height": one.height, "body": one.body}
    row, is_new = Picture.objects.get_or_create(digest=digest, defaults=values | {"put_at": now})
    if not is_new:
        Picture.objects.filter(pk=row.pk).update(put_at=now)
    return digest


def _store(page: Page, state: Mapping[str, Any], now: datetime) -> Brand:
    with transaction.atomic():
        Page.objects.select_for_update().get(pk=page.pk)  # two first brands at once
        row = Brand.objects.filter(page=page).first()
        before = row.state() if row else EMPTY | {"is_own": False}
        if row is None:
            row = Brand(page=page)
        elif before == state:
            return row
        for name in STATE:
            setattr(row, name, state[name])
        row.before, row.changed_at = before, now
        if row.pk is None:
            row.save(force_insert=True)
        else:
            row.save(update_fields=[*STATE, "before", "changed_at"])
        catalogue.mark_dirty()
    return row
