"""Links and codes that prove who reads what is sent to an address (reliability C1, C4, C5).

Only digests are stored. A link stays good until it is first used by a POST; a code takes five
guesses. Both are used by one conditional update: of two who come at once, one wins.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import F
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from subscribers.models import Proof, Purpose, Subscriber

LINK_LIVES = timedelta(hours=24)
CODE_LIVES = timedelta(minutes=15)
MAX_ATTEMPTS = 5
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_CODE = re.compile(r"[0-9]{6}")


class LinkDead(Exception):
    """The link is of no use: unknown, used, too old, or for something else."""


class CodeRefused(Exception):
    """The code is wrong, too old, used, or was guessed at too often."""


class Occasion(StrEnum):
    """Why somebody is written to about their own subscription."""

    CONFIRM = "confirm"  # asked for it, and has to show that the address is theirs
    AGAIN = "again"  # the same on an operator's word, who is told why nothing is sent
    ELSEWHERE = "elsewhere"  # asked by a program, and is told where a code is typed
    KNOWN = "known"  # asked for it, and has it already
    MANAGE = "manage"  # wants to change it


# Who does not have the page before their eyes.
NOT_ON_THE_PAGE = frozenset({Occasion.AGAIN, Occasion.ELSEWHERE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A proof just made: what is sent, once, and never stored."""

    proof_id: int
    token: str
    code: str
    expires_at: datetime


def issue(
    *,
    subscriber: Subscriber,
    purpose: Purpose | str,
    now: datetime,
    lives: timedelta = LINK_LIVES,
    with_code: bool = False,
) -> Issued:
    """Make a proof: a token of 256 bits, and with `with_code` six digits to type."""
    token = secrets.token_urlsafe(32)
    code = f"{secrets.randbelow(1_000_000):06d}" if with_code else ""
    digest = digest_of(token)
    row = Proof.objects.create(
        subscriber=subscriber,
        purpose=purpose,
        token_digest=digest,
        code_digest=_code_digest(digest, code) if code else "",
        created_at=now,
        expires_at=now + lives,
    )
    return Issued(proof_id=row.id, token=token, code=code, expires_at=row.expires_at)


def look(*, token: str, purpose: Purpose | str, now: datetime) -> Proof:
    """The proof of this token, still unused. Raises LinkDead; what is no token costs no query."""
    row = found(token=token, purpose=purpose)
    if row is None or row.used_at is not None or row.expires_at <= now:
        raise LinkDead(_("This link no longer works. Ask for a new one."))
    return row


def found(*, token: str, purpose: Purpose | str) -> Proof | None:
    """The proof of this token, whether or not it is still good."""
    if not _TOKEN.fullmatch(token):
        return None
    rows = Proof.objects.select_related("subscriber")
    return rows.filter(token_digest=digest_of(token), purpose=purpose).first()


def use(*, proof: Proof, now: datetime) -> None:
    """Use the proof up. Raises LinkDead when another has, or when it is too old."""
    if not Proof.objects.usable(now=now).filter(pk=proof.pk).update(used_at=now):
        raise LinkDead(_("This link no longer works. Ask for a new one."))


def guess(*, subscriber: Subscriber, code: str, now: datetime) -> Proof:
    """The newest proof of this subscriber, if this is its code; every call counts as a guess.

    Call outside a transaction that may be rolled back: the count must stay.

    Raises:
        CodeRefused: wrong, or the fifth guess was made.
    """
    rows = Proof.objects.filter(subscriber=subscriber, purpose=Purpose.CONFIRM)
    newest = rows.exclude(code_digest="").order_by("-id").first()
    usable = Proof.objects.usable(now=now).filter(attempts__lt=MAX_ATTEMPTS)
    counted = newest is not None and usable.filter(pk=newest.pk).update(attempts=F("attempts") + 1)
    if newest is None or not counted or not _fits(newest, code):
        raise CodeRefused(_("This code is wrong or no longer works."))
    return newest


def is_open(*, subscriber: Subscriber, now: datetime) -> bool:
    """Whether a link or code to confirm with is under way to this subscriber."""
    rows = Proof.objects.usable(now=now).filter(subscriber=subscriber)
    return rows.filter(purpose=Purpose.CONFIRM).exists()


def void(*, subscriber: Subscriber) -> None:
    """Make every link and code of this subscriber useless."""
    Proof.objects.filter(subscriber=subscriber, used_at__isnull=True).delete()


def prune(*, now: datetime) -> int:
    """Delete proofs that ended more than 30 days ago; until then their page can offer a new one."""
    return Proof.objects.filter(expires_at__lte=now - timedelta(days=30)).delete()[0]


def digest_of(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _fits(proof: Proof, code: str) -> bool:
    code = re.sub(r"[\s-]", "", code)
    if not _CODE.fullmatch(code):
        return False
    return constant_time_compare(proof.code_digest, _code_digest(proof.token_digest, code))


def _code_digest(token_digest: str, code: str) -> str:
    made = salted_hmac("subscribers.code", f"{token_digest}:{code}", algorithm="sha256")
    return made.hexdigest()
