"""The mail with the link and the code. Sensitive: blanked once it is sent, shown to no operator."""

from datetime import datetime

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from components import catalogue, page_addresses
from components.models import Page, PageHost
from components.page_addresses import PageAddress
from customer_pages.models import SignIn
from notifications import outbox
from notifications.messages import Message
from notifications.outbox import Letter
from subscribers import letters as subscriber_letters


def put(*, row: SignIn, token: str, code: str, grant: str, now: datetime) -> None:
    """Put the mail of a sign-in. `grant` is asked about again just before it leaves."""
    with translation.override(row.language or settings.LANGUAGE_CODE):
        message = _message(row, token, code)
    letter = Letter(
        channel="email",
        address=row.mailbox,
        message=message,
        dedupe_key=f"sign-in:{row.pk}",
        expires_at=row.expires_at,
        is_sensitive=True,
        grant=grant,
    )
    outbox.put_many(letters=[letter], now=now)


def _message(row: SignIn, token: str, code: str) -> Message:
    context = {
        # The name of who runs the page, never of whom it is for: mail is read by many machines.
        "page_name": subscriber_letters.shown_name(catalogue.page()),
        "address": row.mailbox,
        "code": f"{code[:3]} {code[3:]}",
        "url": _address(row.page, row.host).url(f"/enter/{token}"),
    }
    name = "customer_pages/emails/sign_in"
    return Message(
        subject=render_to_string(f"{name}.subject.txt", context),
        text=render_to_string(f"{name}.txt", context),
        html=render_to_string(f"{name}.html", context),
    )


def _address(page: Page, host: str) -> PageAddress:
    """Where the link leads: to the stored host name of the page that was asked, or to its own path.

    Made from our rows and settings, never from the request itself (A1): a session holds under the
    host name where the link is used, so the link stays on the one that the person looks at.
    """
    own = PageHost.objects.active().filter(page=page, name=host).first()
    if own is not None:
        return PageAddress(page_addresses.with_host(own.name))
    return page_addresses.default(page)
