"""Secrets of programs that report to us: make, find and revoke them.

Only digests are stored. A token is 256 random bits, so SHA-256 without salt is enough (E1).
"""

import hashlib
import secrets
import uuid
from collections.abc import Collection
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _

from common import auditing
from monitoring import heard
from monitoring.models import Location, Mode, Node, Token, TokenKind

PREFIXES = {
    TokenKind.REPORTER: "rpt_",
    TokenKind.LOCAL: "loc_",
    TokenKind.MANAGER: "mgr_",
    TokenKind.API: "api_",
    TokenKind.PUSH_URL: "psh_",
    TokenKind.PING: "",  # a UUID, as the clients of such services expect
    TokenKind.EXTERNAL_ENDPOINT: "ext_",
    TokenKind.ALERTS: "alr_",
}
# Uptime Kuma's have 32 characters, and a UUID 36; what is shorter could be guessed.
SHORTEST_ADOPTED = 16
LONGEST_ADOPTED = 200
PING_EVERY_S = 86_400  # until somebody says how often the job runs
LIVE_AT_ONCE = 2
# Often enough to see that a token is in use, and no write with every report.
USE_NOTED_EVERY = timedelta(minutes=1)


def create(
    *,
    kind: TokenKind,
    now: datetime,
    node: Node | None = None,
    location: Location | None = None,
    label: str = "",
    key: str = "",
) -> tuple[Token, str]:
    """Make a token; the second value is its text, which cannot be had again.

    `key` is the name of an external endpoint, for that kind alone.

    Raises ValidationError when two of the same scope are live: one to replace, one to replace it.
    """
    secret = str(uuid.uuid4()) if kind is TokenKind.PING else _new(kind)
    token = Token(kind=kind, node=node, location=location, label=label, key=endpoint_key(key))
    _save(token, secret=secret, now=now)
    return token, secret


def adopt(
    *,
    kind: TokenKind,
    secret: str,
    node: Node,
    now: datetime,
    key: str = "",
    label: str = "",
) -> Token:
    """Take over a secret that another product gave out, so that whoever shows it goes on as before.

    For kinds of one node: the token of a push URL, the UUID of a ping URL, or the token of an
    external endpoint with its `key` (`endpoint_key_of`). Adopting what was adopted for this node
    already changes nothing and returns the token.

    Raises:
        ValidationError: the secret is too short or too long, is no UUID where one is wanted, is in
            use elsewhere or was revoked, or the node cannot have such a token.
    """
    if not kind.is_of_one_node:
        raise ValidationError(_("Only addresses of one node can be taken over."))
    _check_length(secret)
    token = Token(kind=kind, node=node, label=label, key=endpoint_key(key))
    return _adopted(token, secret=secret, now=now)


def adopt_reporter(*, secret: str, now: datetime, label: str = "") -> Token:
    """Take over the password that reporters of another product show, for every push node.

    Raises:
        ValidationError: as of `adopt`.
    """
    _check_length(secret)
    return _adopted(Token(kind=TokenKind.REPORTER, label=label), secret=secret, now=now)


def endpoint_key_of(*, group: str, name: str) -> str:
    """What Gatus calls an endpoint in its addresses: group and name, made plain and joined."""
    return f"{_plain(group)}_{_plain(name)}"


def endpoint_key(key: str) -> str:
    """A key as it is compared: case and surrounding spaces do not matter."""
    return key.strip().lower()


def digest_of(*, kind: TokenKind, secret: str, key: str = "") -> str:
    """What is stored of a secret of this kind.

    Several external endpoints may share one token, so theirs is digested together with the key. A
    UUID has one digest in all its spellings. Raises ValidationError for a ping that is no UUID.
    """
    if kind is TokenKind.EXTERNAL_ENDPOINT:
        return digest(f"{endpoint_key(key)}\n{secret}")
    if kind is TokenKind.PING:
        try:
            return digest(str(uuid.UUID(secret)))
        except ValueError:
            raise ValidationError(_("The address of a ping ends in a UUID.")) from None
    return digest(secret)


def revoke(*, token: Token, now: datetime) -> None:
    """Refuse the token from now on."""
    if Token.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=now):
        auditing.record(subject=token, before={}, after={"revoked_at": now}, now=now)


def live() -> models.QuerySet[Token]:
    """Tokens that are not revoked."""
    return Token.objects.filter(revoked_at__isnull=True)


def digest(secret: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def find(*, digests: Collection[str], kinds: Collection[TokenKind]) -> dict[str, Token]:
    """The live tokens of these kinds by digest."""
    rows = live().filter(digest__in=digests, kind__in=kinds).select_related("location")
    return {token.digest: token for token in rows}


def verify(*, secret: str, kinds: Collection[TokenKind]) -> Token | None:
    """The live token with this text, if it is of one of these kinds."""
    wanted = digest(secret)
    return find(digests=[wanted], kinds=kinds).get(wanted)


def note_use(*, token: Token, address: str | None, now: datetime) -> None:
    """Remember that a token was used and from where, at most once a minute."""
    if token.last_used_at is not None and now - token.last_used_at < USE_NOTED_EVERY:
        return
    unnoted = models.Q(last_used_at__isnull=True) | models.Q(
        last_used_at__lte=now - USE_NOTED_EVERY
    )
    Token.objects.filter(unnoted, pk=token.pk).update(last_used_at=now, last_used_from=address)
    if token.location is not None:
        heard.note(location=token.location.slug, now=now)


def _check_length(secret: str) -> None:
    if len(secret) < SHORTEST_ADOPTED:
        raise ValidationError(
            _("The secret is too short to be safe: it needs %(count)d characters or more.")
            % {"count": SHORTEST_ADOPTED}
        )
    if len(secret) > LONGEST_ADOPTED:
        raise ValidationError(_("The secret is too long."))


def _adopted(token: Token, *, secret: str, now: datetime) -> Token:
    """Store a token with this secret, or return the one that is the same already."""
    wanted = digest_of(kind=TokenKind(token.kind), secret=secret, key=token.key)
    known = Token.objects.filter(digest=wanted).first()
    if known is None:
        _save(token, secret=secret, now=now)
        return token
    if known.revoked_at is not None:
        raise ValidationError(_("This secret was revoked here. Use another one."))
    if (known.kind, known.node_id) != (token.kind, token.node_id):
        raise ValidationError(_("This secret is in use for something else."))
    return known


def _new(kind: TokenKind) -> str:
    return PREFIXES[kind] + secrets.token_urlsafe(32)


def _save(token: Token, *, secret: str, now: datetime) -> None:
    """Store a new token, if its node may have one more of its kind."""
    kind = TokenKind(token.kind)
    _check(token)
    token.digest = digest_of(kind=kind, secret=secret, key=token.key)
    token.created_at = now
    token.full_clean()
    node = token.node
    with transaction.atomic():
        if node is not None:  # of two people at once the second sees what the first one made
            Node.objects.select_for_update().get(pk=node.pk)
        same = live().filter(kind=kind, node=node, location=token.location, key=token.key)
        if same.count() >= LIVE_AT_ONCE:
            raise ValidationError(
                "Two tokens of this kind are in use already. Revoke the one you are replacing."
            )
        token.save()
        if node is not None and kind is TokenKind.PING and node.ping_every_s is None:
            Node.objects.filter(pk=node.pk).update(ping_every_s=PING_EVERY_S)
            node.ping_every_s = PING_EVERY_S


def _check(token: Token) -> None:
    """What a token of its kind must be for. Raises ValidationError by field."""
    kind = TokenKind(token.kind)
    if kind.is_of_one_node and (token.node is None or token.node.mode != Mode.PUSH):
        raise ValidationError({"node": _("Choose the push node that this is for.")})
    if kind is TokenKind.ALERTS and (token.node is not None or token.location is not None):
        raise ValidationError({"node": _("Alerts are for the whole page. Choose no node.")})
    if kind is TokenKind.EXTERNAL_ENDPOINT and not token.key:
        raise ValidationError({"key": _("Write the key of the endpoint, as group_name.")})
    if kind is not TokenKind.EXTERNAL_ENDPOINT and token.key:
        raise ValidationError({"key": _("Only an external endpoint has a key.")})


def _plain(text: str) -> str:
    text = text.lower().strip()
    return text.translate(_PLAIN)


_PLAIN = str.maketrans(dict.fromkeys("/_., #+&", "-"))
