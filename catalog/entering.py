"""Entries: add, change, remove, bring back, and let single addresses in. One transaction each.

Pages follow in the same transaction (`generating`). Values come in words, as forms and files say
them; errors are ValidationError by the attribute's key, with nothing saved.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from catalog import defining, generating, lookup, values
from catalog.models import Attribute, CatalogType, DomainException, Entry
from catalog.values import Kind, Known, NotAValue
from common import email_domains, mailboxes
from common.email_domains import NotADomain
from common.mailboxes import NotAMailbox
from components import page_batches

GRACE = timedelta(days=30)

Said = Mapping[str, Iterable[str]]


def add(
    *,
    type: CatalogType,  # noqa: A002 - a catalog's type
    name: str,
    said: Said,
    now: datetime,
    key: str = "",
) -> Entry:
    """Add an entry, and a page of each kind that the type has; without a key it gets one."""
    with transaction.atomic():
        row = defining.locked(type)
        taken = row.entries.present().values_list("key", flat=True)
        key = key or defining.free_key(name, taken, "entry")
        entry = Entry(type=row, name=name, key=key, created_at=now)
        _fill(entry, said)
        entry.save(force_insert=True)
        generating.follow(type=row, entries=[entry], now=now)
    return entry


def change(*, entry: Entry, now: datetime, said: Said, name: str | None = None) -> Entry:
    """Change an entry; its pages change with it. `said` has every attribute: what is left out goes."""
    with transaction.atomic():
        row = defining.locked(entry.type)
        entry.name = entry.name if name is None else name
        _fill(entry, said)
        entry.save(update_fields=["name", "values"])
        generating.follow(type=row, entries=[entry], now=now)
    return entry


def remove(*, entry: Entry, now: datetime) -> None:
    """Remove an entry and retire its pages; both can be brought back for 30 days.

    Raises ValidationError while other entries refer to it.
    """
    with transaction.atomic():
        defining.locked(entry.type)
        if others := referring(entry):
            said = _("%(others)s refers to it. Change that first.")
            raise ValidationError(said % {"others": ", ".join(one.name for one in others[:5])})
        generating.retire(entries=[entry], now=now)
        entry.removed_at = now
        entry.save(update_fields=["removed_at"])


def restore(*, entry: Entry, now: datetime) -> None:
    """Bring back a removed entry with its pages, their addresses and their subscribers."""
    with transaction.atomic():
        row = defining.locked(entry.type)
        if row.removed_at is not None:
            raise ValidationError(_("Its type was removed. Bring back the type first."))
        entry.removed_at = None
        entry.full_clean()
        entry.save(update_fields=["removed_at"])
        generating.bring_back(type=row, entries=[entry], now=now)


def forget(*, now: datetime) -> int:
    """Remove for good what was removed 30 days ago, with its pages; how many entries."""
    with transaction.atomic():
        rows = list(Entry.objects.filter(removed_at__lte=now - GRACE))
        pages = generating.pages_of(rows)
        page_batches.remove(page_ids=[page.pk for page in pages if not page.is_live])
        for entry in rows:
            entry.delete()
        for type_ in CatalogType.objects.filter(removed_at__lte=now - GRACE):
            type_.delete()
    return len(rows)


def referring(entry: Entry) -> list[Entry]:
    """The present entries that refer to one."""
    attributes = entry.type.referring.filter(type__removed_at__isnull=True)
    keys = {(one.type_id, one.key) for one in attributes}
    types = {type_id for type_id, _key in keys}
    others = Entry.objects.present().filter(type__in=types).exclude(pk=entry.pk).order_by("name")
    return [
        other
        for other in others
        if any(
            type_id == other.type_id and entry.pk in _ids(other.values.get(key))
            for type_id, key in keys
        )
    ]


def allow_addresses(
    *,
    entry: Entry,
    attribute: Attribute,
    domain: str,
    typed: str,
    addresses: Iterable[str],
    by: str,
    now: datetime,
) -> None:
    """Let single mailboxes in at a domain that no list may hold, such as a public provider (B7).

    An Owner's decision: `typed` is the domain once more, by hand. The domain as a whole stays refused;
    exception and entry are both kept by the audit log.

    Raises ValidationError for `domain`, `typed` or `addresses`.
    """
    try:
        name = email_domains.entry(domain).removeprefix("*.")
    except NotADomain as error:
        raise ValidationError({"domain": _(str(error))}) from None
    if not email_domains.refusal(name):
        said = _(
            "%(domain)s needs no exception: write it, or single addresses there, into the entry."
        )
        raise ValidationError({"domain": said % {"domain": name}})
    if typed.strip().lower() != name:
        said = _("Type %(domain)s to confirm.")
        raise ValidationError({"typed": said % {"domain": name}})
    boxes = _mailboxes_at(name, addresses)
    with transaction.atomic():
        defining.locked(entry.type)
        row = Entry.objects.get(pk=entry.pk)
        DomainException.objects.get_or_create(
            entry=row, domain=name, defaults={"allowed_by": by, "allowed_at": now}
        )
        held = list(row.values.get(attribute.key) or [])
        row.values = {**row.values, attribute.key: list(dict.fromkeys([*held, *boxes]))}
        row.save(update_fields=["values"])


def read(
    attributes: Collection[Attribute],
    said: Said,
    *,
    known: Known,
    excepted: Collection[str] = (),
) -> tuple[dict[str, Any], dict[str, str]]:
    """Values by attribute as the words say them, and what is wrong, in a sentence, by attribute."""
    found: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for attribute in attributes:
        try:
            value = values.read(
                attribute.rule, said.get(attribute.key, ()), known=known, excepted=excepted
            )
        except NotAValue as error:
            faults[attribute.key] = sentence(error)
            continue
        if value is not None:
            found[attribute.key] = value
    return found, faults


def sentence(error: NotAValue) -> str:
    """What is wrong with words, in the reader's language."""
    said = _(str(error)) % error.values
    return f"{error.about}: {said}" if error.about else said


def _fill(entry: Entry, said: Said) -> None:
    """Give the entry the values that the words say. Raises ValidationError, by field."""
    entry.name = " ".join(entry.name.split())
    attributes = list(entry.type.attributes.select_related("target"))
    found, faults = read(
        attributes, said, known=lookup.known(attributes), excepted=_excepted(entry)
    )
    if faults:
        raise ValidationError(faults)
    entry.values = found
    entry.full_clean()
    generating.checks(entry.type)(entry)


def _excepted(entry: Entry) -> frozenset[str]:
    if entry.pk is None:
        return frozenset()
    return frozenset(entry.exceptions.values_list("domain", flat=True))


def _mailboxes_at(domain: str, addresses: Iterable[str]) -> list[str]:
    found = []
    for text in filter(None, (one.strip() for one in addresses)):
        try:
            box = mailboxes.mailbox(text)
        except NotAMailbox as error:
            raise ValidationError({"addresses": f"{text}: {_(str(error))}"}) from None
        if box.domain != domain:
            said = _("%(address)s is not at %(domain)s.")
            raise ValidationError({"addresses": said % {"address": text, "domain": domain}})
        found.append(str(box))
    if not found:
        raise ValidationError(
            {
                "addresses": _("Write at least one address, such as ann@%(domain)s.")
                % {"domain": domain}
            }
        )
    return found


def _ids(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def domain_attributes(type: CatalogType) -> list[Attribute]:  # noqa: A002
    """The attributes of a type that hold lists of domains."""
    return list(type.attributes.filter(kind=Kind.DOMAINS))
