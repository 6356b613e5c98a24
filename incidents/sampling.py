"""Samples of what is about to be sent, in each form, for the author of an update.

Made of the same Content by the same code as the messages themselves.
"""

import json
from dataclasses import dataclass

from components import catalogue
from components.models import Page
from notifications.channels import x
from subscribers import chart, sms_length, told_pages
from subscribers import content as contents
from subscribers.chart import Stage
from subscribers.content import Content


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """One message in the forms it leaves in. `sms` is empty for a step that no text message tells.

    `html` is the mail as a document, `post` what X would show, and `webhook` the body of our own hooks.
    """

    subject: str
    mail: str
    html: str
    sms: str
    sms_length: int
    sms_parts: int
    chat_title: str
    chat: str
    post: str
    webhook: str
    link: str


def of(content: Content, *, page: Page | None = None) -> Samples:
    """The samples of what this content says, as the subscribers of a page get it, else of the main one."""
    row = page or catalogue.page()
    told = told_pages.read(page_ids=[row.pk], uuids=[one.id for one in content.touched])
    content = content.on(told[row.pk])
    found = contents.samples(content)
    sms = found["sms"].text.strip() if chart.tells(Stage(content.stage), "sms") else ""
    length, parts = sms_length.length(sms)
    return Samples(
        subject=found["mail"].subject,
        mail=found["mail"].text.strip(),
        html=_html(content),
        sms=sms,
        sms_length=length,
        sms_parts=parts,
        chat_title=found["post"].subject,
        chat=found["post"].text.strip(),
        post=x.post_of(found["post"]),
        webhook=json.dumps(
            contents.rendered(content, form="native").payload, indent=2, ensure_ascii=False
        ),
        link=content.url,
    )


def _html(content: Content) -> str:
    nowhere = {"manage_url": "#", "leave_url": "#"}
    return contents.rendered(content, form="mail").filled(nowhere).html
