"""Who may sign in to a customer page: what the entry that it is made from says at this moment.

Nothing here is kept between calls: a domain that was removed lets nobody in with the very next
request, and no further letter out (R8, R9). A page that no entry stands behind lets nobody in.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from catalog import values
from catalog.models import EntryPage
from common import email_domains, mailboxes
from common.mailboxes import NotAMailbox


@dataclass(frozen=True, slots=True)
class Listed:
    """Whom a page lets in: everybody of these `domains` (`*.` for all below one), and `addresses`.

    Domains as `email_domains.allows` takes them; addresses, of any domain, as `str(Mailbox)`.
    """

    domains: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()

    @property
    def is_empty(self) -> bool:
        return not self.domains and not self.addresses


NOBODY = Listed()


def listed(page_id: int) -> Listed:
    """Both lists of one page, in one statement."""
    return _found(page_id=page_id).get(page_id, NOBODY)


def listed_by(page_ids: Collection[int]) -> Mapping[int, Listed]:
    """Both lists of each of some pages, by the page's id, in one statement."""
    # All pages at once: a list of a thousand is longer than SQLite's parameters may be.
    found = _found(page_id=next(iter(page_ids))) if len(page_ids) == 1 else _found()
    return {pk: found.get(pk, NOBODY) for pk in page_ids}


def lets_in(listed: Listed, mailbox: str) -> bool:
    """Whether a page's lists let in the mailbox of this text; the one decision, whoever asks."""
    try:
        found = mailboxes.mailbox(mailbox)
    except NotAMailbox:
        return False
    return str(found) in listed.addresses or email_domains.allows(listed.domains, found.domain)


def _found(**narrowed: int) -> dict[int, Listed]:
    rows = EntryPage.objects.filter(
        entry__removed_at__isnull=True, source__ended_at__isnull=True, **narrowed
    ).values_list("page_id", "entry__values", "source__domains__key")
    return {pk: Listed(*values.domain_words(held.get(key))) for pk, held, key in rows}
