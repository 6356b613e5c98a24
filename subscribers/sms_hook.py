"""Answers to our text messages: STOP ends them, START brings them back, HELP says who we are.

Whoever holds the phone decides (AMB-14): no sign-up on the page overrides a STOP. What is chosen and
confirmed stays, so that START resumes it. A message counts once, however often it is handed over.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from components import catalogue
from subscribers import phones, suppressing
from subscribers.keywords import Keyword, is_standard, keyword
from subscribers.models import InboundMessage, Reason, State, Subscriber, Suppression

_CHANNEL = "sms"
_ID_MAX = 64
KEEP_FOR = timedelta(days=30)


def take(*, params: Mapping[str, Sequence[str]], now: datetime) -> str:
    """Do what a genuine message asks for; the words to answer with, empty for no answer.

    Twilio answers the standard words itself, and refuses ours after a STOP.
    """
    message_id, text = _one(params, "MessageSid"), _one(params, "Body")
    number, told = _one(params, "From"), _one(params, "OptOutType")
    wanted = keyword(text, told=told, more=_more_words())
    # Other senders ("whatsapp:+44…", "Acme") never get a text message of ours.
    if not wanted or not phones.E164.fullmatch(number) or not 0 < len(message_id) <= _ID_MAX:
        return ""
    with transaction.atomic():
        _row, is_new = InboundMessage.objects.get_or_create(
            provider_id=message_id,
            defaults={"canonical": number, "keyword": str(wanted), "received_at": now},
        )
        if is_new and wanted is Keyword.STOP:
            stop(number=number, now=now)
        elif is_new and wanted is Keyword.START:
            start(number=number, now=now)
    return "" if told or is_standard(text) else _answer(wanted)


def stop(*, number: str, now: datetime) -> bool:
    """Write to this phone no more, also when we never did; whether that is new.

    What waits for it is cancelled.
    """
    same = Suppression.objects.filter(channel=_CHANNEL, canonical=number, reason=Reason.STOP)
    if same.exists():
        return False
    suppressing.suppress(
        channel=_CHANNEL,
        canonical=number,
        reason=Reason.STOP,
        note=_("From the phone itself."),
        now=now,
    )
    return True


def start(*, number: str, now: datetime) -> None:
    """Take a STOP back: what was confirmed and chosen before counts again, from now on (N9)."""
    with transaction.atomic():
        gone, _by_model = Suppression.objects.filter(
            channel=_CHANNEL, canonical=number, reason=Reason.STOP
        ).delete()
        if gone:
            # Failures of before say nothing any more, and what was announced meanwhile is over.
            same = Subscriber.objects.filter(channel=_CHANNEL, canonical=number)
            same.filter(state=State.ACTIVE).update(confirmed_at=now)


def prune(*, now: datetime) -> int:
    """Forget messages that nobody hands over a second time any more; how many."""
    return InboundMessage.objects.filter(received_at__lte=now - KEEP_FOR).delete()[0]


def _more_words() -> Mapping[Keyword, Sequence[str]]:
    return {
        Keyword.STOP: settings.SMS_STOP_WORDS,
        Keyword.START: settings.SMS_START_WORDS,
        Keyword.HELP: settings.SMS_HELP_WORDS,
    }


def _answer(wanted: Keyword) -> str:
    page = catalogue.page().name[:60]
    if wanted is Keyword.STOP:
        words = _("%(page)s: you get no more text messages. Reply START to get them again.")
    elif wanted is Keyword.START:
        words = _("%(page)s: you get text messages again. Reply STOP to end them.")
    else:
        words = _("%(page)s: status messages. Reply STOP to end them. More at %(url)s")
    return words % {"page": page, "url": settings.CANDOR_ORIGIN}


def _one(params: Mapping[str, Sequence[str]], name: str) -> str:
    values = params.get(name) or [""]
    return values[0].replace("\x00", "")
