"""Take, verify and give back host names of pages.

Every write is one transaction and says what is wrong by field (ValidationError, nothing saved). A
name is served from the moment its records were found until it is released, or has failed the look
of every week for seven days. What the DNS has is looked up before, outside of any transaction.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _

from components import catalogue
from components.models import Page, PageHost
from components.models.pages import PageHostQuerySet
from custom_domains import names
from custom_domains.names import NotAName
from custom_domains.records import Finding, Found
from subscribers import operators

HELD_FOR = timedelta(days=30)
LOOKED_EVERY = timedelta(days=7)
FAILING_LOOKED_EVERY = timedelta(days=1)
OFF_AFTER = timedelta(days=7)
RENEWED_WITHIN = timedelta(days=35)  # of their end, proxies renew certificates
# Each new name is a new certificate, of which an authority gives so many (reliability A9).
NEW_PER_HOUR = 30
_CHALLENGE_BYTES = 20


def add(*, page: Page, text: str, now: datetime) -> PageHost:
    """Take a name for a page; it is served once its records were found.

    Raises:
        ValidationError: it is no name, it is ours, or another page has or had it.
    """
    name = _parse(text)
    try:
        with transaction.atomic():
            return _take(page=page, name=name, now=now)
    except IntegrityError:  # somebody else took it at this moment
        raise ValidationError({"name": _taken()}) from None


def note_look(*, host: PageHost, findings: Sequence[Finding], now: datetime) -> bool:
    """Keep what a look at the DNS found, and serve the name if all of it is there; whether it is.

    A name that is served already goes on when something is missing; it is switched off after
    `OFF_AFTER`, and owners hear of both.

    Raises:
        ValidationError: everything was found, but too many new names were accepted in this hour.
    """
    is_found = all(finding.state is Found.FOUND for finding in findings)
    changed: dict[str, object] = {
        "findings": [finding.as_json() for finding in findings],
        "checked_at": now,
    }
    with transaction.atomic():
        row = PageHost.objects.select_for_update().get(pk=host.pk)
        if row.released_at is None:
            changed |= _found(row, now) if is_found else _missed(row, now)
        for name, value in changed.items():
            setattr(row, name, value)
        row.save(update_fields=sorted(changed))
        if "is_active" in changed:
            catalogue.mark_dirty()
    host.refresh_from_db()
    return is_found


def note_certificate(*, host: PageHost, until: datetime) -> None:
    """Keep until when the certificate of a name is good; links begin to use it with its first one."""
    is_first = host.certificate_until is None
    with transaction.atomic():
        PageHost.objects.filter(pk=host.pk).update(certificate_until=until)
        if is_first and not _has_primary(host):
            set_primary(host=host, is_primary=True)
    host.refresh_from_db()


def set_primary(*, host: PageHost, is_primary: bool) -> None:
    """Let links to the page use this name, and no other; or its default address again."""
    with transaction.atomic():
        others = PageHost.objects.filter(page=host.page_id, is_primary=True).exclude(pk=host.pk)
        for other in others:
            other.is_primary = False
            other.save(update_fields=["is_primary"])
        host.is_primary = is_primary
        host.save(update_fields=["is_primary"])
        catalogue.mark_dirty()


def release(*, host: PageHost, now: datetime) -> None:
    """Stop serving a name; for 30 days only the same page can have it again (reliability G4)."""
    with transaction.atomic():
        host.is_active, host.is_primary, host.released_at = False, False, now
        host.save(update_fields=["is_active", "is_primary", "released_at"])
        catalogue.mark_dirty()


def due(*, now: datetime) -> list[PageHost]:
    """The names that are served and whose records have to be looked at again."""
    failing = models.Q(failing_since__isnull=False, checked_at__lte=now - FAILING_LOOKED_EVERY)
    late = models.Q(checked_at__isnull=True) | models.Q(checked_at__lte=now - LOOKED_EVERY)
    return list(PageHost.objects.active().filter(failing | late).order_by("checked_at", "id"))


def without_certificate(*, verified_after: datetime) -> PageHostQuerySet:
    """The names that were found since then and have no certificate yet."""
    new = PageHost.objects.active().filter(verified_at__gt=verified_after)
    return new.filter(certificate_until__isnull=True)


def with_old_certificate(*, now: datetime) -> PageHostQuerySet:
    """The names that are served whose certificate is missing, or is being renewed about now."""
    ends = models.Q(certificate_until__lt=now + RENEWED_WITHIN)
    return PageHost.objects.active().filter(ends | models.Q(certificate_until__isnull=True))


def take_turn(hosts: PageHostQuerySet, *, at_most: int, now: datetime) -> list[PageHost]:
    """Those whose certificate was asked for longest ago; noted first, so that none holds up the rest."""
    oldest = models.F("certificate_asked_at").asc(nulls_first=True)
    found = list(hosts.order_by(oldest, "id")[:at_most])
    PageHost.objects.filter(id__in=[host.pk for host in found]).update(certificate_asked_at=now)
    return found


def forget_released(*, now: datetime) -> int:
    """Give names free whose 30 days are over; how many. A removed page's names are released here."""
    orphans = PageHost.objects.filter(page__isnull=True, released_at__isnull=True)
    orphans.update(released_at=now, is_active=False, is_primary=False)
    gone = PageHost.objects.filter(released_at__lte=now - HELD_FOR)
    count = 0
    for row in gone:  # one by one: the audit log hears of each
        row.delete()
        count += 1
    return count


def _parse(text: str) -> str:
    try:
        name = names.parse(text)
        names.check_free(
            name, own=settings.MAIN_HOSTS, service_domain=settings.CANDOR_SERVICE_DOMAIN
        )
    except NotAName as error:
        raise ValidationError({"name": _(str(error))}) from None
    return name


def _take(*, page: Page, name: str, now: datetime) -> PageHost:
    row = PageHost.objects.select_for_update().filter(name=name).first()
    if row is None:
        return PageHost.objects.create(
            page=page, name=name, challenge=_challenge(), is_primary=False, created_at=now
        )
    if row.page_id == page.pk and row.released_at is not None:
        row.challenge, row.released_at, row.created_at = _challenge(), None, now
        row.verified_at = row.checked_at = row.failing_since = row.certificate_until = None
        row.findings = []
        row.save()
        return row
    if row.page_id == page.pk:
        raise ValidationError({"name": _("This page has this name already.")})
    if row.page_id is None or row.released_at is not None:
        since = row.released_at or now
        raise ValidationError(
            {
                "name": _(
                    "Another page had this name. It is kept for that page until %(date)s, so that"
                    " nobody can take its place."
                )
                % {"date": (since + HELD_FOR).date().isoformat()}
            }
        )
    raise ValidationError({"name": _taken()})


def _found(row: PageHost, now: datetime) -> dict[str, object]:
    if row.is_active:
        return {"failing_since": None}
    if PageHost.objects.filter(verified_at__gt=now - timedelta(hours=1)).count() >= NEW_PER_HOUR:
        raise ValidationError(
            _("Everything was found, but many new names were added. Try again in an hour.")
        )
    changed: dict[str, object] = {"is_active": True, "verified_at": now, "failing_since": None}
    if not settings.CANDOR_ORIGIN.startswith("https:") and not _has_primary(row):
        changed["is_primary"] = True  # there is no certificate to wait for
    return changed


def _missed(row: PageHost, now: datetime) -> dict[str, object]:
    if not row.is_active:
        return {}
    since = row.failing_since or now
    if now - since < OFF_AFTER:
        if row.failing_since is None:
            _tell(row, since, is_off=False, now=now)
        return {"failing_since": since}
    _tell(row, since, is_off=True, now=now)
    return {"failing_since": since, "is_active": False, "is_primary": False}


def _tell(row: PageHost, since: datetime, *, is_off: bool, now: datetime) -> None:
    """Owners hear by mail of a name whose records are missing."""
    subject = _("%(name)s is switched off") if is_off else _("%(name)s: DNS records are missing")
    text = (
        _(
            "The DNS records of this custom domain were not found for seven days, so it is not served"
            " any more. The page answers at its default address. Once the records are there, verify"
            " the domain again."
        )
        if is_off
        else _(
            "The DNS records of this custom domain were not found. The page goes on there for seven"
            " days; the domain is looked at every day and switched off if they stay missing."
        )
    )
    operators.tell(
        key=f"domain:{row.pk}:{since:%Y%m%dT%H%M%S}:{'off' if is_off else 'failing'}",
        subject=subject % {"name": names.shown(row.name)},
        text=f"{text}\n",
        path=f"/admin/domains/{row.pk}/",
        now=now,
    )


def _has_primary(host: PageHost) -> bool:
    return PageHost.objects.filter(page=host.page_id, is_primary=True).exists()


def _challenge() -> str:
    return f"candor-{secrets.token_hex(_CHALLENGE_BYTES)}"


def _taken() -> str:
    return _("Another page has this name.")
