"""Samples of what is about to be sent, in each form, for the author of an update.

Made of the same Content by the same code as the messages themselves.
"""

from dataclasses import dataclass

from subscribers import chart, sms_length, told_pages
from subscribers import content as contents
from subscribers.chart import Stage
from subscribers.content import Content


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """One message in the forms it leaves in. `sms` is empty for a step that no text message tells."""

    subject: str
    mail: str
    sms: str
    sms_length: int
    sms_parts: int
    chat_title: str
    chat: str
    link: str


def of(content: Content) -> Samples:
    """The samples of what this content says, as the subscribers of the main page get it."""
    content = content.on(told_pages.main())
    found = contents.samples(content)
    sms = found["sms"].text.strip() if chart.tells(Stage(content.stage), "sms") else ""
    length, parts = sms_length.length(sms)
    return Samples(
        subject=found["mail"].subject,
        mail=found["mail"].text.strip(),
        sms=sms,
        sms_length=length,
        sms_parts=parts,
        chat_title=found["post"].subject,
        chat=found["post"].text.strip(),
        link=content.url,
    )
