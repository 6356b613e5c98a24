"""Announcements: publish, change and retract what operators say at the top of the page (H1-H3).

Nothing here touches a component, a status or a subscriber. An announcement that starts or ends by
its own times is seen by every publisher without anybody's help (public_pages.publishing).
"""

from collections.abc import Collection
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from components import catalogue
from components.models import Page
from components.models.pages import MAIN_ID
from incidents.models import Announcement
from incidents.models.announcements import SHOWN_AT_ONCE

TEXT_LIMIT = 5000


def publish(
    *,
    title: str,
    text: str,
    now: datetime,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    pages: Collection[Page] = (),
) -> Announcement:
    """Put an announcement on pages, from `starts_at` (default: at once) until `ends_at`.

    On every page, or on these `pages` only.
    Raises ValidationError by field; nothing is saved then.
    """
    row = Announcement(created_at=now)
    with transaction.atomic():
        _save(row, title=title, text=text, starts_at=starts_at or now, ends_at=ends_at, now=now)
        _choose_pages(row, pages)
    return row


def change(
    *,
    announcement: Announcement,
    title: str,
    text: str,
    starts_at: datetime | None,
    ends_at: datetime | None,
    now: datetime,
    pages: Collection[Page] | None = None,
) -> Announcement:
    """Change what an announcement says, when and where; without `starts_at` it keeps the one it has.

    `pages` None keeps them, none at all means every page.
    Raises ValidationError by field; nothing is saved then.
    """
    starts_at = starts_at or announcement.starts_at
    with transaction.atomic():
        _save(announcement, title=title, text=text, starts_at=starts_at, ends_at=ends_at, now=now)
        if pages is not None:
            _choose_pages(announcement, pages)
    return announcement


def shown_somewhere(*, now: datetime) -> set[int]:
    """The ids of those that at least one page has room for (the two newest of each page)."""
    current = list(Announcement.objects.current(now=now).prefetch_related("pages"))
    chosen = {row.pk: {page.pk for page in row.pages.all()} for row in current}
    # A page that nobody chose shows the ones for every page; 0 stands for all of those.
    kinds = {0, MAIN_ID}.union(*chosen.values())
    found: set[int] = set()
    for page_id in kinds:
        there = [row.pk for row in current if not chosen[row.pk] or page_id in chosen[row.pk]]
        found.update(there[:SHOWN_AT_ONCE])
    return found


def retract(*, announcement: Announcement) -> bool:
    """Take an announcement off the page for good; whether it was still there."""
    with transaction.atomic():
        removed, _rows = Announcement.objects.filter(pk=announcement.pk).delete()
        if removed:
            catalogue.mark_dirty()
    return bool(removed)


def _choose_pages(row: Announcement, pages: Collection[Page]) -> None:
    kept = {page.pk for page in row.pages.all()}
    if any(not page.is_live and page.pk not in kept for page in pages):
        raise ValidationError({"pages": _("One of the pages is gone. Choose again.")})
    if row.is_for_some != bool(pages):
        row.is_for_some = bool(pages)
        row.save(update_fields=["is_for_some"])
    row.pages.set(pages)


def _storable(text: str) -> str:
    """The text, if every database can hold it; JSON can bring halves of characters, and NUL."""
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValidationError(_("The text holds characters that cannot be stored."))
    return text


def _save(
    row: Announcement,
    *,
    title: str,
    text: str,
    starts_at: datetime,
    ends_at: datetime | None,
    now: datetime,
) -> None:
    is_new_end = row.pk is None or ends_at != row.ends_at
    row.title, row.text = " ".join(_storable(title).split()), _storable(text).strip()
    row.starts_at, row.ends_at = starts_at, ends_at
    row.full_clean()
    if len(row.text) > TEXT_LIMIT:  # Django checks the length of a text in forms only
        raise ValidationError({"text": _("Shorten the text to 5000 characters.")})
    if ends_at is not None and ends_at <= starts_at:
        raise ValidationError({"ends_at": _("The end is not after the start.")})
    if ends_at is not None and is_new_end and ends_at <= now:
        raise ValidationError({"ends_at": _("This end has passed: nobody would see it.")})
    with transaction.atomic():
        row.save()
        catalogue.mark_dirty()
