"""A page as those hear of it who subscribed there: its name, its addresses, and what it shows of an event.

Read for the recipients of one batch, with a few statements however many pages they are of.
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from branding import brand_views
from branding import reading as brands
from branding.brand_views import BrandView
from components import page_addresses
from components.models import Component, Page, PageComponent, PageGroup
from components.page_addresses import PageAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldPage:
    """One page. `shown` are the components of the event that it shows, as programs know them.

    A page of every service shows those that are gone by now, too, and none that is `kept_back`.
    `is_whole`: it shows every component of the event that anybody sees.
    `address` is where links to the page lead, `own_links` what the links of a subscription begin with.
    """

    id: int
    name: str
    uuid: str
    voice: str
    language: str
    is_main: bool
    is_customer: bool
    shows_all: bool
    address: PageAddress
    own_links: PageAddress
    shown: frozenset[str] = frozenset()
    kept_back: frozenset[str] = frozenset()
    is_whole: bool = True
    brand: BrandView = field(default=brand_views.DEFAULT, compare=False)

    def shows(self, component: str) -> bool:
        """Whether the page shows a component of the event; history of one that is gone has no id."""
        if self.shows_all:
            return component not in self.kept_back
        return component in self.shown

    @property
    def scope(self) -> str:
        """What tells its deliveries from those of other pages to the same address."""
        return "" if self.is_main else str(self.id)

    @property
    def list_id(self) -> str:
        """A host name that no other page's mails carry."""
        if self.is_main or not self.address.base:
            return self.address.host
        return f"{self.uuid[:8]}.{self.address.host}"

    @property
    def body_key(self) -> str:
        """What of a page a rendered message depends on; empty for the main page."""
        if self.is_main:
            return ""
        shown = hashlib.sha256(" ".join(sorted(self.shown)).encode()).hexdigest()
        return f"/{self.id}/{shown[:12]}"


def voice_of(*, language: str, time_zone: str) -> str:
    """The name under which the words of pages of this language and time zone are kept."""
    return f"{language} {time_zone}"


def own_links(page: Page, address: PageAddress) -> PageAddress:
    """Where the links of a subscription of a page lead.

    Those of a customer page lead to the main host: they name the subscription, and who holds one
    need not sign in to leave.
    """
    return PageAddress(settings.CANDOR_ORIGIN) if page.is_customer else address


def read(
    *, page_ids: Collection[int], component_ids: Collection[int] = (), uuids: Iterable[str] = ()
) -> Mapping[int, ToldPage]:
    """These pages, with what each shows of the components of an event, by id and as programs know them."""
    rows = list(Page.objects.filter(pk__in=set(page_ids)))
    touched = Component.objects.visible().filter(
        Q(pk__in=component_ids) | Q(uuid__in=[one for one in uuids if one])
    )
    found = list(touched.values_list("id", "uuid", "group_id", "only_where_chosen"))
    shown = _shown(rows, [one[:3] for one in found])
    kept_back = frozenset(str(uuid) for _pk, uuid, _group, is_only in found if is_only)
    addresses = page_addresses.canonical_by(rows)
    known = brands.brands()
    return {
        row.pk: ToldPage(
            id=row.pk,
            name=row.name,
            uuid=str(row.uuid),
            voice=voice_of(language=row.language, time_zone=row.time_zone),
            language=row.language,
            is_main=row.is_main,
            is_customer=row.is_customer,
            shows_all=row.shows_all,
            address=addresses[row.pk],
            own_links=own_links(row, addresses[row.pk]),
            shown=frozenset(shown[row.pk]),
            kept_back=kept_back if row.shows_all else frozenset(),
            is_whole=not kept_back if row.shows_all else len(shown[row.pk]) == len(found),
            brand=known[row.pk],
        )
        for row in rows
    }


def _shown(
    rows: Iterable[Page], components: Iterable[tuple[int, UUID, int | None]]
) -> Mapping[int, set[str]]:
    """Of these components (id, as programs know them, group), those that each page of some shows."""
    found: dict[int, set[str]] = defaultdict(set)
    partial = [row.pk for row in rows if not row.shows_all]
    if not partial:
        return found
    by_group: dict[int | None, set[str]] = defaultdict(set)
    names: dict[int, str] = {}
    for pk, uuid, group_id in components:
        names[pk] = str(uuid)
        by_group[group_id].add(str(uuid))
    members = PageComponent.objects.filter(component__in=list(names), page__in=partial)
    for page_id, component_id in members.values_list("page_id", "component_id"):
        found[page_id].add(names[component_id])
    groups = [group for group in by_group if group is not None]
    whole = PageGroup.objects.filter(group__in=groups, page__in=partial)
    for page_id, group_id in whole.values_list("page_id", "group_id"):
        found[page_id] |= by_group[group_id]
    return found
